"""Attributions of patients."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contracts.referral_attribution import AttributionRole
from services.referrals.models.base import Base, Versioned
from services.referrals.models.directory import Patient, Provider
from services.referrals.models.partner import ReferralPartner
from services.referrals.models.source import ReferralSource


class ReferralAttribution(Versioned, Base):
    """What brought a patient: one of the four references is set."""

    __tablename__ = "referral_attribution"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "patient_id"], ["patient.org_id", "patient.id"]),
        ForeignKeyConstraint(
            ["org_id", "referral_source_id"], ["referral_source.org_id", "referral_source.id"]
        ),
        ForeignKeyConstraint(
            ["org_id", "referral_partner_id"], ["referral_partner.org_id", "referral_partner.id"]
        ),
        ForeignKeyConstraint(["org_id", "provider_id"], ["provider.org_id", "provider.id"]),
        ForeignKeyConstraint(["org_id", "referring_patient_id"], ["patient.org_id", "patient.id"]),
    )

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID]
    attribution_role: Mapped[AttributionRole]
    source_note: Mapped[str | None]
    referral_source_id: Mapped[UUID | None]
    referral_partner_id: Mapped[UUID | None]
    provider_id: Mapped[UUID | None]
    referring_patient_id: Mapped[UUID | None]
    attributed_at: Mapped[datetime]

    patient: Mapped[Patient] = relationship(
        primaryjoin=lambda: (
            (ReferralAttribution.org_id == Patient.org_id)
            & (ReferralAttribution.patient_id == Patient.id)
        ),
        viewonly=True,
        lazy="raise",
    )
    referral_source: Mapped[ReferralSource | None] = relationship(viewonly=True, lazy="raise")
    referral_partner: Mapped[ReferralPartner | None] = relationship(viewonly=True, lazy="raise")
    provider: Mapped[Provider | None] = relationship(viewonly=True, lazy="raise")
    referring_patient: Mapped[Patient | None] = relationship(
        primaryjoin=lambda: (
            (ReferralAttribution.org_id == Patient.org_id)
            & (ReferralAttribution.referring_patient_id == Patient.id)
        ),
        viewonly=True,
        lazy="raise",
    )
