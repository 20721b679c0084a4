"""Pages of a list, and the substring search that lists share."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from contracts.shapes import Listing, ListQuery, Shape

RowT = TypeVar("RowT")
ShapeT = TypeVar("ShapeT", bound=Shape)


async def page_of(
    session: AsyncSession,
    statement: Select[RowT],
    query: ListQuery,
    shown: Callable[[RowT], ShapeT],
) -> Listing[ShapeT]:
    """The asked page of what `statement` selects, and how many there are in all."""
    total = await session.scalar(
        select(func.count()).select_from(statement.order_by(None).subquery())
    )
    skipped = (query.page - 1) * query.page_size
    page = statement.limit(query.page_size).offset(skipped)
    # Past the end nothing is asked: a page may have a number that the database cannot count to.
    rows = await session.scalars(page) if skipped < (total or 0) else ()
    return Listing.model_construct(
        items=[shown(row) for row in rows],
        page=query.page,
        page_size=query.page_size,
        total=total or 0,
    )


def contains(column: InstrumentedAttribute[Any], searched: str) -> ColumnElement[bool]:
    """Whether a case-folded column holds the searched text; `%` and `_` are ordinary characters."""
    return column.contains(searched.casefold(), autoescape=True)
