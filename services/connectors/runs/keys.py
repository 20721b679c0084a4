"""Rows of a connection by what they are called there: each is looked up in an index."""

from collections.abc import Iterable
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Uuid, any_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.connecting import ImportKind
from messaging.database.lookups import keys, rows_by_keys
from services.connectors.models import ExternalId, StagedRow
from services.connectors.runs.context import RunContext

Key = tuple[ImportKind, str]
"""The kind and the external id of a row."""

Held = TypeVar("Held", ExternalId, StagedRow)


async def rows_of(
    session: AsyncSession,
    context: RunContext,
    model: type[Held],
    names: Iterable[Key],
    *,
    locked: bool = False,
) -> dict[Key, Held]:
    """The rows of the run's connection that are one of these, in the order of their keys.

    `locked`: nobody else changes them until the transaction ends.
    """
    org_id, id_ = _connection(context)
    wanted = [(org_id, id_, kind, external_id) for kind, external_id in sorted(names)]
    if not wanted:
        return {}
    found = await session.scalars(rows_by_name(model, locked=locked), keys(wanted))
    return {(row.kind, row.external_id): row for row in found}


async def children_of(
    session: AsyncSession,
    context: RunContext,
    below: Select[Any],
    parents: Iterable[str],
) -> list[tuple[str, str, int | None]]:
    """Parent, external id and rank of the rows below one of these parents.

    `below`: a statement of `rows_by_parent`, which is made once.
    """
    wanted = [(*_connection(context), parent) for parent in sorted(parents)]
    return list(await session.execute(below, keys(wanted))) if wanted else []


def _connection(context: RunContext) -> tuple[str, UUID]:
    return context.org_id, context.claimed.id


@cache
def rows_by_name(model: type[Held], *, locked: bool) -> Select[Any]:
    """The statement of `rows_of`: made once."""
    rows = select(model).with_for_update(key_share=True) if locked else select(model)
    columns = (model.org_id, model.connection_id, model.kind, model.external_id)
    return rows_by_keys(rows, columns, model=model)


def rows_by_parent(model: type[Held], *which: ColumnElement[bool]) -> Select[Any]:
    """The statement that finds the rows which are `which`, by their parents."""
    rows = select(model.parent, model.external_id, model.rank).where(*which)
    columns = (model.org_id, model.connection_id, model.parent)
    return rows_by_keys(rows, columns, several=True)


def one_of(column: Any, uuids: Iterable[UUID]) -> ColumnElement[bool]:
    """Whether a column holds one of these."""
    asked = bindparam("uuids", list(uuids), type_=ARRAY(Uuid()))
    found: ColumnElement[bool] = column == any_(asked)
    return found
