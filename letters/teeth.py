"""Teeth by number and by name, so that no reader takes one numbering for another.

Tooth 14 is an upper left molar in the ADA's universal numbering and an upper right premolar in
ISO 3950 (FDI), which most of the world uses.
"""

_PERMANENT = (
    "third molar",
    "second molar",
    "first molar",
    "second premolar",
    "first premolar",
    "canine",
    "lateral incisor",
    "central incisor",
)
_PRIMARY = (
    "primary second molar",
    "primary first molar",
    "primary canine",
    "primary lateral incisor",
    "primary central incisor",
)
_QUADRANTS = ("upper right", "upper left", "lower left", "lower right")


def _chart(numbers: list[str], kinds: tuple[str, ...], first_quadrant: int) -> dict[str, str]:
    """Universal numbers run clockwise from the upper right's end, FDI counts from the midline."""
    chart = {}
    for index, number in enumerate(numbers):
        quadrant, place = divmod(index, len(kinds))
        from_back = place if quadrant % 2 == 0 else len(kinds) - 1 - place
        fdi = f"{first_quadrant + quadrant}{len(kinds) - from_back}"
        chart[number] = f"{_QUADRANTS[quadrant]} {kinds[from_back]} (FDI {fdi})"
    return chart


_NAMES = _chart([str(n) for n in range(1, 33)], _PERMANENT, 1) | _chart(
    [chr(c) for c in range(ord("A"), ord("T") + 1)], _PRIMARY, 5
)


def tooth_name(number: str) -> str:
    """What the ADA's universal number stands for: `30` is `lower right first molar (FDI 46)`.

    Empty for what is no such number: the letter then shows what it was given.
    """
    return _NAMES.get(number, "")


def in_charting_order(numbers: list[str]) -> list[str]:
    """Teeth as a chart has them, permanent before primary, each once; unknown ones at the end."""
    wanted = dict.fromkeys(numbers)
    return [n for n in _NAMES if n in wanted] + [n for n in wanted if n not in _NAMES]
