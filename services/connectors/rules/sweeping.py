"""Complete lists: rows that they no longer have, and rows that have become others."""

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
class Compared:
    """A complete list beside the rows that are known: how many these are, how many of them the list
    lacked, and how many it has as something else."""

    total: int
    missing: int
    others: int


def identity_changed(rows: Compared) -> bool:
    """Whether a complete list is that of another database than the one that is known.

    Nothing of such a list may be applied.
    """
    missing, others = rows.missing, rows.others
    return (missing > MANY_MISSING and missing * MISSING_SHARE >= rows.total) or (
        others >= FEW_OTHERS and others * OTHER_SHARE >= rows.total
    )


def is_gone(times_missed: int) -> bool:
    """Whether a row that lacked in so many complete sweeps may be taken for deleted."""
    return times_missed >= CONFIRMED_AFTER
