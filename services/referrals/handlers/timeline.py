"""A referral's timeline: what is added to it, and the partner's answers that it holds."""

from datetime import datetime
from uuid import UUID

from contracts.referral import REFERRAL_RESPONSE_RECORDED
from messaging.handlers.workspace import Need, Workspace
from services.referrals.handlers.answer import Answer
from services.referrals.models.referral import Referral, TimelineEntry

_BY_EVENT = ("referral_id", "event")


def add_entry(
    row: Referral,
    workspace: Workspace,
    event: str,
    *,
    at: datetime | None = None,
    dispatch_version: int = 0,
    actor: str | None = None,
    detail: str | None = None,
    answer: Answer | None = None,
) -> TimelineEntry:
    """Add to the timeline; `at` is when it happened, if not now.

    `dispatch_version`: of the e-referral, where dispatch told it. `answer`: what a partner said, in
    place of a detail.
    """
    entry = TimelineEntry(
        org_id=row.org_id,
        referral_id=row.id,
        at=at or workspace.now,
        dispatch_version=dispatch_version,
        event=str(event),
        actor=actor,
        detail=detail if answer is None else answer.detail,
        reason_code=None if answer is None else answer.reason_code,
        scheduled_at=None if answer is None else answer.scheduled_at,
    )
    workspace.append(entry)
    return entry


def recorded_responses(referral_id: UUID) -> Need:
    """The timeline's entries of responses that a command recorded."""
    return Need(TimelineEntry, (referral_id, REFERRAL_RESPONSE_RECORDED.name), by=_BY_EVENT)


def find_recorded_responses(row: Referral, workspace: Workspace) -> list[TimelineEntry]:
    """What `recorded_responses` asked for; whoever records one adds it, for later messages."""
    return workspace.find_all(TimelineEntry, _BY_EVENT, row.id, REFERRAL_RESPONSE_RECORDED.name)
