"""Referrals and connectors in this process, stand-ins of other systems, and what came of runs."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
from aiormq.abc import DeliveredMessage
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.connecting import System
from messaging.database.engine import open_engine
from messaging.replies.client import Reply, listen
from messaging.running.service import Service
from messaging.trail.audit import Operator
from ops.stubs.opendental import OpenDentalStub
from services.connectors import adding
from services.connectors.app import build
from services.connectors.credentials import new_customer_key, stored_secrets
from services.connectors.home import HOME, MIGRATIONS
from services.connectors.rules.identity import connection_id
from services.connectors.sealing import Sealer
from services.connectors.settings import ConnectorsSettings
from tests.support.database.migrated import newest_schema
from tests.support.database.urls import plain_url
from tests.support.schemas import as_shipped, event_as_shipped
from tests.support.services.referrals import Org, Referrals
from tests.support.waiting import until

KEY = "5f" * 32
READY_WITHIN_SECONDS = 20.0
RUN_WITHIN_SECONDS = 40.0
OPERATOR = Operator(client=None, actor="test")


def settings(database_url: str, rabbitmq_url: str, **changed: Any) -> ConnectorsSettings:
    """Settings for loopback; a request is tried again at once."""
    given = {
        "database_url": database_url,
        "rabbitmq_url": rabbitmq_url,
        "http_port": 0,
        "secret_key": KEY,
        "egress_allow": "127.0.0.0/8",
        "allow_http": True,
        "retry_waits_seconds": (0.05, 0.05, 0.05),
        "request_timeout_seconds": 5.0,
        **changed,
    }
    return ConnectorsSettings(**given)


@asynccontextmanager
async def replica(config: ConnectorsSettings) -> AsyncIterator[Service]:
    """One replica, from ready until stopped."""
    service = build(config)
    stop = asyncio.Event()
    running = asyncio.create_task(service.run(stop))
    try:
        await until(lambda: service.health.ready or running.done(), READY_WITHIN_SECONDS)
        assert not running.done(), "the service ended at its start"
        yield service
    finally:
        stop.set()
        await running


def keys_of(stub: OpenDentalStub) -> dict[str, str]:
    """The keys that a stand-in takes."""
    return {"developer_key": stub.developer_key, "customer_key": stub.customer_key}


def sealed(
    org_id: str, system: System, secrets: Mapping[str, str], name: str = "main"
) -> dict[str, Any]:
    """Secrets as `handoff connection add` stores them."""
    return stored_secrets(secrets, Sealer(KEY), org_id, connection_id(org_id, system, name))


@asynccontextmanager
async def as_system(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine that works as the system role, as the command line does."""
    engine = open_engine(database_url, HOME, role=HOME.system_role, name="test", pool_size=2)
    try:
        yield engine
    finally:
        await engine.dispose()


@dataclass
class Connected:
    """One connection of an org, as a test sees it."""

    connectors: "Connectors"
    org: Org
    id: UUID
    name: str

    async def ask(self, operation: str, **fields: Any) -> Reply:
        """An operation of connectors for this org; its reply keeps to its schema."""
        queries = (".get", ".list", ".runs")
        kind = "queries" if operation.endswith(queries) else "commands"
        answered = await self.connectors.referrals.client.call(
            f"connectors.{kind}", operation, {"org_id": self.org.id, **fields}
        )
        return as_shipped(operation, answered)

    async def shown(self) -> dict[str, Any]:
        """The connection as `connection.get` shows it."""
        data = (await self.ask("connection.get", connection_uuid=str(self.id))).data
        assert isinstance(data, dict)
        return data

    async def runs(self) -> list[dict[str, Any]]:
        """Its runs, newest first."""
        asked = await self.ask("connection.runs", connection_uuid=str(self.id), page_size=200)
        return list(asked.data["items"])

    async def finished(self, more_than: int = 0) -> dict[str, Any]:
        """The newest run, once more than so many are finished."""
        found: list[dict[str, Any]] = []

        async def over() -> bool:
            nonlocal found
            found = [run for run in await self.runs() if run["finished_at"] is not None]
            return len(found) > more_than

        await until(over, RUN_WITHIN_SECONDS)
        return found[0]

    async def run(self, *, full: bool = False) -> dict[str, Any]:
        """Have it run once, and give that run."""
        before = len([run for run in await self.runs() if run["finished_at"] is not None])
        asked = await self.ask("connection.sync", connection_uuid=str(self.id), full=full)
        assert asked.status == 202, asked
        return await self.finished(before)

    async def rows(self, **filters: Any) -> list[dict[str, Any]]:
        """The rows that wait for a person."""
        asked = await self.ask("import_row.list", page_size=200, **filters)
        return list(asked.data["items"])

    async def resolve(self, row: Mapping[str, Any], resolution: str, **fields: Any) -> Reply:
        """What a person decides about a row that waits; a run carries it out."""
        return await self.ask(
            "import_row.resolve",
            import_row_uuid=row["id"],
            base_version=row["version"],
            resolution=resolution,
            **fields,
        )

    async def uuid(self, kind: str, number: int | str) -> str:
        """The resource that a row there is."""
        asked = await self.ask(
            "external_id.list",
            connection_uuid=str(self.id),
            kind=kind,
            external_id=str(number),
        )
        (found,) = asked.data["items"]
        return str(found["uuid"])

    async def partner(self, number: int) -> dict[str, Any]:
        """The partner that a referral there is."""
        uuid = await self.uuid("partner", number)
        return dict((await self.org.ask("referral_partner.get", referral_partner_uuid=uuid)).data)

    async def source(self, number: int) -> dict[str, Any]:
        """The source that a referral there is."""
        uuid = await self.uuid("source", number)
        return dict((await self.org.ask("referral_source.get", referral_source_uuid=uuid)).data)

    async def attributions(self, pat_num: int | str) -> list[dict[str, Any]]:
        """The attributions of a patient there."""
        uuid = await self.uuid("patient", pat_num)
        return list(
            (await self.org.ask("referral_attribution.list", patient_uuid=uuid)).data["items"]
        )


