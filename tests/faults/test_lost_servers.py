"""PostgreSQL or RabbitMQ is lost and comes back: the service waits, goes on, and loses nothing."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
import pytest_asyncio

from messaging.client import open_client
from messaging.service import Service
from ops.servers import PrivatePostgres, PrivateRabbitMQ, Servers
from tests.faults.workload import Workload, parked, subscribe, subscribed
from tests.raw_messages import open_wire
from tests.referrals_service import Org, heard_by, migrated, new_org_id, running_referrals
from tests.waiting import until

AWAY_SECONDS = 1.0
COMMANDS = 60


@dataclass(frozen=True)
class Rig:
    """A replica on servers that can be killed, and a subscriber that misses nothing."""

    service: Service
    postgres: PrivatePostgres
    rabbitmq: PrivateRabbitMQ
    database_url: str
    rabbitmq_url: str


@pytest_asyncio.fixture(scope="module")
async def rig(own_servers: Servers) -> AsyncIterator[Rig]:
    """One for the module: each test leaves its servers running."""
    postgres, rabbitmq = own_servers.postgres, own_servers.rabbitmq
    assert postgres is not None, "PostgreSQL's programs are needed here: a container is not killed"
    assert rabbitmq is not None, "RabbitMQ's programs are needed here: a container is not killed"
    database_url = await migrated(own_servers.referrals_database_url)
    rabbitmq_url = own_servers.referrals_rabbitmq_url
    await subscribe(rabbitmq_url)
    async with running_referrals(database_url, rabbitmq_url) as service:
        yield Rig(service, postgres, rabbitmq, database_url, rabbitmq_url)


async def readiness(service: Service, ready: bool) -> None:
    """Wait until the service says that it is ready, or that it is not."""
    await until(lambda: service.health.ready is ready, within_seconds=30)


async def check(workload: Workload, rig: Rig) -> None:
    """Every command had one effect, every event was told, nothing was parked."""
    await readiness(rig.service, ready=True)
    workload.check_answers()
    await workload.check_effects()
    async with heard_by(rig.database_url, rig.rabbitmq_url) as heard:
        await heard.everything()
    events = [
        message
        for message in await subscribed(rig.rabbitmq_url)
        if message.routing_key != "test.mark"
        and json.loads(message.body)["orgid"] == workload.org_id
    ]
    workload.check_events(events)
    for queue in ("referrals.commands", "referrals.queries", "referrals.ereferral_events"):
        assert await parked(rig.rabbitmq_url, queue) == 0


@pytest.mark.parametrize("server", ["postgres", "rabbitmq"])
async def test_a_server_that_is_killed_and_comes_back_is_waited_for(rig: Rig, server: str) -> None:
    """Consumption pauses, health says so, no client is told of a fault of ours, and it goes on."""
    killed: PrivatePostgres | PrivateRabbitMQ = getattr(rig, server)
    workload = Workload(new_org_id(), rig.rabbitmq_url, writers=6)
    async with workload.running(at_least=COMMANDS):
        await until(lambda: workload.answered >= COMMANDS // 3, within_seconds=30)
        await asyncio.to_thread(killed.kill)
        await readiness(rig.service, ready=False)
        await asyncio.sleep(AWAY_SECONDS)
        at_the_blow = workload.answered
        await asyncio.to_thread(killed.start)
        await readiness(rig.service, ready=True)
        await until(lambda: workload.answered >= at_the_blow + COMMANDS // 3, within_seconds=30)
    await check(workload, rig)


async def test_what_was_sent_while_the_database_was_away_is_done_when_it_is_back(
    rig: Rig,
) -> None:
    """It waits in its queue: answered late, but not with a fault, and not parked."""
    org_id = new_org_id()
    await asyncio.to_thread(rig.postgres.kill)
    async with open_client(rig.rabbitmq_url) as client:
        org = Org(client, org_id)
        asked = [asyncio.create_task(org.patient()) for _ in range(20)]
        queried = asyncio.create_task(org.ask("referral_partner.list"))
        await asyncio.sleep(AWAY_SECONDS)
        assert not [task for task in (*asked, queried) if task.done()]
        await asyncio.to_thread(rig.postgres.start)
        patients = await asyncio.gather(*asked)
        assert len({patient["id"] for patient in patients}) == 20
        assert (await queried).data["total"] == 0
    for queue in ("referrals.commands", "referrals.queries"):
        assert await parked(rig.rabbitmq_url, queue) == 0


async def test_a_malformed_message_is_refused_also_while_the_database_is_away(rig: Rig) -> None:
    """What can be told without it is told; what cannot be told to anybody is parked."""
    await asyncio.to_thread(rig.postgres.kill)
    try:
        async with open_wire(rig.rabbitmq_url) as wire:
            await wire.publish(
                b"{", "patient.put", exchange="referrals.commands", reply_to=wire.reply_queue
            )
            reply = json.loads((await wire.reply(20)).body)
            assert reply["problem"]["code"] == "malformed_message"
            await wire.publish(
                b"{", "patient.put", exchange="referrals.commands", message_id=str(uuid4())
            )
            assert (await wire.parked("referrals.commands"))[0].body == b"{"
    finally:
        await asyncio.to_thread(rig.postgres.start)
    await readiness(rig.service, ready=True)
