"""While PostgreSQL is away the service says so, waits, and goes on when it is back."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import pytest_asyncio

from messaging.replies.client import open_client
from messaging.running.service import Service
from ops.servers import PrivatePostgres, Servers
from tests.faults.judging.reading import parked
from tests.support.broker.raw_messages import open_wire
from tests.support.services.referrals import Org, migrated, new_org_id, running_referrals
from tests.support.waiting import until

AWAY_SECONDS = 1.0


@dataclass(frozen=True)
class Victim:
    """A replica on servers that can be killed."""

    service: Service
    postgres: PrivatePostgres
    rabbitmq_url: str

    @asynccontextmanager
    async def without_database(self) -> AsyncIterator[None]:
        """PostgreSQL is killed, and started again at the end."""
        await asyncio.to_thread(self.postgres.kill)
        try:
            yield
        finally:
            await asyncio.to_thread(self.postgres.start)

    async def readiness(self, ready: bool) -> None:
        """Wait until the service says that it is ready, or that it is not."""
        await until(lambda: self.service.health.ready is ready, within_seconds=30)


@pytest_asyncio.fixture(scope="module")
async def victim(own_servers: Servers) -> AsyncIterator[Victim]:
    """One for the module: each test leaves its servers running."""
    assert own_servers.postgres is not None, "PostgreSQL's programs are needed here"
    database_url = await migrated(own_servers.referrals_database_url)
    rabbitmq_url = own_servers.referrals_rabbitmq_url
    async with running_referrals(database_url, rabbitmq_url) as service:
        yield Victim(service, own_servers.postgres, rabbitmq_url)


async def test_what_was_sent_while_the_database_was_away_is_done_when_it_is_back(
    victim: Victim,
) -> None:
    """Health says that it is away. What waits in its queue is answered late, but not with a fault,
    and not parked."""
    async with open_client(victim.rabbitmq_url) as client:
        org = Org(client, new_org_id())
        async with victim.without_database():
            asked = [asyncio.create_task(org.patient()) for _ in range(20)]
            queried = asyncio.create_task(org.ask("referral_partner.list"))
            await victim.readiness(ready=False)
            await asyncio.sleep(AWAY_SECONDS)
            assert not [task for task in (*asked, queried) if task.done()]
        patients = await asyncio.gather(*asked)
        assert len({patient["id"] for patient in patients}) == 20
        assert (await queried).data["total"] == 0
    await victim.readiness(ready=True)
    for queue in ("referrals.commands", "referrals.queries"):
        assert await parked(victim.rabbitmq_url, queue) == 0


async def test_a_malformed_message_is_refused_also_while_the_database_is_away(
    victim: Victim,
) -> None:
    """What can be told without it is told; what cannot be told to anybody is parked."""
    async with victim.without_database(), open_wire(victim.rabbitmq_url) as wire:
        await wire.publish(
            b"{", "patient.put", exchange="referrals.commands", reply_to=wire.reply_queue
        )
        reply = json.loads((await wire.reply(20)).body)
        assert reply["problem"]["code"] == "malformed_message"
        await wire.publish(
            b"{", "patient.put", exchange="referrals.commands", message_id=str(uuid4())
        )
        assert (await wire.parked("referrals.commands"))[0].body == b"{"
    await victim.readiness(ready=True)
