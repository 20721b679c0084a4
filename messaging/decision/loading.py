"""Loading what a batch needs: one statement a table, in one order for everybody."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import Select, any_, bindparam, inspect, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapper

from messaging.database.lookups import keys, rows_by_keys
from messaging.handlers.workspace import Columns, Key, Need, Rows


async def load(session: AsyncSession, rows: Rows, needs: Iterable[tuple[str, Need]]) -> None:
    """Fetch the rows that are not in `rows` yet; what will be written is locked, by key.

    Tables come in the order of their names and rows in that of their keys, so that two replicas
    that want the same rows wait for one another and never each for the other.
    """
    wanted: dict[tuple[type[Any], Columns], dict[Key, bool]] = defaultdict(dict)
    for org_id, need in needs:
        key = (org_id, *need.key)
        if not rows.holds(need.model, need.by, key):
            of_table = wanted[need.model, need.by]
            of_table[key] = of_table.get(key, False) or need.writes
    for model, by in sorted(wanted, key=lambda table: (table[0].__tablename__, table[1])):
        of_table = wanted[model, by]
        for locked in (True, False):
            chosen = sorted(key for key, writes in of_table.items() if writes is locked)
            if chosen:
                await _fetch(session, rows, model, by, chosen, locked=locked)


async def _fetch(
    session: AsyncSession,
    rows: Rows,
    model: type[Any],
    by: Columns,
    wanted: list[Key],
    *,
    locked: bool,
) -> None:
    mapper = inspect(model)
    names = ("org_id", *by) if by else tuple(c.key for c in mapper.primary_key)
    found = await session.scalars(
        lookup(mapper, names, several=bool(by), locked=locked),
        keys(wanted),
    )
    if by:
        for key in wanted:
            rows.lists[model, by, key] = []
        for row in found:
            rows.lists[model, by, tuple(getattr(row, name) for name in names)].append(row)
        return
    for key in wanted:
        rows.found[model, key] = None
    for row in found:
        rows.found[model, tuple(getattr(row, name) for name in names)] = row


async def orgs_with(session: AsyncSession, model: type[Any], orgs: Iterable[str]) -> set[str]:
    """Those of these orgs that have a row of a table."""
    return set(await session.scalars(_orgs(inspect(model)), {"orgs": sorted(set(orgs))}))


@cache
def _orgs(mapper: Mapper[Any]) -> Select[Any]:
    held = mapper.columns["org_id"]
    return select(held).where(held == any_(bindparam("orgs", type_=ARRAY(held.type)))).distinct()


@cache
def lookup(
    mapper: Mapper[Any], names: tuple[str, ...], *, several: bool, locked: bool
) -> Select[Any]:
    """The statement that finds rows by the values of these columns: made once. `several`: they do
    not name one row."""
    rows = select(mapper)
    if several:
        rows = rows.order_by(*mapper.primary_key)
    if locked:
        rows = rows.with_for_update(key_share=True)
    columns = [mapper.columns[name] for name in names]
    return rows_by_keys(rows, columns, model=mapper.class_, several=several)
