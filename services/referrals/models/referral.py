"""Outbound referrals and their timelines."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKeyConstraint, Identity
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from contracts.referral import (
    EreferralStatus,
    FulfilmentStatus,
    Priority,
    ReferralStatus,
    ResponseReason,
)
from services.referrals.models.base import Base, Versioned


class Referral(Versioned, Base):
    """An outbound referral. `dispatch_version` is that of the newest news of its e-referral.

    `respond_by_offset_minutes`: the offset from UTC in which a command named `respond_by`; null
    where none did. `scheduled_at`: the appointment that the partner named last.
    """

    __tablename__ = "referral"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "patient_id"], ["patient.org_id", "patient.id"]),
        ForeignKeyConstraint(
            ["org_id", "referral_partner_id"], ["referral_partner.org_id", "referral_partner.id"]
        ),
        ForeignKeyConstraint(
            ["org_id", "referring_provider_id"], ["provider.org_id", "provider.id"]
        ),
    )

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID]
    referral_partner_id: Mapped[UUID]
    referring_provider_id: Mapped[UUID | None]
    priority: Mapped[Priority]
    reason: Mapped[str]
    reason_codes: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    teeth: Mapped[list[str] | None] = mapped_column(JSONB(none_as_null=True))
    notes: Mapped[str | None]
    respond_by: Mapped[datetime | None]
    respond_by_offset_minutes: Mapped[int | None]
    status: Mapped[ReferralStatus]
    fulfilment_status: Mapped[FulfilmentStatus | None]
    dispatch_status: Mapped[EreferralStatus | None]
    dispatch_version: Mapped[int]
    ereferral_id: Mapped[UUID | None]
    sent_at: Mapped[datetime | None]
    scheduled_at: Mapped[datetime | None]
    overdue: Mapped[bool]
    cancel_reason: Mapped[str | None]


class TimelineEntry(Base):
    """One thing that happened to a referral; shown oldest first, by `at`, `dispatch_version`, `id`.

    `dispatch_version` is the e-referral's (`aggregateversion`) where dispatch told it, else 0: news
    of one moment may come in any order.
    """

    __tablename__ = "referral_timeline"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "referral_id"], ["referral.org_id", "referral.id"]),
    )

    org_id: Mapped[str] = mapped_column(primary_key=True)
    # Said to be the one that counts up, or SQLAlchemy writes entry by entry to learn the ids.
    id: Mapped[int] = mapped_column(
        BigInteger, Identity(always=True), primary_key=True, autoincrement=True
    )
    referral_id: Mapped[UUID]
    at: Mapped[datetime]
    dispatch_version: Mapped[int]
    event: Mapped[str]
    actor: Mapped[str | None]
    # Not loaded to count entries: it may be long.
    detail: Mapped[str | None] = mapped_column(deferred=True)
    reason_code: Mapped[ResponseReason | None]
    scheduled_at: Mapped[datetime | None]
