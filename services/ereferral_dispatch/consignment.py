"""A consignment: one e-referral on its way by one channel, as a sender is given it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.referral_partner import ContactMethod
from letters.letter import Letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Consignment(Letter):
    """One e-referral on its way by one channel, with what its letter is made of.

    `address` is the channel's: an endpoint URI, an e-mail address, or a number in E.164 (of a
    phone with its extension, `;ext=12`). `attempted_at`: when this attempt began, by the database's
    clock; nothing that is composed depends on it.
    """

    org_id: str
    ereferral_id: UUID
    channel: ContactMethod
    address: str
    attempted_at: datetime
    traceparent: str | None = None
