"""Lists: pages for people, and cursors for whoever reads everything; counted and found in an index.

An org's rows lie all over their table. Whatever looks at each of them, to count, to filter or to
skip, should find what it asks for in the index itself; only the rows that are shown are read.

A cursor goes on behind an id, and an id never changes: a row that is there throughout is read
once, whatever is renamed, archived or created meanwhile.
"""

import binascii
import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    TableValuedAlias,
    Text,
    Uuid,
    and_,
    column,
    func,
    literal,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.orm.interfaces import ORMOption

from contracts.problems import FieldError, invalid
from contracts.shapes import Listed, Listing, ListQuery, Shape, Stretch

ShapeT = TypeVar("ShapeT", bound=Shape)

Conditions = Sequence[ColumnElement[bool]]
Order = Sequence[ColumnElement[Any] | InstrumentedAttribute[Any]]
Shown = Callable[[Sequence[UUID]], Awaitable[Mapping[UUID, ShapeT]]]
"""The rows of these ids as they are shown."""

_CURSOR_VERSION = "1"
_CHECK_BYTES = 2
_ID_BYTES = 16
_FIRST_ID = UUID(int=0)


async def read_list(
    session: AsyncSession,
    query: ListQuery,
    model: type[Any],
    wanted: Conditions,
    *,
    order: Order,
    shown: Shown[ShapeT],
) -> Listed[ShapeT]:
    """What is asked of the rows of `model` that are `wanted`.

    A page comes in its `order`, a cursor's stretch by id. Raises Refusal `validation_error` as
    `check_cursor` does.
    """
    after = _position(query)
    if after is None:
        return await _page(session, query, model, wanted, order, shown)
    found = await session.scalars(
        select(model.id)
        .where(*wanted, *([model.id > after] if query.cursor else []))
        .order_by(model.id)
        .limit(query.page_size + 1)
    )
    # One more than is shown says whether there is more.
    ids = found.all()
    there_is_more = len(ids) > query.page_size
    ids = ids[: query.page_size]
    return Stretch.model_construct(
        items=await _items(ids, shown),
        page_size=query.page_size,
        next_cursor=cursor_behind(query, ids[-1]) if there_is_more else None,
    )


async def _page(
    session: AsyncSession,
    query: ListQuery,
    model: type[Any],
    wanted: Conditions,
    order: Order,
    shown: Shown[ShapeT],
) -> Listing[ShapeT]:
    total = await session.scalar(select(func.count(model.id)).where(*wanted)) or 0
    skipped = (query.page - 1) * query.page_size
    page = select(model.id).where(*wanted).order_by(*order)
    # Past the end nothing is asked: a page may have a number that the database cannot count to.
    ids = (
        (await session.scalars(page.limit(query.page_size).offset(skipped))).all()
        if skipped < total
        else ()
    )
    return Listing.model_construct(
        items=await _items(ids, shown),
        page=query.page,
        page_size=query.page_size,
        total=total,
    )


async def _items(ids: Sequence[UUID], shown: Shown[ShapeT]) -> list[ShapeT]:
    if not ids:
        return []
    by_id = await shown(ids)
    return [by_id[id_] for id_ in ids]


async def rows_by_id(
    session: AsyncSession, model: type[Any], org_id: str, ids: Sequence[UUID], *options: ORMOption
) -> dict[UUID, Any]:
    """These rows of an org."""
    keys = as_table(org_id, ids)
    rows = await session.scalars(
        select(model)
        .join(keys, and_(model.org_id == keys.c.org_id, model.id == keys.c.id))
        .options(*options)
    )
    return {row.id: row for row in rows}


def rows_as(
    session: AsyncSession,
    org_id: str,
    model: type[Any],
    shape: Callable[[Any], ShapeT],
    *options: ORMOption,
) -> Shown[ShapeT]:
    """The rows of an org as `shape` shows each, for `read_list`."""

    async def shown(ids: Sequence[UUID]) -> dict[UUID, ShapeT]:
        rows = await rows_by_id(session, model, org_id, ids, *options)
        return {id_: shape(row) for id_, row in rows.items()}

    return shown


def as_table(org_id: str, ids: Sequence[UUID]) -> TableValuedAlias:
    """The keys as a table to join to: whatever the planner believes of an org's size, each of them
    is looked up."""
    orgs = literal([org_id] * len(ids), ARRAY(Text))
    return (
        func.unnest(orgs, literal(list(ids), ARRAY(Uuid)))
        .table_valued(column("org_id", Text), column("id", Uuid), name="asked")
        .render_derived()
    )


def contains(
    text: ColumnElement[str] | InstrumentedAttribute[Any], searched: str
) -> ColumnElement[bool]:
    """Whether a case-folded text holds the searched text; `%` and `_` are ordinary characters."""
    return text.contains(searched.casefold(), autoescape=True)


def check_cursor(query: ListQuery) -> None:
    """Raises Refusal `validation_error`: a page beside a cursor, or a cursor of something else."""
    _position(query)


def _position(query: ListQuery) -> UUID | None:
    """The id that the query's cursor goes on behind; None where it has none."""
    if query.cursor is None:
        return None
    if "page" in query.model_fields_set:
        raise invalid(
            [
                FieldError(
                    loc=[name],
                    type="page_and_cursor",
                    msg="Give page to look at one page, or cursor to read everything, not both",
                )
                for name in ("page", "cursor")
            ]
        )
    if query.cursor == "":
        return _FIRST_ID
    position = _read(query.cursor, _check(query))
    if position is None:
        message = (
            "Must be the next_cursor of the reply before, with the same filters, list and org; "
            'begin again with ""'
        )
        raise invalid([FieldError(loc=["cursor"], type="cursor_invalid", msg=message)])
    return position


def cursor_behind(query: ListQuery, last: UUID) -> str:
    """The text that goes on behind this id: a version, and base64 of the check and the id."""
    return _CURSOR_VERSION + urlsafe_b64encode(_check(query) + last.bytes).decode()


def _read(cursor: str, check: bytes) -> UUID | None:
    """The id in a cursor, None where it is none of ours or was made for something else."""
    try:
        held = b64decode(cursor[1:], altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    made_for, id_ = held[:_CHECK_BYTES], held[_CHECK_BYTES:]
    if cursor[0] != _CURSOR_VERSION or made_for != check or len(id_) != _ID_BYTES:
        return None
    return UUID(bytes=id_)


def _check(query: ListQuery) -> bytes:
    """Tells one list, org and set of filters from another: a mistake in 65,536 goes unnoticed.

    More would tell a name that was searched for to whoever tries many.
    """
    about = query.model_dump(
        mode="json", exclude={"page", "page_size", "cursor"}, exclude_none=True, warnings="none"
    )
    text = json.dumps([type(query).__name__, about], sort_keys=True)
    return sha256(text.encode()).digest()[:_CHECK_BYTES]
