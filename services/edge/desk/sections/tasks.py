"""The tasks of a front desk: each is a list of what needs a person, of one kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any

from services.edge.desk.visit import Visit
from services.edge.desk.wording import read_time

DEAD_LETTERS = "dead_letters"
"""No operation: who may do everything runs it all, and is told of messages that were parked."""
DRAFT_IS_OLD_AFTER = timedelta(days=1)
_PAGE = 200


class Kind(Enum):
    """What the rows of a task are, and so what opens."""

    REFERRAL = "referral"
    DRAFT = "draft"
    EREFERRAL = "ereferral"
    LINK = "link"
    INTAKE = "intake"


@dataclass(frozen=True)
class Task:
    """One kind of what needs a person. `tone`: how pressing it is, `due` or `bad`.

    `operation` lists it by `filters`, its oldest first where `oldest_first`. `since`: the field
    that says from when on a row has waited. `counts`: where the list's total does not say how many
    there are.
    """

    name: str
    tone: str
    kind: Kind
    operation: str
    since: str
    filters: Mapping[str, Any] = field(default_factory=dict)
    oldest_first: bool = False

    @property
    def asks(self) -> tuple[str, ...]:
        """What the person has to be allowed."""
        return (self.operation,)


async def count_old_drafts(visit: Visit) -> int:
    """All drafts but those of the last day: a list has the newest first."""
    newest_old = visit.now - DRAFT_IS_OLD_AFTER
    page, young = 1, 0
    while True:
        found = await visit.read("referral.list", status="draft", page=page, page_size=_PAGE)
        recent = [one for one in found["items"] if read_time(one["created_at"]) > newest_old]
        young += len(recent)
        if len(recent) < _PAGE:
            return int(found["total"]) - young
        page += 1


def _called(name: str, tone: str, status: str, since: str = "updated_at") -> Task:
    """E-referrals that need a person."""
    filters = {"status": status, "needs_person": True}
    return Task(name, tone, Kind.EREFERRAL, "ereferral.list", since, filters, oldest_first=True)


def _active(name: str, tone: str, since: str = "updated_at", **filters: Any) -> Task:
    """Referrals that were sent and are not at their end."""
    chosen = {"status": "active", **filters}
    return Task(name, tone, Kind.REFERRAL, "referral.list", since, chosen)


TASKS = (
    _called("calls", "due", "awaiting_call", "next_attempt_at"),
    _called("unknown", "bad", "outcome_unknown"),
    _called("held", "due", "held"),
    _active("failed", "bad", dispatch_status="failed", sent_on=False),
    _active("declined", "bad", fulfilment_status="rejected", sent_on=False),
    _active("ended", "bad", fulfilment_status="failed", sent_on=False),
    _active("overdue", "due", "respond_by", overdue=True, sent_on=False),
    _active("questions", "due", information_requested=True),
    Task(
        *("drafts", "due", Kind.DRAFT, "referral.list", "created_at", {"status": "draft"}),
    ),
    Task(
        *("intake", "due", Kind.INTAKE, "intake.list", "created_at", {"status": "received"}),
        oldest_first=True,
    ),
    Task("locked", "due", Kind.LINK, "answer_link.list", "locked_at", {"locked": True}),
)
