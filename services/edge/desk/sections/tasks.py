"""The tasks of a front desk: each is a list of what needs a person, of one kind."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from services.edge.desk.visit import Visit
from services.edge.desk.wording import read_time

DRAFT_IS_OLD_AFTER = timedelta(days=1)
_PAGE = 200


@dataclass(frozen=True)
class Task:
    """One kind of what needs a person. `tone`: how pressing it is, `due` or `bad`.

    `operation` lists it by `filters`; `counts` where that alone does not say how many there are.
    """

    name: str
    tone: str
    operation: str
    filters: Mapping[str, Any] = field(default_factory=dict)
    counts: Callable[[Visit], Awaitable[int]] | None = None

    @property
    def asks(self) -> tuple[str, ...]:
        """What the person has to be allowed."""
        return (self.operation,)

    async def count(self, visit: Visit) -> int:
        """How many there are."""
        if self.counts is not None:
            return await self.counts(visit)
        return await visit.count(self.operation, **self.filters)


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


TASKS = (
    Task("calls", "due", "ereferral.list", {"status": "awaiting_call", "needs_person": True}),
    Task("unknown", "bad", "ereferral.list", {"status": "outcome_unknown"}),
    Task("held", "due", "ereferral.list", {"status": "held"}),
    Task("failed", "bad", "referral.list", {"status": "active", "dispatch_status": "failed"}),
    Task("declined", "bad", "referral.list", {"status": "active", "fulfilment_status": "rejected"}),
    Task("ended", "bad", "referral.list", {"status": "active", "fulfilment_status": "failed"}),
    Task("overdue", "due", "referral.list", {"overdue": True}),
    Task("questions", "due", "referral.list", {"status": "active", "information_requested": True}),
    Task("drafts", "due", "referral.list", {"status": "draft"}, count_old_drafts),
    Task("intake", "due", "intake.list", {"status": "received"}),
    Task("locked", "due", "answer_link.list", {"locked": True}),
)
