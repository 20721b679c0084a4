"""The connections that `handoff doctor` names: those that a person has to look at."""

import asyncio
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.connecting import System
from ops.catalogue import ServiceName
from ops.system_role import Database, find_database
from services.connectors.config import READ_OPTIONS
from services.connectors.models import Connection
from services.connectors.rules.pacing import is_stale


def connections_to_mend() -> tuple[int, list[str]]:
    """How many connections there are, and a line for each that needs somebody.

    Raises SettingError and CannotGoOn.
    """
    return asyncio.run(_look(find_database(ServiceName.CONNECTORS)))


async def _look(database: Database) -> tuple[int, list[str]]:
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
                return len(found), [line for row in found if (line := _line(row, now))]


def _line(row: Connection, now: datetime) -> str | None:
    called = f"{row.name} of {row.org_id}"
    if row.needs_person:
        return f"{called} needs a person: {row.code}: handoff connection test"
    if row.writing_stopped:
        return f"{called}: the key may not write: see docs/connectors/opendental.md"
    interval = READ_OPTIONS[row.system](**row.config).interval
    if is_stale(row.last_success_at, row.created_at, now, interval):
        since = row.last_success_at.isoformat(timespec="minutes") if row.last_success_at else "ever"
        return f"{called} is stale: nothing came since {since} ({row.code or 'no failure'})"
    return None
