"""Reading a list page by page while others write to it.

Each page but the first asks one row back. That row must be the last one seen: else rows moved
between the pages, something may have been missed, and the phase begins anew.
"""

from dataclasses import dataclass

PAGE_SIZE = 100
RESTARTS = 3
"""A phase that drifts more often than this goes on, and is not complete."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far a phase is. `offset` counts rows; `last_id` is the last one seen, None at its start.

    `complete` turns False once the phase went on though rows had moved.
    """

    offset: int = 0
    last_id: str | None = None
    restarts: int = 0
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """What to ask for."""

    offset: int
    limit: int = PAGE_SIZE


@dataclass(frozen=True, slots=True)
class Took:
    """What a page gave: `new` is where its unseen rows begin, `position` where the next one does.

    `position` is None where this page was the last.
    """

    new: int
    position: Position | None
    complete: bool


@dataclass(frozen=True, slots=True)
class Drifted:
    """Rows moved between pages: the phase begins anew at `position`."""

    position: Position


def ask(position: Position) -> Asked:
    """The page to ask for: one row back, but for the first."""
    return Asked(offset=max(0, position.offset - 1))


def take(position: Position, ids: list[str]) -> Took | Drifted:
    """Judge a page by the ids of its rows, in their order."""
    new, complete = 0, position.complete
    if position.last_id is not None:
        if not ids or ids[0] != position.last_id:
            if position.restarts < RESTARTS:
                return Drifted(Position(restarts=position.restarts + 1))
            complete = False
            # Whatever stands there now was perhaps not seen yet: seeing a row twice is harmless.
        else:
            new = 1
    if len(ids) < PAGE_SIZE:
        return Took(new, None, complete)
    asked = ask(position).offset
    following = Position(asked + len(ids), ids[-1], position.restarts, complete)
    return Took(new, following, complete)
