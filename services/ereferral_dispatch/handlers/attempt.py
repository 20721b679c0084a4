"""Attempts as commands see them: a call is one that a person finishes."""

from contracts.ereferral import AttemptOutcome, FailureCode
from contracts.referral_partner import ContactMethod
from messaging.handlers.workspace import Need, Workspace
from services.ereferral_dispatch.delivery.transitions import contact_point
from services.ereferral_dispatch.models import Attempt, Ereferral
from services.ereferral_dispatch.rules.limits import MOST_CALLS

_CALLS = ("ereferral_id", "channel")


def newest_attempt(row: Ereferral) -> list[Need]:
    """The attempt that was made last, if there was one."""
    if row.attempts_made == 0:
        return []
    return [Need(Attempt, (row.id, row.attempts_made), writes=True)]


def find_newest_attempt(row: Ereferral, workspace: Workspace) -> Attempt | None:
    """The attempt that `newest_attempt` asked for."""
    if row.attempts_made == 0:
        return None
    return workspace.find(Attempt, row.id, row.attempts_made)


def calls(row: Ereferral) -> list[Need]:
    """Its calls, where there may be too many of them."""
    if row.attempts_made < MOST_CALLS:
        return []
    return [Need(Attempt, (row.id, ContactMethod.PHONE.value), by=_CALLS)]


def calls_made(row: Ereferral, workspace: Workspace) -> int:
    """How many of its calls are over, at most: of few attempts all may have been calls.

    Raises LookupError where `calls` were not asked for.
    """
    if row.attempts_made < MOST_CALLS:
        return row.attempts_made
    found = workspace.find_all(Attempt, _CALLS, row.id, ContactMethod.PHONE.value)
    return sum(call.finished_at is not None for call in found)


def record_call(
    row: Ereferral, workspace: Workspace, outcome: AttemptOutcome, code: str, note: str | None
) -> None:
    """Finish the call that was asked for; one after the first is an attempt of its own."""
    attempt = find_newest_attempt(row, workspace)
    if attempt is None or attempt.finished_at is not None:
        attempt = _new_call(row, workspace)
    attempt.finished_at = workspace.now
    attempt.outcome = outcome
    attempt.may_have_been_received = outcome is AttemptOutcome.DELIVERED
    attempt.code = code
    attempt.detail = note


def close_open_call(row: Ereferral, workspace: Workspace) -> None:
    """Withdraw a call that was asked for and not made."""
    attempt = find_newest_attempt(row, workspace)
    if attempt is not None and attempt.finished_at is None:
        attempt.finished_at = workspace.now
        attempt.outcome = AttemptOutcome.TRANSIENT_FAILURE
        attempt.code = FailureCode.WITHDRAWN
        attempt.detail = "Withdrawn before the call was made."


def _new_call(row: Ereferral, workspace: Workspace) -> Attempt:
    row.attempts_made += 1
    attempt = Attempt(
        org_id=row.org_id,
        ereferral_id=row.id,
        number=row.attempts_made,
        channel=ContactMethod.PHONE,
        address=contact_point(row).address,
        token=workspace.new_id(),
        started_at=workspace.now,
    )
    workspace.add(Attempt, row.id, row.attempts_made, row=attempt)
    if row.attempts_made > MOST_CALLS:
        # A later message of the same transaction counts it too.
        workspace.find_all(Attempt, _CALLS, row.id, ContactMethod.PHONE.value).append(attempt)
    return attempt
