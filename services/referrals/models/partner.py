"""Referral partners."""

from uuid import UUID

from sqlalchemy import FetchedValue, Text
from sqlalchemy.orm import Mapped, MappedColumn, mapped_column

from contracts.referral_partner import ContactMethod, ContactType
from services.referrals.models.base import Base, Reachable, Versioned


def _made_by_the_database() -> MappedColumn[str | None]:
    return mapped_column(
        server_default=FetchedValue(),
        server_onupdate=FetchedValue(for_update=True),
        deferred=True,
        deferred_raiseload=True,
    )


class ReferralPartner(Reachable, Versioned, Base):
    """A referral partner. For the list: `sort_name` is lower-cased, `search_text` and
    `specialty_text` are case-folded.

    The two keys are the database's own copies for the list's index, null where they would be too
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
    notes: Mapped[str | None]
    is_active: Mapped[bool]
    accepts_ereferral: Mapped[bool]
    ereferral_endpoint: Mapped[str | None]
    preferred_contact_method: Mapped[ContactMethod | None]
    sort_name: Mapped[str] = mapped_column(Text(collation="C"))
    search_text: Mapped[str]
    specialty_text: Mapped[str | None]
    search_key: Mapped[str | None] = _made_by_the_database()
    specialty_key: Mapped[str | None] = _made_by_the_database()
