"""Programs that repeat by their keys over HTTP: what they were answered happened once."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import aiohttp

from ops.servers.ports import free_ports
from tests.faults.parties.http_clients import HttpClient
from tests.faults.rig.faults import kill_broker
from tests.faults.rig.rig import Rig
from tests.support.services.edge import new_token
from tests.support.services.process import RunningService, running_service
from tests.support.services.referrals import new_org_id
from tests.support.waiting import until

CLIENTS = 8
WITHIN_SECONDS = 60.0
AWAY_SECONDS = 3.0
_IDS = "SELECT id::text FROM referrals.referral_partner WHERE org_id = $1"


@asynccontextmanager
async def an_edge(environment: dict[str, str]) -> AsyncIterator[RunningService]:
    """A replica of the edge in a process of its own."""
    starting = running_service("edge", environment)
    service = await asyncio.to_thread(starting.__enter__)
    try:
        yield service
    finally:
        await asyncio.to_thread(starting.__exit__, *sys.exc_info())


async def test_what_was_answered_happened_once(rig: Rig, tmp_path: Path) -> None:
    """The edge is killed, the broker is killed, both services are stopped: every key is answered in
    the end, has one partner, and the same answer when it is asked again. Every law of the rig holds
    for those who work beside them over AMQP."""
    org_id, (port,) = new_org_id(), free_ports(1)
    token = new_token(tmp_path / "tokens.toml", orgs=[org_id])
    environment = {
        "EDGE_RABBITMQ_URL": rig.url,
        "EDGE_TOKENS_FILE": str(tmp_path / "tokens.toml"),
        "EDGE_HTTP_PORT": str(port),
        "EDGE_REPLY_TIMEOUT_SECONDS": "1",
        "EDGE_RATE_PER_MINUTE": "1000000",
        "EDGE_RATE_BURST": "100000",
    }
    url = f"http://127.0.0.1:{port}/api/v1/{quote(org_id)}/referral-partners"
    said = {"Authorization": f"Bearer {token}"}
    stop = asyncio.Event()
    async with aiohttp.ClientSession(headers=said) as session:
        clients = [HttpClient(session, url) for _ in range(CLIENTS)]

        def repeats() -> int:
            return sum(client.repeats for client in clients)

        async def go_on() -> None:
            """Wait until each client has got another three answers."""
            enough = [len(client.answered) + 3 for client in clients]
            await until(
                lambda: all(
                    len(client.answered) >= count
                    for client, count in zip(clients, enough, strict=True)
                ),
                WITHIN_SECONDS,
            )

        async with rig.round() as at_work:
            async with an_edge(environment) as edge:
                working = [asyncio.create_task(client.work(stop)) for client in clients]
                await go_on()
                await asyncio.to_thread(edge.end, signal.SIGKILL)
            async with an_edge(environment):
                await go_on()
                assert repeats() > 0
                before = repeats()
                await kill_broker(rig, at_work)
                await go_on()
                assert repeats() > before
                before = repeats()
                await rig.fleet.stop()
                await asyncio.sleep(AWAY_SECONDS)
                await rig.fleet.start()
                await go_on()
                assert repeats() > before
                stop.set()
                async with asyncio.timeout(WITHIN_SECONDS):
                    await asyncio.gather(*working)
                answered = {
                    key: made for client in clients for key, made in client.answered.items()
                }
                again = await asyncio.gather(*(clients[0].create(key) for key in answered))
        held = [row[0] for row in await rig.databases.referrals.rows(_IDS, org_id)]
    assert again == list(answered.values())
    assert sorted(held) == sorted(answered.values())
    print(f"{len(answered)} keys, {repeats()} repeats")
