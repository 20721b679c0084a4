"""The rows of an outcome: read and locked by one statement, written by another.

There is one of each for every attempt, so they are built once, and rows are made by hand: a unit of
work took three times as long for the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Column, Table, Update, bindparam, func, inspect, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ereferral_dispatch.models import Attempt, Base, Ereferral, Lane

RowT = TypeVar("RowT", bound=Base)


@dataclass(frozen=True, slots=True)
class Locked:
    """An attempt and its e-referral, both locked, and their lane, which is not.

    `lane` is None where the e-referral came into another while it was waited for. `now` is the
    transaction's time.
    """

    row: Ereferral
    attempt: Attempt
    lane: Lane | None
    now: datetime


def _table(model: type[Base]) -> Table:
    table = inspect(model).local_table
    assert isinstance(table, Table)
    return table


def _changing(model: type[Base]) -> list[Column[Any]]:
    """All but the key and what the database gives."""
    return [c for c in _table(model).columns if not c.primary_key and c.server_default is None]


def _parameter(column: Column[Any]) -> str:
    """No column's name: SQLAlchemy would set that column, too."""
    return f"{column.table.name}__{column.key}"


def _writing(model: type[Base]) -> Update:
    table = _table(model)
    return (
        update(table)
        .where(*(c == bindparam(_parameter(c)) for c in table.primary_key.columns))
        .values({c: bindparam(_parameter(c), type_=c.type) for c in _changing(model)})
    )


_its_attempt = (Attempt.org_id == Ereferral.org_id) & (Attempt.ereferral_id == Ereferral.id)
_its_lane = (Lane.org_id == Ereferral.org_id) & (Lane.id == Ereferral.lane_id)
# Both are locked, and so both are read as who was first has left them; what is only joined is read
# as it was before the wait.
_READ = (
    select(_table(Ereferral), _table(Attempt), _table(Lane), func.now())
    .select_from(Ereferral)
    .join(Attempt, _its_attempt)
    .outerjoin(Lane, _its_lane)
    .where(
        Ereferral.org_id == bindparam("org_id"),
        Ereferral.id == bindparam("ereferral_id"),
        Attempt.number == bindparam("number"),
    )
    .with_for_update(key_share=True, of=(_table(Ereferral), _table(Attempt)))
)
_WRITE = _writing(Ereferral).add_cte(_writing(Attempt).cte("its_attempt"))
_LOCK_LANE = (
    select(_table(Lane))
    .where(Lane.org_id == bindparam("org_id"), Lane.id == bindparam("lane_id"))
    .with_for_update(key_share=True)
)
_WRITE_LANE = _writing(Lane)


async def read_locked(
    connection: AsyncConnection, org_id: str, ereferral_id: UUID, number: int
) -> Locked:
    """Lock an attempt and its e-referral, and read them."""
    found = await connection.execute(
        _READ, {"org_id": org_id, "ereferral_id": ereferral_id, "number": number}
    )
    values = iter(found.one())
    row, attempt, lane = _made(Ereferral, values), _made(Attempt, values), _made(Lane, values)
    # An outer join's missing row is all nulls, whatever the columns allow.
    is_there = any(getattr(lane, column.key) is not None for column in _table(Lane).primary_key)
    return Locked(row, attempt, lane if is_there else None, next(values))


async def write_locked(connection: AsyncConnection, locked: Locked) -> None:
    """Write the e-referral and the attempt as they are now."""
    await connection.execute(_WRITE, {**_values(locked.row), **_values(locked.attempt)})


async def lock_lane(connection: AsyncConnection, org_id: str, lane_id: UUID) -> Lane:
    """Lock a lane, and read it."""
    found = await connection.execute(_LOCK_LANE, {"org_id": org_id, "lane_id": lane_id})
    return _made(Lane, iter(found.one()))


async def write_lane(connection: AsyncConnection, lane: Lane) -> None:
    """Write a locked lane as it is now."""
    await connection.execute(_WRITE_LANE, _values(lane))


def _made(model: type[RowT], values: Iterator[Any]) -> RowT:
    return model(**{column.key: next(values) for column in _table(model).columns})


def _values(row: Base) -> dict[str, Any]:
    written = [*_table(type(row)).primary_key.columns, *_changing(type(row))]
    return {_parameter(column): getattr(row, column.key) for column in written}
