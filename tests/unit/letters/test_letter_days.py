"""Whose day a letter, a mail and a call script name: the practice's."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from contracts.ereferral import EreferralDispatch
from contracts.text import KEPT
from letters.content import letter_content
from letters.letter import Message
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.rules.package import with_named_offset
from services.ereferral_dispatch.senders.email.text import email_text
from services.ereferral_dispatch.senders.phone.script import call_script
from tests.support.samples.packages import (
    sample_consignment,
    sample_package,
    sample_practice,
    sample_referral,
)

# 17:00 on Friday 18 December in Los Angeles (UTC-8 in winter) is 01:00 on Saturday in UTC.
FRIDAY_EVENING = datetime(2026, 12, 18, 17, tzinfo=timezone(timedelta(hours=-8)))
# 08:00 on Monday 21 December in Auckland (UTC+13 in summer) is 19:00 on Sunday in UTC.
MONDAY_MORNING = datetime(2026, 12, 21, 8, tzinfo=timezone(timedelta(hours=13)))


def kept(package: EreferralDispatch) -> EreferralDispatch:
    """The package as a worker reads it back."""
    body = with_named_offset(package).to_json()
    return EreferralDispatch.model_validate_json(body, context=KEPT)


def consignment(
    respond_by: datetime, time_zone: str | None, sent_at: datetime = FRIDAY_EVENING
) -> Consignment:
    package = sample_package(
        referral=sample_referral(respond_by=respond_by, sent_at=sent_at.astimezone(UTC)),
        practice=sample_practice(time_zone=time_zone),
    )
    return sample_consignment(package=kept(package))


@pytest.mark.parametrize(
    ("respond_by", "time_zone", "day"),
    [
        # Without a zone: the day as it was said (RFC 3339, 4.1: the offset is local time's).
        (FRIDAY_EVENING, None, date(2026, 12, 18)),
        (MONDAY_MORNING, None, date(2026, 12, 21)),
        (FRIDAY_EVENING.astimezone(UTC), None, date(2026, 12, 19)),
        # With one: its day, however the time was said.
        (FRIDAY_EVENING.astimezone(UTC), "America/Los_Angeles", date(2026, 12, 18)),
        (MONDAY_MORNING.astimezone(UTC), "Pacific/Auckland", date(2026, 12, 21)),
        (MONDAY_MORNING, "America/Los_Angeles", date(2026, 12, 20)),
        (FRIDAY_EVENING, "Asia/Kathmandu", date(2026, 12, 19)),
        # 06:30 in UTC is 23:30 the day before in July (UTC-7), and 22:30 in December (UTC-8).
        (datetime(2026, 7, 2, 6, 30, tzinfo=UTC), "America/Los_Angeles", date(2026, 7, 1)),
        (datetime(2026, 7, 2, 7, 30, tzinfo=UTC), "America/Los_Angeles", date(2026, 7, 2)),
        (datetime(2026, 12, 2, 7, 30, tzinfo=UTC), "America/Los_Angeles", date(2026, 12, 1)),
        # No calendar has the day beside the first or the last.
        (datetime(9999, 12, 31, 23, tzinfo=UTC), "Pacific/Auckland", date(9999, 12, 31)),
        (datetime(1, 1, 1, 1, tzinfo=UTC), "America/Los_Angeles", date(1, 1, 1)),
    ],
)
def test_the_day_to_answer_by_is_the_practices(
    respond_by: datetime, time_zone: str | None, day: date
) -> None:
    """In its time zone; without one, in the offset in which the time was named."""
    assert consignment(respond_by, time_zone).respond_by_day == day


def test_letter_mail_and_call_name_the_same_day() -> None:
    """A partner who answers a day late finds the patient gone."""
    asked = consignment(FRIDAY_EVENING, None)
    assert letter_content(asked)["respond_by"] == "December 18, 2026"
    assert "know by December 18, 2026 whether" in email_text(asked)
    assert "let us know by December 18, 2026?" in call_script(asked)


@pytest.mark.parametrize(
    ("time_zone", "day"),
    [("America/Los_Angeles", "December 18, 2026"), (None, "December 19, 2026")],
)
def test_a_letter_is_dated_where_it_is_written(time_zone: str | None, day: str) -> None:
    """In UTC where nobody said where that is."""
    sent = consignment(MONDAY_MORNING, time_zone, sent_at=FRIDAY_EVENING)
    assert letter_content(sent)["date"] == day


def test_a_cancellation_is_dated_where_it_is_written() -> None:
    """The letter's two dates and the day that the caller says."""
    package = sample_package(
        referral=sample_referral(sent_at=FRIDAY_EVENING.astimezone(UTC)),
        practice=sample_practice(time_zone="America/Los_Angeles"),
    )
    off = sample_consignment(
        package=package,
        message=Message.CANCELLATION,
        cancelled_at=FRIDAY_EVENING.astimezone(UTC) + timedelta(days=2),
    )
    content = letter_content(off)
    assert content["date"] == "December 18, 2026"
    assert content["cancellation"]["date"] == "December 20, 2026"
    assert "referred on December 18, 2026" in call_script(off)


def test_a_package_keeps_the_offset_and_shows_the_time_in_utc() -> None:
    """Times go out in UTC; the offset is a field beside them, and one that is given counts."""
    package = sample_package(referral=sample_referral(respond_by=FRIDAY_EVENING))
    assert b'"respond_by":"2026-12-19T01:00:00Z"' in package.to_json()
    assert with_named_offset(package).respond_by_offset_minutes == -480
    given = package.model_copy(update={"respond_by_offset_minutes": 345})
    assert with_named_offset(given).respond_by_offset_minutes == 345
    without = sample_package(referral=sample_referral(respond_by=None))
    assert with_named_offset(without).respond_by_offset_minutes is None


def test_a_package_from_before_the_offset_is_read_in_utc() -> None:
    """As it was sent then."""
    package = sample_package(referral=sample_referral(respond_by=FRIDAY_EVENING))
    older = EreferralDispatch.model_validate_json(package.to_json(), context=KEPT)
    assert sample_consignment(package=older).respond_by_day == date(2026, 12, 19)
