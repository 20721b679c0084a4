"""Outcomes of an attempt: a closed set, each with what it means for the next step.

Source: docs/contract/dispatch.md#outcomes.
"""

from dataclasses import dataclass
from typing import assert_never

from contracts.ereferral import AttemptOutcome, SuccessCode
from services.ereferral_dispatch.rules.outcome_codes import FailedBy, HttpCode, SmtpCode


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
    `may_have_been_received`: somebody may have seen the referral all the same.
    """

    code: FailedBy
    detail: str | None = None
    retry_after_seconds: float | None = None
    may_have_been_received: bool = False


@dataclass(frozen=True, slots=True)
class PermanentFailure:
    """This channel will not work for this e-referral; the next one is tried.

    `may_have_been_received`: somebody may have seen the referral all the same.
    """

    code: FailedBy
    detail: str | None = None
    may_have_been_received: bool = False


@dataclass(frozen=True, slots=True)
class OutcomeUnknown:
    """The body left and nothing says whether it arrived."""

    code: FailedBy
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class RelayUnusable:
    """Our mail relay did not take us, before it looked at any sender or recipient: its fault or
    ours (a wrong password, no STARTTLS), no partner's. The same channel is tried once it does."""

    code: FailedBy
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class CallRequested:
    """No machine calls: a person was asked to, with this script and the letter (a PDF)."""

    script: str
    letter: bytes


Ended = Delivered | Sent | TransientFailure | PermanentFailure | OutcomeUnknown | RelayUnusable
Outcome = Ended | CallRequested


def recorded_as(outcome: Ended) -> AttemptOutcome:
    """What an attempt that ended so is shown with."""
    match outcome:
        case Delivered():
            return AttemptOutcome.DELIVERED
        case Sent():
            return AttemptOutcome.SENT
        case TransientFailure() | RelayUnusable():
            return AttemptOutcome.TRANSIENT_FAILURE
        case PermanentFailure():
            return AttemptOutcome.PERMANENT_FAILURE
        case OutcomeUnknown():
            return AttemptOutcome.OUTCOME_UNKNOWN
    assert_never(outcome)


def may_have_been_received(outcome: Outcome) -> bool:
    """Whether the partner may hold the e-referral after this attempt.

    Yes after an unknown outcome, and after a failure of which its sender says so: whatever repeats
    it then says that it may be a repeat, and a cancel tells the partner.
    """
    match outcome:
        case Delivered() | Sent() | OutcomeUnknown():
            return True
        case CallRequested() | RelayUnusable():
            return False
        case TransientFailure(may_have_been_received=maybe):
            return maybe
        case PermanentFailure(may_have_been_received=maybe):
            return maybe
    assert_never(outcome)
