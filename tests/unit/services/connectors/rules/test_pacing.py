"""The time to ask again."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.connecting import ConnectionFailureCode as Code
from services.connectors.rules.pacing import (
    is_resumed,
    is_stale,
    is_sweep_due,
    next_run_at,
    retry_wait_seconds,
)

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def test_a_request_is_tried_again_after_2_8_and_32_seconds() -> None:
    """Each up to 20 % more or less; the fourth failure fails the run."""
    assert [retry_wait_seconds(n, None, 0.5) for n in (1, 2, 3, 4)] == [2.0, 8.0, 32.0, None]
    assert retry_wait_seconds(1, None, 0.0) == pytest.approx(1.6)
    assert retry_wait_seconds(3, None, 1.0) == pytest.approx(38.4)


def test_what_the_other_side_asks_for_is_kept_to_for_15_minutes_at_most() -> None:
    """Retry-After 20 means 20 s, an hour means 15 minutes, 1 s is less than our own 2."""
    assert retry_wait_seconds(1, 20, 0.5) == 20
    assert retry_wait_seconds(1, 3600, 0.5) == 900
    assert retry_wait_seconds(1, 1, 0.5) == 2.0


def test_failed_runs_come_again_in_1_5_15_and_60_minutes() -> None:
    """And then each hour."""
    waits = [next_run_at(NOW, QUARTER, n, Code.OTHER_SIDE_DOWN) - NOW for n in (1, 2, 3, 4, 9)]
    assert [wait.total_seconds() / 60 for wait in waits] == [1, 5, 15, 60, 60]
    assert next_run_at(NOW, QUARTER, 0, None) - NOW == QUARTER


@pytest.mark.parametrize("code", [Code.UNAUTHORIZED, Code.NEEDS_REAUTHORIZATION])
def test_what_only_a_person_can_mend_is_probed_hourly(code: Code) -> None:
    """From the first failure on."""
    assert next_run_at(NOW, QUARTER, 1, code) - NOW == timedelta(hours=1)


def test_a_phase_resumes_within_the_hour() -> None:
    """Law 9: after an hour it begins anew."""
    assert is_resumed(NOW - timedelta(minutes=59), NOW)
    assert not is_resumed(NOW - timedelta(minutes=60), NOW)


def test_more_than_three_intervals_without_success_are_stale() -> None:
    """Counted from its addition where it never succeeded."""
    assert not is_stale(NOW - 3 * QUARTER, NOW, NOW, QUARTER)
    assert is_stale(NOW - 3 * QUARTER - timedelta(seconds=1), NOW, NOW, QUARTER)
    assert is_stale(None, NOW - timedelta(hours=1), NOW, QUARTER)


def test_whole_lists_are_read_once_a_day() -> None:
    """And on the first run."""
    assert is_sweep_due(None, NOW)
    assert is_sweep_due(NOW - timedelta(hours=24), NOW)
    assert not is_sweep_due(NOW - timedelta(hours=23), NOW)
