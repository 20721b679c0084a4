"""Reading the rows that wait for a person, and which row is which resource."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.connecting import ImportKind
from contracts.external_id import LIST_EXTERNAL_IDS, ExternalIdList
from contracts.external_id import ExternalId as ExternalIdResource
from contracts.import_row import LIST_IMPORT_ROWS, ImportRow, ImportRowList
from contracts.shapes import Listed, Listing
from messaging.handlers.pages import read_list, rows_by_id
from messaging.handlers.reader import reads
from services.connectors.models import ExternalId, StagedRow
from services.connectors.queries.connection import check_connection
from services.connectors.resources import external_id_resource, import_row_resource


async def rows(query: ImportRowList, session: AsyncSession, _: datetime) -> Listed[ImportRow]:
    if query.connection_uuid is not None:
        await check_connection(session, query.org_id, query.connection_uuid)

    async def shown(ids: Sequence[UUID]) -> dict[UUID, ImportRow]:
        found = await rows_by_id(session, StagedRow, query.org_id, ids)
        return {id_: import_row_resource(row) for id_, row in found.items()}

    wanted: list[ColumnElement[bool]] = [
        StagedRow.org_id == query.org_id,
        StagedRow.code.is_not(None),
    ]
    if query.connection_uuid is not None:
        wanted.append(StagedRow.connection_id == query.connection_uuid)
    if query.kind is not None:
        wanted.append(StagedRow.kind == query.kind)
    if query.code is not None:
        wanted.append(StagedRow.code == query.code)
    if query.resolved is not None:
        is_open = StagedRow.resolved_at.is_(None)
        wanted.append(~is_open if query.resolved else is_open)
    order = (StagedRow.created_at, StagedRow.id)
    return await read_list(session, query, StagedRow, wanted, order=order, shown=shown)


async def unresolved(
    session: AsyncSession, *wanted: ColumnElement[bool]
) -> dict[tuple[str, UUID], dict[str, int]]:
    """How many rows of each connection wait for a person, by code. The key: org and connection."""
    counted = await session.execute(
        select(StagedRow.org_id, StagedRow.connection_id, StagedRow.code, func.count())
        .where(StagedRow.code.is_not(None), StagedRow.resolved_at.is_(None), *wanted)
        .group_by(StagedRow.org_id, StagedRow.connection_id, StagedRow.code)
    )
    found: dict[tuple[str, UUID], dict[str, int]] = defaultdict(dict)
    for org_id, connection_id, code, number in counted:
        found[org_id, connection_id][str(code)] = number
    return found


def _patients_in(shown: Listed[ImportRow]) -> list[UUID]:
    """The patients who are in, without some of their fields."""
    return [
        row.uuid for row in shown.items if row.kind is ImportKind.PATIENT and row.uuid is not None
    ]


async def external_ids(
    query: ExternalIdList, session: AsyncSession, _: datetime
) -> Listed[ExternalIdResource]:
    """A page of them. Their key is no id, so that a cursor is refused as one of another list's."""
    if query.connection_uuid is not None:
        await check_connection(session, query.org_id, query.connection_uuid)
    wanted: list[ColumnElement[bool]] = [ExternalId.org_id == query.org_id]
    for column, value in (
        (ExternalId.connection_id, query.connection_uuid),
        (ExternalId.kind, query.kind),
        (ExternalId.external_id, query.external_id),
        (ExternalId.uuid, query.uuid),
    ):
        if value is not None:
            wanted.append(column == value)
    found = await session.scalars(
        select(ExternalId)
        .where(*wanted)
        .order_by(ExternalId.connection_id, ExternalId.kind, ExternalId.external_id)
        .limit(query.page_size)
        .offset((query.page - 1) * query.page_size)
    )
    total = await session.scalar(select(func.count()).select_from(ExternalId).where(*wanted))
    return Listing.model_construct(
        items=[external_id_resource(row) for row in found],
        page=query.page,
        page_size=query.page_size,
        total=total or 0,
    )


async def _patients(
    query: ExternalIdList, shown: Listed[ExternalIdResource], session: AsyncSession
) -> Sequence[UUID]:
    """Whose numbers an answer names."""
    return [one.uuid for one in shown.items if one.kind is ImportKind.PATIENT]


READERS = [
    reads(LIST_IMPORT_ROWS, rows, patients=_patients_in),
    reads(LIST_EXTERNAL_IDS, external_ids, find_patients=_patients),
]
