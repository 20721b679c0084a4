"""Reading connections and their runs."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.connection import (
    GET_CONNECTION,
    LIST_CONNECTION_RUNS,
    LIST_CONNECTIONS,
    ConnectionGet,
    ConnectionList,
    ConnectionRun,
    ConnectionRuns,
)
from contracts.connection import Connection as Resource
from contracts.problems import ProblemCode, not_found
from contracts.shapes import Listed
from messaging.handlers.pages import read_list, rows_by_id
from messaging.handlers.reader import about_nobody, reads
from services.connectors.models import Connection, Run, StagedRow
from services.connectors.resources import connection_resource, run_resource


async def get(query: ConnectionGet, session: AsyncSession, _: datetime) -> Resource:
    row = await check_connection(session, query.org_id, query.connection_uuid)
    waiting = await _waiting(session, query.org_id, [row.id])
    return connection_resource(row, waiting=waiting.get(row.id, 0))


async def list_(query: ConnectionList, session: AsyncSession, _: datetime) -> Listed[Resource]:
    async def shown(ids: Sequence[UUID]) -> dict[UUID, Resource]:
        rows = await rows_by_id(session, Connection, query.org_id, ids)
        waiting = await _waiting(session, query.org_id, ids)
        return {
            id_: connection_resource(row, waiting=waiting.get(id_, 0)) for id_, row in rows.items()
        }

    wanted = [Connection.org_id == query.org_id, Connection.removed_at.is_(None)]
    order = (Connection.name, Connection.id)
    return await read_list(session, query, Connection, wanted, order=order, shown=shown)


async def runs(query: ConnectionRuns, session: AsyncSession, _: datetime) -> Listed[ConnectionRun]:
    await check_connection(session, query.org_id, query.connection_uuid)

    async def shown(ids: Sequence[UUID]) -> dict[UUID, ConnectionRun]:
        rows = await rows_by_id(session, Run, query.org_id, ids)
        return {id_: run_resource(row) for id_, row in rows.items()}

    wanted = [Run.org_id == query.org_id, Run.connection_id == query.connection_uuid]
    order = (Run.started_at.desc(), Run.id.desc())
    return await read_list(session, query, Run, wanted, order=order, shown=shown)


async def check_connection(session: AsyncSession, org_id: str, uuid: UUID) -> Connection:
    """The connection. Raises Refusal `connection_not_found`."""
    row = await session.get(Connection, (org_id, uuid))
    if row is None or row.removed_at is not None:
        raise not_found(ProblemCode.CONNECTION_NOT_FOUND, ["connection_uuid"])
    return row


async def _waiting(session: AsyncSession, org_id: str, ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many rows of each connection are not applied."""
    counted = await session.execute(
        select(StagedRow.connection_id, func.count())
        .where(
            StagedRow.org_id == org_id,
            StagedRow.connection_id.in_(ids),
            StagedRow.state != "done",
        )
        .group_by(StagedRow.connection_id)
    )
    return {row[0]: row[1] for row in counted}


READERS = [
    reads(GET_CONNECTION, get, patients=about_nobody),
    reads(LIST_CONNECTIONS, list_, patients=about_nobody),
    reads(LIST_CONNECTION_RUNS, runs, patients=about_nobody),
]
