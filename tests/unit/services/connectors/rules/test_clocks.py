"""Their clock and ours."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.connectors.rules.clocks import STAMP_FORMAT, cursor, in_utc, observed_at, parse_stamp

CHICAGO = ZoneInfo("America/Chicago")
NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


def test_a_cursor_is_their_clock_less_two_hours() -> None:
    """By serverDateTime where they say it, else by the highest stamp."""
    assert cursor("2021-08-05 09:05:42", "2021-08-01 00:00:00") == "2021-08-05 07:05:42"
    assert cursor(None, "2021-08-05 01:00:00") == "2021-08-04 23:00:00"
    assert cursor(None, None) is None


@given(st.integers(-3600, 3600))
def test_a_clock_that_is_wrong_by_an_hour_loses_no_update(skew: int) -> None:
    """Law 24: whatever is stamped after the cursor was taken, by a clock set right by up to an hour
    meanwhile, is after the cursor."""
    said = parse_stamp("2026-07-01 07:00:00") + timedelta(seconds=skew)
    stamped_later_by_the_right_clock = parse_stamp("2026-07-01 07:00:01")
    asked_from = parse_stamp(cursor(said.strftime(STAMP_FORMAT), None) or "")
    assert asked_from < stamped_later_by_the_right_clock


def test_the_repeated_hour_loses_no_update() -> None:
    """Law 25: on 1 November 2026 Chicago's 01:30 comes twice. Read up to the first, an update at
    01:05 of the second hour is still asked for."""
    asked_from = cursor("2026-11-01 01:59:00", None)
    assert asked_from == "2026-10-31 23:59:00"
    assert asked_from < "2026-11-01 01:05:00"


def test_a_stamp_of_the_repeated_hour_is_the_later_time() -> None:
    """01:30 of that night is 06:30 or 07:30 UTC; the update must not look older than it is."""
    assert in_utc("2026-11-01 01:30:00", CHICAGO) == datetime(2026, 11, 1, 7, 30, tzinfo=UTC)
    assert in_utc("2026-07-01 07:00:00", CHICAGO) == NOW


@pytest.mark.parametrize("wrong", ["", "2026-07-01", "2026-13-01 00:00:00", "yesterday"])
def test_what_is_no_stamp_is_refused(wrong: str) -> None:
    """Their format and no other."""
    with pytest.raises(ValueError):
        parse_stamp(wrong)


def test_a_stamp_in_the_future_counts_as_now_and_is_told() -> None:
    """An hour ahead: our services would refuse it, and a later truth must be able to follow."""
    assert observed_at("2026-07-01 08:00:00", CHICAGO, NOW, None) == (NOW, 3600)
    five_minutes = datetime(2026, 7, 1, 12, 5, tzinfo=UTC)
    assert observed_at("2026-07-01 07:05:00", CHICAGO, NOW, None) == (five_minutes, 0)


def test_what_was_observed_never_falls() -> None:
    """Their clock was set back: the newer row still is the newer one here."""
    held = datetime(2026, 7, 1, 11, 30, tzinfo=UTC)
    assert observed_at("2026-07-01 06:00:00", CHICAGO, NOW, held) == (held, 0)
    assert observed_at(None, CHICAGO, NOW, None) == (NOW, 0)
