"""The mirrored directory: patients, providers and the practice."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Computed
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from services.referrals.models.base import Base, Reachable, Versioned


class Observed:
    """What every mirrored row has: when the practice-management system last saw it so.

    A row with version 0 is a tombstone: an archive came for what was never put.
    """

    observed_at: Mapped[datetime]


class Patient(Observed, Versioned, Base):
    """A patient, mirrored.

    `phone_given` and `phone_country`: a national number as it was put, and the country by which it
    was read; null where the number named its own. `name_key` and `email_key` are PostgreSQL's: a
    row from outside is compared with them, and no command looks at them.
    """

    __tablename__ = "patient"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    date_of_birth: Mapped[date | None]
    phone: Mapped[str | None]
    phone_given: Mapped[str | None]
    phone_country: Mapped[str | None]
    email: Mapped[str | None]
    name_key: Mapped[str | None] = mapped_column(Computed("lower(name)"), deferred=True)
    email_key: Mapped[str | None] = mapped_column(Computed("lower(email)"), deferred=True)

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        """Else each insert would read back the keys that it made."""
        return {"eager_defaults": False}


class Provider(Observed, Versioned, Base):
    """A practitioner of the practice, mirrored."""

    __tablename__ = "provider"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    npi: Mapped[str | None]


class Practice(Observed, Reachable, Versioned, Base):
    """The practice, mirrored: one for each org."""

    __tablename__ = "practice"

    org_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID]
    name: Mapped[str | None]
    npi: Mapped[str | None]
    time_zone: Mapped[str | None]
