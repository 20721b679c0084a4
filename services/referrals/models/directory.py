"""The mirrored directory: patients, providers and the practice."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from services.referrals.models.base import Base, Reachable, Versioned, made_by_the_database


class Observed:
    """What every mirrored row has: when the practice-management system last saw it so.

    A row with version 0 is a tombstone: an archive came for what was never put.
    """

    observed_at: Mapped[datetime]


class Patient(Observed, Versioned, Base):
    """A patient, mirrored.

    `phone_given` and `phone_country`: a national number as it was put, and the country by which it
    was read; null where the number named its own. For the lists: `sort_name` is lower-cased;
    `search_text` has name, phone and e-mail, a line each, case-folded. `search_key` is the
    database's own copy of it for an index, null where it would be too long for one. By `name_key`
    and `email_key`, the database's too, a row from outside is compared with them.
    """

    __tablename__ = "patient"
    __mapper_args__ = {"eager_defaults": False}  # noqa: RUF012

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    date_of_birth: Mapped[date | None]
    phone: Mapped[str | None]
    phone_given: Mapped[str | None]
    phone_country: Mapped[str | None]
    email: Mapped[str | None]
    sort_name: Mapped[str | None] = mapped_column(Text(collation="C"))
    search_text: Mapped[str | None]
    search_key: Mapped[str | None] = made_by_the_database()
    name_key: Mapped[str | None] = made_by_the_database()
    email_key: Mapped[str | None] = made_by_the_database()


class Provider(Observed, Versioned, Base):
    """A practitioner of the practice, mirrored. `sort_name` and `search_text`: as a patient's."""

    __tablename__ = "provider"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    npi: Mapped[str | None]
    sort_name: Mapped[str | None] = mapped_column(Text(collation="C"))
    search_text: Mapped[str | None]


class Practice(Observed, Reachable, Versioned, Base):
    """The practice, mirrored: one for each org. Its country is null until a put has said it."""

    __tablename__ = "practice"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID]
    name: Mapped[str | None]
    npi: Mapped[str | None]
    country: Mapped[str | None]
    time_zone: Mapped[str | None]
