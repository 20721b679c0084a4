"""The base of referrals' mapped tables. Every key and foreign key holds the org."""

from datetime import datetime
from typing import Any, ClassVar, Final

from sqlalchemy import FetchedValue, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, mapped_column

from messaging.database.columns import COLUMN_TYPES

AT_COMMIT: Final[dict[str, Any]] = {"deferrable": True, "initially": "DEFERRED"}
"""Of a foreign key that is looked at when all is written: changed rows go out before new ones."""


class Base(DeclarativeBase):
    """The base of all of them."""

    metadata = MetaData(naming_convention={"fk": "fk_%(table_name)s_%(column_0_N_name)s"})
    type_annotation_map: ClassVar = COLUMN_TYPES


def made_by_the_database() -> MappedColumn[str | None]:
    """A column that the database computes for an index: nothing but statements looks at it."""
    return mapped_column(
        server_default=FetchedValue(),
        server_onupdate=FetchedValue(for_update=True),
        deferred=True,
        deferred_raiseload=True,
    )


class Versioned:
    """What every resource's row has."""

    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class Reachable:
    """Where somebody can be reached. Numbers are in E.164."""

    email: Mapped[str | None]
    phone: Mapped[str | None]
    fax: Mapped[str | None]
    address_line1: Mapped[str | None]
    address_line2: Mapped[str | None]
    city: Mapped[str | None]
    state: Mapped[str | None]
    postal_code: Mapped[str | None]
