"""A consignment: one e-referral on its way by one channel, as a sender is given it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from contracts.ereferral import EreferralDispatch
from contracts.referral_partner import ContactMethod


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
    depends on it.
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
    def reference(self) -> str:
        """What a person reads out to name it: the referral id's last 12 digits, in fours."""
        digits = self.package.referral.id.hex[-12:].upper()
        return f"{digits[:4]}-{digits[4:8]}-{digits[8:]}"
