"""Referral partners."""

from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from services.referrals.models.base import Base, Versioned


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
