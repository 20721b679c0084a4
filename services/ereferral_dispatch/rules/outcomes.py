"""What can become of an attempt: a closed set, each with what it means for the next step.

Source: docs/contract/dispatch.md#outcomes.
"""

from dataclasses import dataclass
from typing import assert_never

from contracts.ereferral import AttemptOutcome, SuccessCode
from services.ereferral_dispatch.rules.outcome_codes import (
    FailedBy,
    HttpCode,
    SmtpCode,
    may_follow_receipt,
)


@dataclass(frozen=True, slots=True)
class Delivered:
    """The partner has it, proven: a portal's 2xx, or its word that this is a duplicate."""

    code: HttpCode | SuccessCode


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail relay took it over (SMTP's 250 after DATA); whether it arrived is not known."""

    code: SmtpCode


@dataclass(frozen=True, slots=True)
class TransientFailure:
    """The channel may work later; the same channel is tried again.

    `retry_after_seconds` is the partner's own wish (RFC 9110 Retry-After), None where it gave none.
    """

    code: FailedBy
    detail: str | None = None
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class PermanentFailure:
    """This channel will not work for this e-referral; the next one is tried."""

    code: FailedBy
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class OutcomeUnknown:
    """The body left and nothing says whether it arrived."""

    code: FailedBy
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class CallRequested:
    """No machine calls: a person was asked to, with this script and the letter (a PDF)."""

    script: str
    letter: bytes


Ended = Delivered | Sent | TransientFailure | PermanentFailure | OutcomeUnknown
Outcome = Ended | CallRequested


def recorded_as(outcome: Ended) -> AttemptOutcome:
    """What an attempt that ended so is shown with."""
    match outcome:
        case Delivered():
            return AttemptOutcome.DELIVERED
        case Sent():
            return AttemptOutcome.SENT
        case TransientFailure():
            return AttemptOutcome.TRANSIENT_FAILURE
        case PermanentFailure():
            return AttemptOutcome.PERMANENT_FAILURE
        case OutcomeUnknown():
            return AttemptOutcome.OUTCOME_UNKNOWN
    assert_never(outcome)


def may_have_been_received(outcome: Outcome) -> bool:
    """Whether the partner may hold the e-referral after this attempt.

    Yes after an unknown outcome, and after a failure whose code says so. A later attempt by another
    channel then says that it may be a repeat.
    """
    match outcome:
        case Delivered() | Sent() | OutcomeUnknown():
            return True
        case CallRequested():
            return False
        case TransientFailure(code=code) | PermanentFailure(code=code):
            return may_follow_receipt(code)
    assert_never(outcome)
