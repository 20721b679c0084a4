"""A reader: how a service answers one kind of query, declared once for each operation."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.shapes import Query, Shape

QueryT = TypeVar("QueryT", bound=Query)


@dataclass(frozen=True, slots=True)
class Reader(Generic[QueryT]):
    """How one kind of query is read. Raises Refusal where what it names is not there.

    `patients`: whose data an answer shows, for the audit trail; `find_patients` where the answer
    itself does not name them.
    """

    message: type[QueryT]
    read: Callable[[QueryT, AsyncSession, datetime], Awaitable[Shape]]
    patients: Callable[[Any], Collection[UUID]] | None = None
    find_patients: Callable[[QueryT, Any, AsyncSession], Awaitable[Collection[UUID]]] | None = None


Readers = Mapping[str, Reader[Any]]
