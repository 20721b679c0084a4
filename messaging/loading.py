"""Loading what a batch needs: one statement a table, in one order for everybody."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, and_, bindparam, column, func, inspect, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from messaging.workspace import Key, Need, Rows


async def load(session: AsyncSession, rows: Rows, needs: Iterable[tuple[str, Need]]) -> None:
    """Fetch the rows that are not in `rows` yet; what will be written is locked, by key.

    Tables come in the order of their names and rows in that of their keys, so that two replicas
    that want the same rows wait for one another and never each for the other.
    """
    wanted: dict[type[Any], dict[Key, bool]] = defaultdict(dict)
    for org_id, need in needs:
        key = (org_id, *need.key)
        if (need.model, key) not in rows.found:
            keys = wanted[need.model]
            keys[key] = keys.get(key, False) or need.writes
    for model in sorted(wanted, key=lambda model: model.__tablename__):
        keys = wanted[model]
        for locked in (True, False):
            chosen = sorted(key for key, writes in keys.items() if writes is locked)
            if chosen:
                await _fetch(session, rows, model, chosen, locked=locked)


async def _fetch(
    session: AsyncSession, rows: Rows, model: type[Any], keys: list[Key], *, locked: bool
) -> None:
    for key in keys:
        rows.found[model, key] = None
    columns = inspect(model).primary_key
    found = await session.scalars(
        _statement(model, locked=locked),
        {f"key_{n}": [key[n] for key in keys] for n in range(len(columns))},
    )
    for row in found:
        rows.found[model, tuple(getattr(row, c.key) for c in columns)] = row


def _statement(model: type[Any], *, locked: bool) -> Select[Any]:
    """The same text for any number of keys, so that it is prepared once."""
    columns = inspect(model).primary_key
    asked = (
        func.unnest(*(bindparam(f"key_{n}", type_=ARRAY(c.type)) for n, c in enumerate(columns)))
        .table_valued(*(column(c.key, c.type) for c in columns), name="asked")
        .render_derived()
    )
    statement = select(model).join(asked, and_(*(c == asked.c[c.key] for c in columns)))
    if locked:
        statement = statement.order_by(*columns).with_for_update(key_share=True, of=model)
    return statement
