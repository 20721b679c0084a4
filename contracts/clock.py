"""The distance that a client's times may have from the clock that counts, the database's.

Source: docs/contract/wire.md#directory and docs/contract/wire.md#referrals.
"""

from datetime import date, datetime, timedelta

from contracts.problems import FieldError

MOST_AHEAD = timedelta(minutes=5)
"""A client's clock may be wrong by so much; what is later than that has not happened yet."""


def time_errors(name: str, at: datetime | None, now: datetime) -> list[FieldError]:
    """What is wrong with the time at which a client says that something happened: it is to come.

    None is never wrong.
    """
    if at is None or at <= now + MOST_AHEAD:
        return []
    minutes = int(MOST_AHEAD.total_seconds() // 60)
    msg = f"Must be at most {minutes} minutes after now: nothing later can have happened"
    return [FieldError(loc=[name], type="time_in_future", msg=msg)]


def ahead_errors(name: str, at: datetime | None, now: datetime) -> list[FieldError]:
    """What is wrong with the time of what is history already: it is after now. None never is."""
    if at is None or at <= now:
        return []
    return [FieldError(loc=[name], type="time_in_future", msg="Must not be after now")]


def early_errors(name: str, at: datetime | None, created_at: datetime) -> list[FieldError]:
    """What is wrong with the time of an answer: the referral was not there yet."""
    if at is None or at >= created_at:
        return []
    msg = "Must not be before the referral was created"
    return [FieldError(loc=[name], type="time_too_early", msg=msg)]


def birth_date_errors(name: str, day: date | None, now: datetime) -> list[FieldError]:
    """What is wrong with a date of birth: it is after tomorrow. None is never wrong.

    `now` is in UTC; in its east tomorrow has begun already.
    """
    if day is None or day <= now.date() + timedelta(days=1):
        return []
    msg = "Must not be after tomorrow"
    return [FieldError(loc=[name], type="date_in_future", msg=msg)]
