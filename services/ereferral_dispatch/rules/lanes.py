"""When a lane is held, and when it is let go.

Source: the delivery rules, "Lanes".
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from contracts.ereferral import FailureCode
from services.ereferral_dispatch.rules.outcomes import (
    CallRequested,
    Delivered,
    Outcome,
    OutcomeUnknown,
    PermanentFailure,
    RelayUnusable,
    Sent,
    TransientFailure,
    http_code,
)
from services.ereferral_dispatch.rules.routing import NOBODYS_FAILURE

GONE = http_code(410)
ABOUT_ONE_DOCUMENT = frozenset(http_code(status) for status in (400, 409, 413, 422))
"""Answers that say nothing about the channel: another e-referral may fare better."""
_OURS = frozenset({*NOBODYS_FAILURE, FailureCode.INTERNAL_FAULT, FailureCode.CHANNEL_NOT_AVAILABLE})


@dataclass(frozen=True, slots=True)
class HoldRule:
    """A lane is held after `failures` in a row over at least `over`."""

    failures: int
    over: timedelta


@dataclass(frozen=True, slots=True)
class Streak:
    """The failures in a row of a lane, and when the first of them was (None: there is none)."""

    failures: int = 0
    since: datetime | None = None


def after_outcome(streak: Streak, outcome: Outcome, now: datetime) -> Streak:
    """The streak after an attempt: ended by a success, longer by a failure of the channel."""
    match outcome:
        case Delivered() | Sent():
            return Streak()
        case CallRequested() | RelayUnusable():
            return streak
        case TransientFailure(code=code) | PermanentFailure(code=code) | OutcomeUnknown(code=code):
            if code in ABOUT_ONE_DOCUMENT or code in _OURS:
                return streak
            return Streak(streak.failures + 1, streak.since or now)
    assert_never(outcome)


def must_be_held(streak: Streak, outcome: Outcome, rule: HoldRule, now: datetime) -> bool:
    """Whether the lane is held after this attempt, `streak` being the one after it."""
    if isinstance(outcome, PermanentFailure) and outcome.code == GONE:
        return True
    return (
        streak.since is not None
        and streak.failures >= rule.failures
        and now - streak.since >= rule.over
    )
