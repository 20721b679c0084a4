"""Pages of lists that may be long: counted and found in an index, fetched only where shown.

An org's rows lie all over their table. Whatever looks at each of them, to count, to filter or to
skip, must find what it asks for in the index itself; only the rows of the page are read.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from contracts.shapes import ListQuery


async def ids_of_page(
    session: AsyncSession,
    id_: ColumnElement[UUID] | InstrumentedAttribute[UUID],
    wanted: Sequence[ColumnElement[bool]],
    order: Sequence[ColumnElement[Any] | InstrumentedAttribute[Any]],
    query: ListQuery,
) -> tuple[list[UUID], int]:
    """The ids of the asked page in their order, and how many there are on all pages.

    `id_` is the id of the table that `wanted` and `order` are about.
    """
    total = await session.scalar(select(func.count(id_)).where(*wanted)) or 0
    skipped = (query.page - 1) * query.page_size
    if skipped >= total:
        return [], total
    page = select(id_).where(*wanted).order_by(*order).limit(query.page_size).offset(skipped)
    return list(await session.scalars(page)), total