@dataclass
class Connectors:
    """A running replica beside referrals."""

    service: Service
    referrals: Referrals
    config: ConnectorsSettings
    engine: AsyncEngine
    heard: asyncio.Queue[DeliveredMessage]
    events: list[dict[str, Any]] = field(default_factory=list)

    async def events_of(self, org: Org) -> list[dict[str, Any]]:
        """What connectors has published about an org, each as its shipped schema has it."""
        await self._relayed()
        while not self.heard.empty():
            event = json.loads(self.heard.get_nowait().body)
            self.events.append(event_as_shipped(event))
        return [one for one in self.events if one["orgid"] == org.id]

    async def row_events(self, org: Org) -> list[dict[str, Any]]:
        """The data of an org's `import.row_refused` events."""
        found = await self.events_of(org)
        return [one["data"] for one in found if one["type"] == "import.row_refused"]

    async def _relayed(self) -> None:
        """Wait until nothing is left to be published."""
        database = await asyncpg.connect(plain_url(self.config.database_url))
        try:

            async def nothing_left() -> bool:
                return not await database.fetchval("SELECT count(*) FROM connectors.outbox")

            await until(nothing_left, READY_WITHIN_SECONDS)
        finally:
            await database.close()
        await asyncio.sleep(0.1)

    async def opendental(
        self, org: Org, stub: OpenDentalStub, *, name: str = "main", **options: Any
    ) -> Connected:
        """A connection to a stand-in, whose first run begins."""
        secrets = keys_of(stub)
        given = {
            "bases": (stub.url,),
            "throttle": "none",
            "time_zone": str(stub.zone),
            "referrals_since": "2026-01-01",
            **options,
        }
        return await self.add(org, System.OPENDENTAL, name, given, secrets)

    async def interface(self, org: Org, **options: Any) -> str:
        """The key of an Open Dental interface of ours, once it shows what the org has."""
        key, secrets = new_customer_key()
        made = await adding.add(
            self.engine, org.id, System.OPENDENTAL_SERVER, "ours", options, secrets, OPERATOR
        )
        connected = Connected(self, org, made, "ours")

        async def filled() -> bool:
            return (await connected.shown())["last_success_at"] is not None

        await until(filled, READY_WITHIN_SECONDS)
        return key

    async def add(
        self,
        org: Org,
        system: System,
        name: str,
        options: Mapping[str, Any],
        secrets: Mapping[str, str],
    ) -> Connected:
        """A connection as `handoff connection add` makes it; secrets are sealed."""
        stored = sealed(org.id, system, secrets, name)
        made = await adding.add(self.engine, org.id, system, name, options, stored, OPERATOR)
        return Connected(self, org, made, name)

    async def stored(self) -> dict[str, list[str]]:
        """Every row of every table of connectors as PostgreSQL writes it; bytes are hex."""
        database = await asyncpg.connect(plain_url(self.config.database_url))
        try:
            tables = await database.fetch(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'connectors'"
            )
            found = {}
            for (table,) in tables:
                rows = await database.fetch(f'SELECT t::text FROM connectors."{table}" t')
                found[table] = [row[0] for row in rows]
            return found
        finally:
            await database.close()


@asynccontextmanager
async def connectors_beside(
    referrals: Referrals, database_url: str, **changed: Any
) -> AsyncIterator[Connectors]:
    """Connectors, migrated and ready, on a database of their own."""
    await newest_schema(database_url, MIGRATIONS)
    config = settings(database_url, referrals.rabbitmq_url, **changed)
    async with (
        as_system(database_url) as engine,
        replica(config) as service,
        listen(referrals.rabbitmq_url, {"connectors.events": "#"}) as heard,
    ):
        yield Connectors(service, referrals, config, engine, heard)
