"""Rows from outside, the submissions they came in, and what the forms outside mean here."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contracts.intake import IntakeStatus, RejectReason
from services.referrals.models.base import AT_COMMIT, Base, Versioned
from services.referrals.models.contact import Contact
from services.referrals.models.directory import Patient
from services.referrals.models.partner import ReferralPartner
from services.referrals.models.source import ReferralSource

"""A row that is accepted is changed before what it is taken in as is inserted."""

NO_COUNTRY = ""
"""The country of numbers that none has read yet."""


class Intake(Base):
    """A row as it was staged, and what became of it. It is never archived.

    `extra` and `warnings` are JSON as it came, not JSONB: a number keeps the way it was written.
    `numbers_given`: its national numbers as they came, and `numbers_country` the country by which
    they were read; null where there are none. `search_text`: names, e-mail and numbers,
    case-folded. `emptied_at`: since when what it said is not kept any more.
    """

    __tablename__ = "intake"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "patient_id"], ["patient.org_id", "patient.id"], **AT_COMMIT
        ),
        ForeignKeyConstraint(
            ["org_id", "contact_id"], ["contact.org_id", "contact.id"], **AT_COMMIT
        ),
        ForeignKeyConstraint(
            ["org_id", "attribution_id"],
            ["referral_attribution.org_id", "referral_attribution.id"],
            **AT_COMMIT,
        ),
        ForeignKeyConstraint(
            ["org_id", "referral_id"], ["referral.org_id", "referral.id"], **AT_COMMIT
        ),
    )

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    group_id: Mapped[UUID]
    row_number: Mapped[int]
    status: Mapped[IntakeStatus]
    first_name: Mapped[str]
    surname: Mapped[str]
    org_type_id: Mapped[str]
    source: Mapped[str | None]
    referral_role: Mapped[str | None]
    project: Mapped[str | None]
    description: Mapped[str | None]
    date_of_birth: Mapped[date | None]
    telephone: Mapped[str | None]
    mobile: Mapped[str | None]
    email: Mapped[str | None]
    extra: Mapped[dict[str, Any]] = mapped_column(JSON)
    warnings: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    numbers_given: Mapped[dict[str, str]] = mapped_column(JSON)
    numbers_country: Mapped[str | None]
    suspected_spam: Mapped[bool]
    possible_repeat_of: Mapped[UUID | None]
    search_text: Mapped[str]
    reason: Mapped[RejectReason | None]
    note: Mapped[str | None]
    patient_id: Mapped[UUID | None]
    contact_id: Mapped[UUID | None]
    attribution_id: Mapped[UUID | None]
    referral_id: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    emptied_at: Mapped[datetime | None]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    patient: Mapped[Patient | None] = relationship(viewonly=True, lazy="raise")
    contact: Mapped[Contact | None] = relationship(viewonly=True, lazy="raise")


class IntakeFingerprint(Base):
    """The newest group that came with a sender's fingerprint. Whoever stages one locks it."""

    __tablename__ = "intake_fingerprint"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(primary_key=True)
    group_id: Mapped[UUID]
    received_at: Mapped[datetime]


class MapKind(StrEnum):
    """What of a form is mapped."""

    PROJECT = "project"
    SOURCE = "source"


class IntakeMapEntry(Versioned, Base):
    """What a form's source, or a project, is here. `referral_role` is empty where all are meant."""

    __tablename__ = "intake_map"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "referral_source_id"], ["referral_source.org_id", "referral_source.id"]
        ),
        ForeignKeyConstraint(
            ["org_id", "referral_partner_id"], ["referral_partner.org_id", "referral_partner.id"]
        ),
    )

    org_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[MapKind] = mapped_column(primary_key=True)
    outside_id: Mapped[str] = mapped_column(primary_key=True)
    referral_role: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID]
    referral_source_id: Mapped[UUID | None]
    referral_partner_id: Mapped[UUID | None]

    referral_source: Mapped[ReferralSource | None] = relationship(viewonly=True, lazy="raise")
    referral_partner: Mapped[ReferralPartner | None] = relationship(viewonly=True, lazy="raise")
