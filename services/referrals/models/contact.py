"""Contacts, and whom they referred."""

from uuid import UUID

from sqlalchemy import ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.referrals.models.base import Base, Versioned
from services.referrals.models.directory import Observed, Patient, Provider
from services.referrals.models.partner import ReferralPartner


class Contact(Observed, Versioned, Base):
    """A contact, mirrored: at most one of the three links is set.

    `sort_name` is its name in lower case, `search_text` case-folded.
    """

    __tablename__ = "contact"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "patient_id"], ["patient.org_id", "patient.id"]),
        ForeignKeyConstraint(
            ["org_id", "referral_partner_id"], ["referral_partner.org_id", "referral_partner.id"]
        ),
        ForeignKeyConstraint(["org_id", "provider_id"], ["provider.org_id", "provider.id"]),
    )

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    patient_id: Mapped[UUID | None]
    referral_partner_id: Mapped[UUID | None]
    provider_id: Mapped[UUID | None]
    sort_name: Mapped[str | None]
    search_text: Mapped[str | None]

    patient: Mapped[Patient | None] = relationship(viewonly=True, lazy="raise")
    referral_partner: Mapped[ReferralPartner | None] = relationship(viewonly=True, lazy="raise")
    provider: Mapped[Provider | None] = relationship(viewonly=True, lazy="raise")


class ContactReferral(Versioned, Base):
    """That one contact referred another. `updated_at` has whole seconds."""

    __tablename__ = "contact_referral"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "referred_by_id"], ["contact.org_id", "contact.id"]),
        ForeignKeyConstraint(["org_id", "referred_to_id"], ["contact.org_id", "contact.id"]),
    )

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    referred_by_id: Mapped[UUID]
    referred_to_id: Mapped[UUID]

    referred_by: Mapped[Contact] = relationship(
        primaryjoin=lambda: (
            (ContactReferral.org_id == Contact.org_id)
            & (ContactReferral.referred_by_id == Contact.id)
        ),
        viewonly=True,
        lazy="raise",
    )
    referred_to: Mapped[Contact] = relationship(
        primaryjoin=lambda: (
            (ContactReferral.org_id == Contact.org_id)
            & (ContactReferral.referred_to_id == Contact.id)
        ),
        viewonly=True,
        lazy="raise",
    )
