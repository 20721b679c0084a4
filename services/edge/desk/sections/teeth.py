"""The teeth as a chart shows them, seen from the front: the patient's right is at the left."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_KINDS: Final = (
    *("central_incisor", "lateral_incisor", "canine", "first_premolar", "second_premolar"),
    *("first_molar", "second_molar", "third_molar"),
)
_PRIMARY_KINDS: Final = (
    *("central_incisor", "lateral_incisor", "canine", "first_molar", "second_molar"),
)
_SHAPES: Final = {"incisor": "incisor", "canine": "canine", "premolar": "premolar"}


@dataclass(frozen=True, slots=True)
class Tooth:
    """One tooth by ADA's universal numbering, and which of its mouth's it is."""

    number: str
    kind: str
    primary: bool

    @property
    def shape(self) -> str:
        """How it is drawn."""
        return _SHAPES.get(self.kind.rpartition("_")[2], "molar")


@dataclass(frozen=True, slots=True)
class Quadrant:
    """A quarter of the mouth, its teeth from left to right."""

    name: str
    teeth: Sequence[Tooth]

    @property
    def upper(self) -> bool:
        """Whether it is above."""
        return self.name.startswith("upper")


def _quadrants(numbers: str, kinds: Sequence[str], *, primary: bool) -> tuple[Quadrant, ...]:
    """The four quarters. `numbers`: all of them from the upper right clockwise to the lower."""
    count = len(kinds)
    listed = numbers.split()
    quarters = [listed[start : start + count] for start in range(0, 4 * count, count)]
    outwards, inwards = tuple(kinds), tuple(reversed(kinds))

    def quarter(name: str, given: Sequence[str], named: Sequence[str]) -> Quadrant:
        pairs = zip(given, named, strict=True)
        return Quadrant(name, [Tooth(number, kind, primary) for number, kind in pairs])

    return (
        quarter("upper_right", quarters[0], inwards),
        quarter("upper_left", quarters[1], outwards),
        quarter("lower_right", quarters[3][::-1], inwards),
        quarter("lower_left", quarters[2][::-1], outwards),
    )


PERMANENT: Final = _quadrants(" ".join(map(str, range(1, 33))), _KINDS, primary=False)
"""1 to 32."""
PRIMARY: Final = _quadrants(" ".join("ABCDEFGHIJKLMNOPQRST"), _PRIMARY_KINDS, primary=True)
"""A to T."""
