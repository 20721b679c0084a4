"""The connection that a person names, and what asks the other side for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine

from messaging.running.settings import load_settings
from ops.catalogue import ServiceName
from ops.environment import CannotGoOn
from ops.system_role import Database, find_database
from services.connectors import adding
from services.connectors.asking.asker import NoBudget
from services.connectors.asking.http import http_of
from services.connectors.models import Connection
from services.connectors.opening import Opener
from services.connectors.settings import ConnectorsSettings, sealer_of

TRY_WAITS_SECONDS = (1.0,)


def connectors_database() -> Database:
    """The database of connectors. Raises SettingError and CannotGoOn."""
    return find_database(ServiceName.CONNECTORS)


async def one(database: Database, engine: AsyncEngine, org_id: str, name: str) -> Connection:
    """The connection of that name. Raises CannotGoOn, which names those that there are."""
    with database.telling_why():
        found = {row.name: row for row in await adding.find(engine, org_id)}
    if name not in found:
        there = f": there is {', '.join(found)}" if found else ", nor any other"
        raise CannotGoOn(f"{org_id} has no connection {name!r}{there}")
    return found[name]


@asynccontextmanager
async def opened(
    database: Database, org_id: str, name: str
) -> AsyncIterator[tuple[Connection, Opener, AsyncEngine]]:
    """A connection, and what asks the other side for it. Raises CannotGoOn."""
    settings = load_settings(ConnectorsSettings)
    async with database.engine("connection") as engine, http_of(settings) as http:
        row = await one(database, engine, org_id, name)
        sealer = sealer_of(settings)
        yield row, Opener(engine, http, NoBudget(), sealer, TRY_WAITS_SECONDS), engine
