"""Connectors without a worker: each run is made by hand, by as many replicas as wanted."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.connecting import System
from messaging.database.engine import open_engine
from ops.stubs.opendental import OpenDentalStub
from services.connectors import adding
from services.connectors.asking.budget import SharedBudget
from services.connectors.asking.http import Http
from services.connectors.credentials import stored_secrets
from services.connectors.home import HOME, MIGRATIONS
from services.connectors.opening import Opener
from services.connectors.rules.identity import connection_id
from services.connectors.runs.commands import Calls
from services.connectors.runs.leases import Claimed, claim
from services.connectors.runs.run import run_once
from services.connectors.sealing import Sealer
from tests.support.connectors.asking import LOOPBACK
from tests.support.connectors.running import KEY, OPERATOR
from tests.support.database.migrated import newest_schema
from tests.support.database.urls import plain_url
from tests.support.services.referrals import Referrals


@dataclass
class Replica:
    """One replica: an engine, a session and a budget of its own."""

    engine: AsyncEngine
    opener: Opener
    client: Calls

    async def claim(self, *, slots: int = 8, lease_seconds: float = 60) -> list[Claimed]:
        """Claim what is due."""
        return await claim(self.engine, slots=slots, lease_seconds=lease_seconds)

    async def run(self, claimed: Claimed, client: Calls | None = None) -> None:
        """Make the run."""
        await run_once(self.engine, claimed, Sealer(KEY), self.opener.open, client or self.client)


@dataclass
class Workshop:
    """A migrated database, and replicas on it."""

    database_url: str
    referrals: Referrals
    replicas: tuple[Replica, ...]

    async def add(
        self, org_id: str, system: System, options: dict[str, Any], secrets: dict[str, str]
    ) -> UUID:
        """A connection called main; its first run is due."""
        id_ = connection_id(org_id, system, "main")
        sealed = stored_secrets(secrets, Sealer(KEY), org_id, id_)
        engine = self.replicas[0].engine
        return await adding.add(engine, org_id, system, "main", options, sealed, OPERATOR)

    async def opendental(self, org_id: str, stub: OpenDentalStub, **options: Any) -> UUID:
        """A connection to a stand-in."""
        given = {
            "bases": (stub.url,),
            "throttle": "none",
            "time_zone": str(stub.zone),
            "referrals_since": "2026-01-01",
            **options,
        }
        keys = {"developer_key": stub.developer_key, "customer_key": stub.customer_key}
        return await self.add(org_id, System.OPENDENTAL, given, keys)

    async def due(self, org_id: str) -> None:
        """Let the org's connections run again now."""
        await self.sql(
            "UPDATE connectors.connection SET next_run_at = now() WHERE org_id = $1", org_id
        )

    async def sql(self, statement: str, *values: Any) -> list[Any]:
        """The rows of a statement."""
        database = await asyncpg.connect(plain_url(self.database_url))
        try:
            return list(await database.fetch(statement, *values))
        finally:
            await database.close()


@asynccontextmanager
async def workshop(
    referrals: Referrals, database_url: str, replicas: int
) -> AsyncIterator[Workshop]:
    """So many replicas on a database of their own, beside running referrals."""
    await newest_schema(database_url, MIGRATIONS)
    async with AsyncExitStack() as stack:
        made = []
        for number in range(replicas):
            engine = open_engine(
                database_url, HOME, role=HOME.system_role, name=f"replica{number}", pool_size=4
            )
            stack.push_async_callback(engine.dispose)
            http = await stack.enter_async_context(Http(LOOPBACK, timeout_seconds=5.0))
            waits = (0.05, 0.05, 0.05)
            opener = Opener(engine, http, SharedBudget(engine), Sealer(KEY), waits)
            made.append(Replica(engine, opener, referrals.client))
        yield Workshop(database_url, referrals, tuple(made))
