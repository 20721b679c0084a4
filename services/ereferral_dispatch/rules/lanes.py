"""The hold of a lane: its beginning and its end.

Source: docs/contract/dispatch.md#holds.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from services.ereferral_dispatch.rules.outcome_codes import Concern, concern_of
from services.ereferral_dispatch.rules.outcomes import (
    CallRequested,
    Delivered,
    Outcome,
    OutcomeUnknown,
    PermanentFailure,
    RelayUnusable,
    Sent,
    TransientFailure,
)


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
            return _after_failure(streak, concern_of(code), now)
    assert_never(outcome)


def _after_failure(streak: Streak, concern: Concern, now: datetime) -> Streak:
    match concern:
        case Concern.CHANNEL | Concern.CHANNEL_GONE:
            return Streak(streak.failures + 1, streak.since or now)
        case Concern.DOCUMENT | Concern.OURS | Concern.NOBODY:
            return streak
    assert_never(concern)


def must_be_held(streak: Streak, outcome: Outcome, rule: HoldRule, now: datetime) -> bool:
    """Whether the lane is held after this attempt, `streak` being the one after it."""
    if isinstance(outcome, PermanentFailure) and concern_of(outcome.code) is Concern.CHANNEL_GONE:
        return True
    return (
        streak.since is not None
        and streak.failures >= rule.failures
        and now - streak.since >= rule.over
    )
