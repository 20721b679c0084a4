"""Rows by their keys: one text of a statement for any number of them, which is planned once."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, Uuid, any_, bindparam, func, select, tuple_

from contracts.connecting import ImportKind
from services.connectors.models import ExternalId, StagedRow
from services.connectors.runs.context import RunContext

Key = tuple[ImportKind, str]
"""The kind and the external id of a row."""


def of_connection(
    context: RunContext, model: type[ExternalId] | type[StagedRow], keys: Iterable[Key]
) -> tuple[ColumnElement[bool], ...]:
    """Whether a row of the run's connection is one of these."""
    wanted = sorted(keys)
    asked = select(
        func.unnest(_array("kinds", [kind.value for kind, _ in wanted], Text())),
        func.unnest(_array("ids", [external_id for _, external_id in wanted], Text())),
    )
    return (
        model.org_id == context.org_id,
        model.connection_id == context.claimed.id,
        tuple_(model.kind, model.external_id).in_(asked),
    )


def one_of(column: Any, uuids: Iterable[UUID]) -> ColumnElement[bool]:
    """Whether a column holds one of these."""
    found: ColumnElement[bool] = column == any_(_array("uuids", list(uuids), Uuid()))
    return found


def _array(name: str, values: list[Any], of: Any) -> Any:
    return bindparam(name, values, type_=ARRAY(of))
