"""Columns of times, texts and enumerations, for the mapped tables of every service."""

import enum
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import DateTime, Dialect, Enum, Text, TypeDecorator


class Moment(TypeDecorator[datetime]):
    """An aware time of the years 1 to 9999.

    asyncpg writes the first and the last of them as infinities, and reads these without an offset.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


def _values(members: type[enum.Enum]) -> list[str]:
    return [member.value for member in members]


COLUMN_TYPES: Final[Mapping[Any, Any]] = {
    datetime: Moment,
    str: Text,
    enum.Enum: Enum(
        enum.Enum,
        native_enum=False,
        length=None,
        validate_strings=True,
        values_callable=_values,
    ),
}
"""The `type_annotation_map` of a service's declarative base.

Texts are unbounded in the table: their length is the contract's to judge. An enumeration is text
there too, closed by a check constraint that a migration writes (`messaging.database.migrations`),
and a member of its class in Python: another value is refused on its way in (StatementError) and on
its way out (LookupError).
"""
