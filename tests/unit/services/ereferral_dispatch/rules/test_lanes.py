"""The hold of a lane."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.ereferral import FailureCode
from services.ereferral_dispatch.rules.lanes import HoldRule, Streak, after_outcome, must_be_held
from services.ereferral_dispatch.rules.outcome_codes import HttpCode, SmtpCode
from services.ereferral_dispatch.rules.outcomes import (
    CallRequested,
    Delivered,
    Outcome,
    OutcomeUnknown,
    PermanentFailure,
    Sent,
    TransientFailure,
)

RULE = HoldRule(failures=20, over=timedelta(minutes=10))
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SEVEN_SINCE_NOON = Streak(7, NOON)


def later(**span: float) -> datetime:
    return NOON + timedelta(**span)


@pytest.mark.parametrize(
    "outcome",
    [
        TransientFailure(HttpCode(503)),
        TransientFailure(HttpCode(429)),
        TransientFailure(FailureCode.CONNECT_REFUSED),
        TransientFailure(FailureCode.TLS_FAILED),
        TransientFailure(SmtpCode(451)),
        PermanentFailure(HttpCode(403)),
        PermanentFailure(HttpCode(404)),
        PermanentFailure(HttpCode(410)),
        PermanentFailure(SmtpCode(550)),
        OutcomeUnknown(FailureCode.TIMED_OUT),
    ],
)
def test_a_failure_makes_the_streak_longer(outcome: Outcome) -> None:
    """Failures in a row are counted, and the time of the first of them stays."""
    assert after_outcome(Streak(), outcome, NOON) == Streak(1, NOON)
    assert after_outcome(SEVEN_SINCE_NOON, outcome, later(minutes=3)) == Streak(8, NOON)


@pytest.mark.parametrize(
    "outcome", [Delivered(HttpCode(201)), Delivered(HttpCode(409)), Sent(SmtpCode(250))]
)
def test_a_success_ends_the_streak(outcome: Outcome) -> None:
    """After a success there are no failures in a row, and none had a first time."""
    assert after_outcome(SEVEN_SINCE_NOON, outcome, later(minutes=3)) == Streak()


@pytest.mark.parametrize("status", [400, 409, 413, 422])
def test_an_answer_about_one_document_does_not_count(status: int) -> None:
    """400, 409, 413 and 422 say nothing about the channel: the streak stays as it is."""
    outcome = PermanentFailure(HttpCode(status))
    assert after_outcome(SEVEN_SINCE_NOON, outcome, later(minutes=3)) == SEVEN_SINCE_NOON


@pytest.mark.parametrize(
    "outcome",
    [
        TransientFailure(FailureCode.WORKER_LOST),
        TransientFailure(FailureCode.STOPPED),
        TransientFailure(FailureCode.WITHDRAWN),
        TransientFailure(FailureCode.INTERNAL_FAULT),
        OutcomeUnknown(FailureCode.WORKER_LOST),
        CallRequested("Please call.", b"%PDF-"),
    ],
)
def test_what_is_no_answer_of_the_partner_does_not_count(outcome: Outcome) -> None:
    """Workers that are lost or stopped, faults of our own and calls say nothing about the
    channel."""
    assert after_outcome(SEVEN_SINCE_NOON, outcome, later(minutes=3)) == SEVEN_SINCE_NOON


@pytest.mark.parametrize(
    ("failures", "over", "held"),
    [
        (20, timedelta(minutes=10), True),
        (20, timedelta(minutes=9, seconds=59), False),
        (19, timedelta(minutes=10), False),
        (19, timedelta(days=3), False),
        (400, timedelta(minutes=9), False),
        (21, timedelta(hours=2), True),
    ],
)
def test_twenty_failures_in_a_row_over_ten_minutes_hold_the_lane(
    failures: int, over: timedelta, held: bool
) -> None:
    """Both at least: that many failures, and that long since the first of them."""
    outcome = TransientFailure(HttpCode(503))
    assert must_be_held(Streak(failures, NOON), outcome, RULE, NOON + over) is held


def test_gone_holds_the_lane_at_once() -> None:
    """A 410 says that the channel itself is gone: the first one is enough."""
    outcome = PermanentFailure(HttpCode(410))
    streak = after_outcome(Streak(), outcome, NOON)
    assert must_be_held(streak, outcome, RULE, NOON)


def test_no_other_single_answer_holds_the_lane() -> None:
    """404 and 403 count as one failure each."""
    for status in (403, 404, 500, 400):
        outcome = PermanentFailure(HttpCode(status))
        assert not must_be_held(after_outcome(Streak(), outcome, NOON), outcome, RULE, NOON)


def test_a_lane_is_held_by_a_row_of_failures_step_by_step() -> None:
    """One failure a minute: the twentieth, after nineteen minutes, is the one that holds it; a
    success between would have begun anew."""
    failed = TransientFailure(HttpCode(503))
    streak, held = Streak(), []
    for minute in range(20):
        streak = after_outcome(streak, failed, later(minutes=minute))
        held.append(must_be_held(streak, failed, RULE, later(minutes=minute)))
    assert held == [False] * 19 + [True]
    streak = after_outcome(Streak(19, NOON), Delivered(HttpCode(200)), later(minutes=19))
    streak = after_outcome(streak, failed, later(minutes=20))
    assert streak == Streak(1, later(minutes=20))
    assert not must_be_held(streak, failed, RULE, later(minutes=20))
