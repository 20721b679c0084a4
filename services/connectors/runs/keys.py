"""Rows by their keys: each is looked up in an index, whatever the planner believes of the table.

Left to choose, it reads all rows of a connection for each page: where a table has no statistics
yet, as in the first minute of an import, and where it takes org and connection for independent.
A lateral subquery with a limit or an offset is not merged into what is around it. One text of a
statement for any number of keys.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    func,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from contracts.connecting import ImportKind
from services.connectors.models import ExternalId, StagedRow
from services.connectors.runs.context import RunContext

Key = tuple[ImportKind, str]
"""The kind and the external id of a row."""

Held = TypeVar("Held", ExternalId, StagedRow)


async def rows_of(
    session: AsyncSession,
    context: RunContext,
    model: type[Held],
    keys: Iterable[Key],
    *,
    locked: bool = False,
) -> dict[Key, Held]:
    """The rows of the run's connection that are one of these, in the order of their keys.

    `locked`: nobody else changes them until the transaction ends.
    """
    wanted = sorted(keys)
    found = await session.scalars(
        rows_by_key(model, locked=locked),
        {
            **_connection(context),
            "kinds": [kind.value for kind, _ in wanted],
            "ids": [external_id for _, external_id in wanted],
        },
    )
    return {(row.kind, row.external_id): row for row in found}


async def children_of(
    session: AsyncSession,
    context: RunContext,
    below: Select[str, str, int | None],
    parents: Iterable[str],
) -> list[tuple[str, str, int | None]]:
    """Parent, external id and rank of the rows below one of these parents.

    `below`: a statement of `rows_by_parent`, which is made once.
    """
    found = await session.execute(below, {**_connection(context), "parents": sorted(parents)})
    return list(found)


def _connection(context: RunContext) -> dict[str, Any]:
    return {"org_id": context.org_id, "connection_id": context.claimed.id}


@cache
def rows_by_key(model: type[Held], *, locked: bool) -> Select[Held]:
    """The statement of `rows_of`: made once."""
    asked = (
        func.unnest(bindparam("kinds", type_=ARRAY(Text())), bindparam("ids", type_=ARRAY(Text())))
        .table_valued("kind", "external_id", name="asked")
        .render_derived()
    )
    one = (
        select(model)
        .where(
            *_of_connection(model),
            model.kind == asked.c.kind,
            model.external_id == asked.c.external_id,
        )
        .limit(1)
    )
    if locked:
        one = one.with_for_update(key_share=True)
    found = one.lateral("found")
    return select(aliased(model, found)).select_from(asked).join(found, true())


def rows_by_parent(model: type[Held], *which: ColumnElement[bool]) -> Select[str, str, int | None]:
    """The statement that finds the rows which are `which`, by their parents."""
    asked = (
        func.unnest(bindparam("parents", type_=ARRAY(Text())))
        .table_valued("parent", name="asked")
        .render_derived()
    )
    found = (
        select(model.parent, model.external_id, model.rank)
        .where(*_of_connection(model), model.parent == asked.c.parent, *which)
        .offset(0)
        .lateral("found")
    )
    return (
        select(found.c.parent, found.c.external_id, found.c.rank)
        .select_from(asked)
        .join(found, true())
    )


def _of_connection(model: type[Held]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return model.org_id == bindparam("org_id"), model.connection_id == bindparam("connection_id")


def one_of(column: Any, uuids: Iterable[UUID]) -> ColumnElement[bool]:
    """Whether a column holds one of these."""
    asked = bindparam("uuids", list(uuids), type_=ARRAY(Uuid()))
    found: ColumnElement[bool] = column == any_(asked)
    return found
