"""A partner's answer: what it moves, and what joins the timeline and the event."""

from dataclasses import dataclass
from datetime import datetime

from contracts.referral import (
    REFERRAL_RESPONSE_RECORDED,
    ReferralChange,
    Response,
    ResponseReason,
)
from contracts.referral import Referral as Resource
from messaging.handlers.workspace import Workspace
from services.referrals.handlers.referral_resource import shown
from services.referrals.handlers.versions import next_version
from services.referrals.models.referral import Referral
from services.referrals.rules.referral import (
    Effect,
    fulfilment_after,
    names_an_appointment,
    status_after,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A partner's answer, however it was heard of. `occurred_at`: None where it is of now."""

    response: Response
    note: str | None = None
    reason_code: ResponseReason | None = None
    scheduled_at: datetime | None = None
    occurred_at: datetime | None = None

    @property
    def detail(self) -> str:
        """The answer in the timeline, where after a cancel it is seen alone."""
        return self.response.value if self.note is None else f"{self.response.value}: {self.note}"


def take_answer(row: Referral, workspace: Workspace, answer: Answer, effect: Effect) -> Resource:
    """Move a referral to where an answer leads, and note the appointment that it names.

    With its event where anything of that is new; it is not overdue any more.
    """
    if effect is Effect.MOVES:
        row.fulfilment_status = fulfilment_after(answer.response)
        row.status = status_after(answer.response)
        row.overdue = False
    named = names_an_appointment(row.status, effect, row.scheduled_at, answer.scheduled_at)
    if named:
        row.scheduled_at = answer.scheduled_at
    if effect is not Effect.MOVES and not named:
        return shown(row, workspace)
    next_version(row, workspace)
    resource = shown(row, workspace)
    change = ReferralChange.model_construct(
        **dict(resource),
        response=answer.response,
        response_note=answer.note,
        response_reason_code=answer.reason_code,
        response_scheduled_at=answer.scheduled_at,
        response_occurred_at=answer.occurred_at,
    )
    workspace.publish(REFERRAL_RESPONSE_RECORDED, change)
    return resource
