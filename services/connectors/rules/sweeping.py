"""Complete lists: rows that they no longer have, and rows that have become others."""

from collections.abc import Mapping
from dataclasses import dataclass

CONFIRMED_AFTER = 2
"""A row is gone once this many complete sweeps in a row lacked it."""
MANY_MISSING = 20
MISSING_SHARE = 5
"""More than 20 rows that are a fifth (1/5) of all are no deletions, but another database."""
FEW_OTHERS = 3
OTHER_SHARE = 20
"""So are 3 rows or more that are a twentieth (1/20) of all and have become something else: fewer
are a marriage or a correction."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a row is, however much else of it changes."""

    kind: str
    names: tuple[str, ...]


def identity_changed(known: Mapping[str, Identity], listed: Mapping[str, Identity]) -> bool:
    """Whether a complete list is that of another database than the one that is known.

    Both by external id. Nothing of such a list may be applied.
    """
    total = len(known)
    missing = sum(1 for id_ in known if id_ not in listed)
    others = sum(1 for id_, held in known.items() if listed.get(id_, held) != held)
    return (missing > MANY_MISSING and missing * MISSING_SHARE >= total) or (
        others >= FEW_OTHERS and others * OTHER_SHARE >= total
    )


def missed(times: int, *, seen: bool, complete: bool) -> int:
    """How many complete sweeps in a row lacked a row, after one more sweep.

    One that was not complete proves nothing, unless the row was in it.
    """
    if seen:
        return 0
    return times + 1 if complete else times


def is_gone(times_missed: int) -> bool:
    """Whether a row that lacked in so many complete sweeps may be taken for deleted."""
    return times_missed >= CONFIRMED_AFTER
