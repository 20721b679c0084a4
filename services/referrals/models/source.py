"""Referral sources, their figures, their costs, and the org's counter."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Numeric
from sqlalchemy.orm import Mapped, mapped_column, relationship

from contracts.money import DECIMALS
from contracts.referral_source import SourceCategory
from services.referrals.models.base import Base, Versioned
from services.referrals.models.directory import Patient
from services.referrals.models.partner import ReferralPartner


class OrgCounter(Base):
    """What an org counts: its sources. Whoever makes a source locks it, so that none is skipped."""

    __tablename__ = "org_counter"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    last_sort_order: Mapped[int]


class SourceFigures(Base):
    """How many patients a source brought and what it cost: what lists would else count each time.

    Kept, because counting an org's 50,000 attributions takes a list past its 50 ms. Kept beside the
    source and not in its row, because many messages move them: they are locked last of all
    (`services.referrals.handlers.source_figures`), and a source's own row is left alone.
    """

    __tablename__ = "referral_source_figures"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "referral_source_id"], ["referral_source.org_id", "referral_source.id"]
        ),
    )

    org_id: Mapped[str] = mapped_column(primary_key=True)
    referral_source_id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_count: Mapped[int]
    total_cost: Mapped[Decimal] = mapped_column(Numeric(20, DECIMALS))


class ReferralSource(Versioned, Base):
    """A referral source. `search_text` is its name, case-folded."""

    __tablename__ = "referral_source"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "linked_patient_id"], ["patient.org_id", "patient.id"]),
        ForeignKeyConstraint(
            ["org_id", "linked_referral_partner_id"],
            ["referral_partner.org_id", "referral_partner.id"],
        ),
    )

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    category: Mapped[SourceCategory]
    description: Mapped[str | None]
    is_active: Mapped[bool]
    linked_patient_id: Mapped[UUID | None]
    linked_referral_partner_id: Mapped[UUID | None]
    sort_order: Mapped[int]
    search_text: Mapped[str]

    figures: Mapped[SourceFigures] = relationship(viewonly=True, lazy="raise")
    linked_patient: Mapped[Patient | None] = relationship(viewonly=True, lazy="raise")
    linked_referral_partner: Mapped[ReferralPartner | None] = relationship(
        viewonly=True, lazy="raise"
    )


class ReferralSourceCost(Versioned, Base):
    """What was spent on a source for the days from `period_start` through `period_end`."""

    __tablename__ = "referral_source_cost"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "referral_source_id"], ["referral_source.org_id", "referral_source.id"]
        ),
    )

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    referral_source_id: Mapped[UUID]
    amount: Mapped[Decimal] = mapped_column(Numeric(12, DECIMALS))
    period_start: Mapped[date]
    period_end: Mapped[date]
    notes: Mapped[str | None]
