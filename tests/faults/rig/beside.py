"""Edge and connectors beside the rig: two replicas of each, programs that ask over HTTP, an import.

Their work, like the rig's, is held against what the databases have in the end.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
from pydantic import SecretStr

from messaging.database.migrations import migrate
from ops.servers import create_database, drop_database
from ops.stubs.faults import Fault, Wrong
from ops.stubs.opendental import served
from services.connectors.home import HOME, MIGRATIONS
from tests.faults.judging.reading import Database
from tests.faults.parties.http_clients import HttpClient, partner_of
from tests.faults.rig import imports
from tests.faults.rig.fleet import Fleet, running_fleet
from tests.faults.rig.replicas import ServiceName
from tests.faults.rig.rig import Rig
from tests.support.services.edge import new_token
from tests.support.services.referrals import new_org_id
from tests.support.waiting import until

CLIENTS = 4
GOES_ON_WITHIN_SECONDS = 60.0
_HELD = "SELECT id::text, last_name FROM referrals.referral_partner WHERE org_id = $1"
_LEASES_ARE_OVER = "UPDATE connectors.connection SET lease_until = now()"


class Beside:
    """Everything that runs, until `finish`."""

    def __init__(
        self, rig: Rig, fleet: Fleet, org_id: str, session: aiohttp.ClientSession, held: Database
    ) -> None:
        self.fleet = fleet
        self.connectors = held
        self._rig, self._org_id = rig, org_id
        path = f"/api/v1/{quote(org_id)}/referral-partners"
        edges = fleet.of(ServiceName.EDGE)

        def places() -> list[str]:
            return [f"{place}{path}" for edge in edges if (place := edge.place()) is not None]

        self.clients = [HttpClient(session, places) for _ in range(CLIENTS)]
        self._stop = asyncio.Event()
        self._working = [asyncio.create_task(client.work(self._stop)) for client in self.clients]

    @property
    def moves(self) -> int:
        """How often a program has gone to the other replica."""
        return sum(client.moves for client in self.clients)

    async def goes_on(self) -> None:
        """Wait until each program has got another two answers, by whichever replica."""
        enough = [len(client.answered) + 2 for client in self.clients]
        await until(
            lambda: all(
                len(client.answered) >= count
                for client, count in zip(self.clients, enough, strict=True)
            ),
            GOES_ON_WITHIN_SECONDS,
        )

    async def is_imported(self) -> bool:
        """Whether the import is over."""
        return await imports.is_over(self.connectors)

    async def end_leases(self) -> None:
        """As if a minute had passed: what a replica has left is taken over at once."""
        await self.connectors.rows(_LEASES_ARE_OVER)

    async def finish(self, imported_org: str) -> None:
        """Wait for the last answers and the end of the import, and judge both.

        Raises AssertionError where a key has not one partner, where it is answered otherwise when
        it is asked again, and where a row is lacking or there twice.
        """
        self._stop.set()
        async with asyncio.timeout(GOES_ON_WITHIN_SECONDS):
            await asyncio.gather(*self._working)
        answered = {key: one for client in self.clients for key, one in client.answered.items()}
        again = await asyncio.gather(*(self.clients[0].create(key) for key in answered))
        assert again == list(answered.values())
        named = {one: partner_of(key)["last_name"] for key, one in answered.items()}
        assert dict(await self._rig.databases.referrals.rows(_HELD, self._org_id)) == named
        await until(self.is_imported, imports.ENDS_WITHIN_SECONDS)
        await imports.judge(self._rig, imported_org)

    async def end(self) -> None:
        """Whatever happened: nobody asks any more."""
        for task in self._working:
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)


@asynccontextmanager
async def beside(rig: Rig, folder: Path) -> AsyncIterator[Beside]:
    """Both of each, from ready until ended; the import has begun, and lasts until this is left: its
    last list is answered then.

    When the block is over, everything is finished and judged.
    """
    url = create_database(rig.postgres.url, f"{rig.vhost}_con_{secrets.token_hex(3)}")
    await asyncio.to_thread(migrate, url, MIGRATIONS)
    org_id, imported_org, stub = new_org_id(), new_org_id(), imports.practice()
    token = new_token(folder / "tokens.toml", orgs=[org_id])
    over = asyncio.Event()
    stub.faults.add(Fault(Wrong.SLOW, "/refattaches", method="GET", times=1_000_000, ends=over))
    held = Database(url, HOME.schema, "/connectors")
    said = {"Authorization": f"Bearer {token}"}
    logs = folder / "beside"
    logs.mkdir()
    try:
        async with (
            served(stub),
            running_fleet(_settings(url, rig.url, folder), logs) as fleet,
            aiohttp.ClientSession(headers=said) as session,
        ):
            await imports.add_connection(url, imported_org, stub)
            found = Beside(rig, fleet, org_id, session, held)
            try:
                await until(lambda: bool(stub.faults.asked), GOES_ON_WITHIN_SECONDS)
                yield found
                over.set()
                await found.finish(imported_org)
            finally:
                await found.end()
    finally:
        await imports.delete_queues(rig.url)
        await asyncio.to_thread(drop_database, rig.postgres.url, url.rpartition("/")[2])


def _settings(url: str, rabbitmq_url: str, folder: Path) -> Mapping[ServiceName, dict[str, Any]]:
    return {
        ServiceName.CONNECTORS: {
            "database_url": url,
            "rabbitmq_url": rabbitmq_url,
            "http_port": 0,
            "secret_key": SecretStr(imports.KEY),
            "egress_allow": (IPv4Network("127.0.0.0/8"),),
            "allow_http": True,
            "retry_waits_seconds": (0.05, 0.05, 0.05),
        },
        ServiceName.EDGE: {
            "rabbitmq_url": rabbitmq_url,
            "tokens_file": folder / "tokens.toml",
            "http_port": 0,
            "ops_port": 0,
            "rate_per_minute": 1_000_000,
            "rate_burst": 100_000,
        },
    }
