"""The end of an attempt: by its outcome, by a person's word about a call, or withdrawn."""

from datetime import datetime

from contracts.ereferral import AttemptOutcome, FailureCode, SuccessCode
from services.ereferral_dispatch.models import Attempt
from services.ereferral_dispatch.rules.outcomes import (
    Delivered,
    Ended,
    Sent,
    TransientFailure,
    may_have_been_received,
    recorded_as,
)

_NO_CALL = TransientFailure(FailureCode.WITHDRAWN, "Withdrawn before the call was made.")


def finish(attempt: Attempt, outcome: Ended, now: datetime, note: str | None = None) -> None:
    """Let it be over. `note`: what a person adds, where the outcome has no detail of its own."""
    attempt.finished_at = now
    attempt.outcome = recorded_as(outcome)
    attempt.code = outcome.code
    attempt.may_have_been_received = may_have_been_received(outcome)
    attempt.detail = note if isinstance(outcome, (Delivered, Sent)) else outcome.detail or note


def withdraw_call(attempt: Attempt, now: datetime) -> None:
    """Let a call that was asked for and not made be over."""
    finish(attempt, _NO_CALL, now)


def correct_as_opened(attempt: Attempt, now: datetime) -> None:
    """Let an attempt that may have arrived be one that did, since its letter's link was opened.

    Its detail keeps what was known before.
    """
    if attempt.outcome is AttemptOutcome.DELIVERED:
        return
    known = f"Before: {attempt.outcome}, {attempt.code}."
    detail = known if attempt.detail is None else f"{known} {attempt.detail}"
    finish(attempt, Delivered(SuccessCode.OPENED), now, detail)
