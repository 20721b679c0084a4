"""The mapped tables of referrals. Every key and foreign key holds the org."""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import DateTime, ForeignKeyConstraint, Identity, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Times are aware, texts unbounded in the table: their length is the contract's to judge."""

    metadata = MetaData(naming_convention={"fk": "fk_%(table_name)s_%(column_0_N_name)s"})
    type_annotation_map: ClassVar = {datetime: DateTime(timezone=True), str: Text}


class Versioned:
    """What every resource's row has."""

    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class ReferralPartner(Versioned, Base):
    """A referral partner. `sort_name` and `search_text` are lower-cased copies for the list."""

    __tablename__ = "referral_partner"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_type: Mapped[str]
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    practice_name: Mapped[str | None]
    npi: Mapped[str | None]
    specialty: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    fax: Mapped[str | None]
    address_line1: Mapped[str | None]
    address_line2: Mapped[str | None]
    city: Mapped[str | None]
    state: Mapped[str | None]
    postal_code: Mapped[str | None]
    country: Mapped[str]
    notes: Mapped[str | None]
    is_active: Mapped[bool]
    accepts_ereferral: Mapped[bool]
    ereferral_endpoint: Mapped[str | None]
    preferred_contact_method: Mapped[str | None]
    sort_name: Mapped[str] = mapped_column(Text(collation="C"))
    search_text: Mapped[str]


class Observed:
    """What every mirrored row has: when the practice-management system last saw it so.

    A row with version 0 is a tombstone: an archive came for what was never put.
    """

    observed_at: Mapped[datetime]


class Patient(Observed, Versioned, Base):
    """A patient, mirrored."""

    __tablename__ = "patient"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    date_of_birth: Mapped[date | None]
    phone: Mapped[str | None]
    email: Mapped[str | None]


class Provider(Observed, Versioned, Base):
    """A practitioner of the practice, mirrored."""

    __tablename__ = "provider"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    npi: Mapped[str | None]


class Practice(Observed, Versioned, Base):
    """The practice, mirrored: one for each org."""

    __tablename__ = "practice"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID]
    name: Mapped[str | None]
    npi: Mapped[str | None]
    phone: Mapped[str | None]
    fax: Mapped[str | None]
    email: Mapped[str | None]
    address_line1: Mapped[str | None]
    address_line2: Mapped[str | None]
    city: Mapped[str | None]
    state: Mapped[str | None]
    postal_code: Mapped[str | None]
    country: Mapped[str]


class Referral(Versioned, Base):
    """An outbound referral. `dispatch_version` is that of the newest news of its e-referral."""

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
    priority: Mapped[str]
    reason: Mapped[str]
    reason_codes: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    teeth: Mapped[list[str] | None] = mapped_column(JSONB(none_as_null=True))
    notes: Mapped[str | None]
    respond_by: Mapped[datetime | None]
    status: Mapped[str]
    fulfilment_status: Mapped[str | None]
    dispatch_status: Mapped[str | None]
    dispatch_version: Mapped[int]
    ereferral_id: Mapped[UUID | None]
    sent_at: Mapped[datetime | None]
    overdue: Mapped[bool]
    cancel_reason: Mapped[str | None]


class TimelineEntry(Base):
    """One thing that happened to a referral, in the order of `id`."""

    __tablename__ = "referral_timeline"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "referral_id"], ["referral.org_id", "referral.id"]),
    )

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    referral_id: Mapped[UUID]
    at: Mapped[datetime]
    event: Mapped[str]
    actor: Mapped[str | None]
    detail: Mapped[str | None]
