"""The page for whoever runs it: what waits, what was parked and why, and which replicas there are.

It is not read again by itself: to look at dead letters is to take them out for a moment.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from messaging.replies.letter_choice import Group, read_time
from services.edge.desk.page import Page, Shown
from services.edge.desk.sections.tasks import DEAD_LETTERS
from services.edge.desk.visit import Visit
from services.edge.watching import MOST_LETTERS_LOOKED_AT, Figures, Replica, together

_QUEUE: Final = "handoff_queue_messages"
_QUEUE_AGE: Final = "handoff_queue_age_seconds"
_LETTERS: Final = "handoff_dead_letters"
_OUTBOX_AGE: Final = "handoff_outbox_age_seconds"
_HELD: Final = "handoff_lanes_held"
_DUE: Final = "handoff_attempts_due"
_DUE_AGE: Final = "handoff_attempts_due_age_seconds"
_OLD_AFTER_SECONDS: Final = 60.0
"""What has waited for longer is pointed out."""


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue: how many wait, since when at most, and how many were parked."""

    name: str
    waiting: int
    seconds: float
    dead_letters: int

    @property
    def is_late(self) -> bool:
        """Whether somebody has to look."""
        return self.waiting > 0 and self.seconds > _OLD_AFTER_SECONDS


@dataclass(frozen=True, slots=True)
class Lane:
    """A channel: how many partners' are held, how many attempts are due, and since when."""

    name: str
    held: int
    due: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Parked:
    """The dead letters of a queue; `groups` is None where they were not looked at."""

    queue: str
    count: int
    groups: Sequence[Group] | None


async def show(visit: Visit) -> Shown:
    """All of it, as it is now."""
    replicas = await visit.watching.replicas()
    figures = together(replicas)
    queues = _queues(figures)
    parked = await asyncio.gather(*(_parked(visit, one) for one in queues if one.dead_letters))
    return {
        "knows_any": visit.watching.knows_any,
        "reads_letters": visit.watching.reads_letters,
        "replicas": replicas,
        "queues": queues,
        "outboxes": _outboxes(replicas),
        "lanes": _lanes(figures),
        "parked": parked,
        "late_after": _OLD_AFTER_SECONDS,
        "time_of": _time_of,
    }


def _queues(figures: Figures) -> list[Queue]:
    return [
        Queue(
            label,
            int(value),
            figures.get((_QUEUE_AGE, label), 0.0),
            int(figures.get((_LETTERS, label), 0)),
        )
        for (name, label), value in sorted(figures.items())
        if name == _QUEUE
    ]


def _lanes(figures: Figures) -> list[Lane]:
    channels = sorted({label for name, label in figures if name in (_HELD, _DUE)})
    return [
        Lane(
            one,
            int(figures.get((_HELD, one), 0)),
            int(figures.get((_DUE, one), 0)),
            figures.get((_DUE_AGE, one), 0.0),
        )
        for one in channels
    ]


def _outboxes(replicas: Sequence[Replica]) -> list[tuple[str, float]]:
    """For how long the oldest message of each service has waited to be published."""
    ages: dict[str, float] = {}
    for one in replicas:
        age = one.figures.get((_OUTBOX_AGE, ""))
        if age is not None:
            ages[one.service] = max(age, ages.get(one.service, 0.0))
    return sorted(ages.items())


def _time_of(written: str | None) -> str | None:
    """A letter's own time, where it is one."""
    at = read_time(written)
    return None if at is None else at.isoformat()


async def _parked(visit: Visit, queue: Queue) -> Parked:
    looked_at = queue.dead_letters <= MOST_LETTERS_LOOKED_AT
    groups = await visit.watching.causes(queue.name) if looked_at else None
    return Parked(queue.name, queue.dead_letters, groups)


PAGE = Page(
    "activity", "/activity", "activity.html", show, asks=(DEAD_LETTERS,), in_navigation=True
)
PAGES = (PAGE,)
