"""A reader: how a service replies to one kind of query."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.operations import Operation, QueryT, ShapeT
from contracts.shapes import Shape


@dataclass(frozen=True, slots=True)
class Reader(Generic[QueryT]):
    """How one kind of query is read. Raises Refusal where what it names is not there.

    `patients`: whose data a reply shows, for the audit trail; `find_patients` where the reply
    itself does not name them.
    """

    message: type[QueryT]
    read: Callable[[QueryT, AsyncSession, datetime], Awaitable[Shape]]
    patients: Callable[[Any], Collection[UUID]] | None = None
    find_patients: Callable[[QueryT, Any, AsyncSession], Awaitable[Collection[UUID]]] | None = None


def about_nobody(_: object) -> tuple[UUID, ...]:
    """The `patients` of a reader that tells of no patient: a partner, a provider, the practice."""
    return ()


Readers = Mapping[str, Reader[Any]]
"""By the name of the operation."""
NamedReader = tuple[str, Reader[Any]]


def reads(
    operation: Operation[QueryT, ShapeT],
    read: Callable[[QueryT, AsyncSession, datetime], Awaitable[ShapeT]],
    *,
    patients: Callable[[ShapeT], Collection[UUID]] | None = None,
    find_patients: Callable[[QueryT, ShapeT, AsyncSession], Awaitable[Collection[UUID]]]
    | None = None,
) -> NamedReader:
    """The reader of a query, under its name; it takes its request and gives its reply.

    One of `patients` and `find_patients` is given: nothing is left out of the trail in silence.
    """
    return operation.name, Reader(operation.request, read, patients, find_patients)
