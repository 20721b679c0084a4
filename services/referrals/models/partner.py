"""Referral partners."""

from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from contracts.referral_partner import ContactMethod, ContactType
from services.referrals.models.base import Base, Reachable, Versioned, made_by_the_database


class ReferralPartner(Reachable, Versioned, Base):
    """A referral partner. For the lists: `sort_name` is the display name lower-cased, `name_text`
    the same, `search_text` and `specialty_text` case-folded.

    The keys are the database's own copies for the list's index, null where they would be too
    long for it: nobody but the list looks at them.
    """

    __tablename__ = "referral_partner"
    __mapper_args__ = {"eager_defaults": False}  # noqa: RUF012

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    contact_type: Mapped[ContactType]
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    practice_name: Mapped[str | None]
    npi: Mapped[str | None]
    specialty: Mapped[str | None]
    country: Mapped[str]
    notes: Mapped[str | None]
    is_active: Mapped[bool]
    accepts_ereferral: Mapped[bool]
    ereferral_endpoint: Mapped[str | None]
    preferred_contact_method: Mapped[ContactMethod | None]
    sort_name: Mapped[str] = mapped_column(Text(collation="C"))
    name_text: Mapped[str | None]
    search_text: Mapped[str]
    specialty_text: Mapped[str | None]
    name_key: Mapped[str | None] = made_by_the_database()
    search_key: Mapped[str | None] = made_by_the_database()
    specialty_key: Mapped[str | None] = made_by_the_database()
