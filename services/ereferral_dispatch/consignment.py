"""A consignment: one e-referral on its way by one channel, as a sender is given it."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.ereferral import EreferralDispatch
from contracts.referral_partner import ContactMethod
from services.ereferral_dispatch.rules.answer_links import LetterLink


class Message(StrEnum):
    """What an e-referral's attempts carry: the referral, or the word that it is cancelled."""

    REFERRAL = "referral"
    CANCELLATION = "cancellation"


@dataclass(frozen=True, slots=True)
class Consignment:
    """One e-referral on its way by one channel.

    `address` is the channel's: an endpoint URI, an e-mail address, or a number in E.164 (of a
    phone with its extension, `;ext=12`). `package` is what was frozen when the referral was sent.
    `possible_repeat`: the partner may hold it already, by another channel; what is composed says
    so. `authored_on` in the letter and bundle is the referral's `sent_at`, so that the same package
    always gives the same bytes.
    `attempted_at`: when this attempt began, by the database's clock; nothing that is composed
    depends on it. `answer_link`: what the letter of a referral shows of its answer link, if it has
    one.
    """

    org_id: str
    ereferral_id: UUID
    channel: ContactMethod
    address: str
    package: EreferralDispatch
    attempted_at: datetime
    possible_repeat: bool = False
    traceparent: str | None = None
    message: Message = Message.REFERRAL
    cancel_reason: str | None = None
    cancelled_at: datetime | None = None
    answer_link: LetterLink | None = None

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
        """What a person reads out to name it: the referral id's last 12 digits, in fours."""
        digits = self.package.referral.id.hex[-12:].upper()
        return f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"


def _day_in(time_zone: str | None, at: datetime) -> date:
    if time_zone is not None:
        # On the last day of the year 9999, and the first of 1, no calendar has the one beside it.
        with suppress(OverflowError):
            return at.astimezone(ZoneInfo(time_zone)).date()
    return at.date()
