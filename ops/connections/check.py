"""The connections that `handoff doctor` names: those that a person has to look at."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.connecting import System
from ops.catalogue import ServiceName
from ops.connections.broken import broken_off, in_words
from ops.connections.waiting import MAY_NOT_WRITE, command, in_one_line
from ops.system_role import Database, find_database
from services.connectors.config import READ_OPTIONS
from services.connectors.models import Connection
from services.connectors.queries.rows import unresolved
from services.connectors.rules.pacing import is_stale


@dataclass(frozen=True, slots=True)
class Looked:
    """How many connections there are, a line for each that needs somebody, and one for each of
    which rows wait."""

    number: int
    to_mend: list[str]
    waiting: list[str]


def connections_to_mend() -> Looked:
    """What there is to do about the connections of all orgs. Raises SettingError and
    CannotGoOn."""
    return asyncio.run(_look(find_database(ServiceName.CONNECTORS)))


async def _look(database: Database) -> Looked:
    async with database.engine("doctor") as engine:
        with database.telling_why():
            async with AsyncSession(engine) as session:
                now = (await session.scalars(select(func.now()))).one()
                rows = await session.scalars(
                    select(Connection)
                    .where(
                        Connection.removed_at.is_(None),
                        Connection.system != System.OPENDENTAL_SERVER,
                    )
                    .order_by(Connection.org_id, Connection.name)
                )
                found = rows.all()
                unresolved_rows = await unresolved(session)
                broken = await broken_off(session, Connection.removed_at.is_(None))
    waiting = [
        f"{row.name} of {row.org_id}: {in_one_line(by_code)}"
        for row in found
        if (by_code := unresolved_rows.get((row.org_id, row.id)))
    ]
    to_mend = [
        line for row in found if (line := _line(row, now, broken.get((row.org_id, row.id), 0)))
    ]
    return Looked(len(found), to_mend, waiting)


def _line(row: Connection, now: datetime, broken: int) -> str | None:
    called = f"{row.name} of {row.org_id}"
    if broken:
        return f"{called}: {in_words(broken)}"
    if row.needs_person:
        return f"{called} needs a person: {row.code}: {command(row)}"
    if row.writing_stopped:
        return f"{called}: {MAY_NOT_WRITE}"
    interval = READ_OPTIONS[row.system](**row.config).interval
    if is_stale(row.last_success_at, row.created_at, now, interval):
        since = row.last_success_at.isoformat(timespec="minutes") if row.last_success_at else "ever"
        return f"{called} is stale: nothing came since {since} ({row.code or 'no failure'})"
    return None
