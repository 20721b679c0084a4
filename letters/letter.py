"""A letter before it is composed: what it is made of."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from zoneinfo import ZoneInfo

from contracts.ereferral import EreferralPackage
from contracts.letter import letter_reference


class Message(StrEnum):
    """What a partner is told: the referral, or that it is cancelled."""

    REFERRAL = "referral"
    CANCELLATION = "cancellation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a letter is made of; nothing else goes into it, so the same one gives the same bytes.

    `package` is what was frozen when the referral was sent. `possible_repeat`: the partner may hold
    it already, by another channel; the letter says so. Its date is the referral's `sent_at`, or
    `cancelled_at`.
    """

    package: EreferralPackage
    possible_repeat: bool = False
    message: Message = Message.REFERRAL
    cancel_reason: str | None = None
    cancelled_at: datetime | None = None

    @property
    def authored_at(self) -> datetime:
        """When the referral was sent, whenever something about it is rendered."""
        return self.package.referral.sent_at or self.package.referral.updated_at

    @property
    def written_at(self) -> datetime:
        """The date of what is sent: that of the referral, or of its cancellation."""
        if self.message is Message.CANCELLATION and self.cancelled_at is not None:
            return self.cancelled_at
        return self.authored_at

    @property
    def authored_day(self) -> date:
        """The day of sending where the practice is; in UTC where its time zone is not known."""
        return _day_in(self.package.practice.time_zone, self.authored_at.astimezone(UTC))

    @property
    def written_day(self) -> date:
        """The day of what is sent, the referral or its cancellation, as `authored_day` is."""
        return _day_in(self.package.practice.time_zone, self.written_at.astimezone(UTC))

    @property
    def respond_by_day(self) -> date | None:
        """The day by which an answer is due, where the practice is.

        Where its time zone is not known, in the offset in which the time was named.
        """
        due, minutes = self.package.referral.respond_by, self.package.respond_by_offset_minutes
        if due is None:
            return None
        if minutes is not None:
            due = due.astimezone(timezone(timedelta(minutes=minutes)))
        return _day_in(self.package.practice.time_zone, due)

    @property
    def reference(self) -> str:
        """What a person reads out to name it."""
        return letter_reference(self.package.referral.id)


def _day_in(time_zone: str | None, at: datetime) -> date:
    if time_zone is not None:
        # On the last day of the year 9999, and the first of 1, no calendar has the one beside it.
        with suppress(OverflowError):
            return at.astimezone(ZoneInfo(time_zone)).date()
    return at.date()
