"""Programs that repeat by their keys over HTTP: what they were answered happened once."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp

from ops.servers.ports import free_ports
from tests.faults.parties.http_clients import HttpClient, Quitter, partner_of
from tests.faults.rig.faults import kill_broker
from tests.faults.rig.replicas import Plan, ServiceName, start_replica
from tests.faults.rig.rig import Rig
from tests.faults.rig.rounds import Round
from tests.support.services.edge import new_token
from tests.support.services.referrals import new_org_id
from tests.support.waiting import until

CLIENTS = 8
WITHIN_SECONDS = 60.0
ENDS_WITHIN_SECONDS = 35
AWAY_SECONDS = 1.5
REPLY_TIMEOUT_SECONDS = 1.0
_HELD = "SELECT id::text, last_name FROM referrals.referral_partner WHERE org_id = $1"


@asynccontextmanager
async def an_edge(settings: Mapping[str, Any], log: Path) -> AsyncIterator[BaseProcess]:
    """A replica of the edge in a process of its own, which may be killed."""
    process = start_replica(Plan(ServiceName.EDGE, settings, log.parent), log)
    try:
        yield process
    finally:
        process.terminate()
        await asyncio.to_thread(process.join, ENDS_WITHIN_SECONDS)
        assert process.exitcode is not None, "the edge did not stop"


async def kill_broker_before_a_quitter(rig: Rig, at_work: Round, quitter: Quitter) -> None:
    """RabbitMQ is killed and started again; meanwhile somebody asks who never asks again."""
    asking = asyncio.create_task(quitter.work())
    await kill_broker(rig, at_work)
    asking.cancel()
    (ended,) = await asyncio.gather(asking, return_exceptions=True)
    assert isinstance(ended, asyncio.CancelledError), ended


async def test_what_was_answered_happened_once(rig: Rig, tmp_path: Path) -> None:
    """The edge is killed, the broker is killed, both services are stopped: every key is answered in
    the end, has one partner, and the same answer when it is asked again. What was answered 503 and
    not asked again never happens. No log of anybody shows what was sent. Every law of the rig holds
    for those who work beside them over AMQP."""
    org_id, (port,) = new_org_id(), free_ports(1)
    token = new_token(tmp_path / "tokens.toml", orgs=[org_id])
    settings = {
        "rabbitmq_url": rig.url,
        "tokens_file": tmp_path / "tokens.toml",
        "http_port": port,
        "ops_port": 0,
        "reply_timeout_seconds": REPLY_TIMEOUT_SECONDS,
        "rate_per_minute": 1_000_000,
        "rate_burst": 100_000,
    }
    url = f"http://127.0.0.1:{port}/api/v1/{quote(org_id)}/referral-partners"
    said = {"Authorization": f"Bearer {token}"}
    stop = asyncio.Event()
    async with aiohttp.ClientSession(headers=said) as session:
        clients = [HttpClient(session, lambda: [url]) for _ in range(CLIENTS)]
        quitter = Quitter(session, url)

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
            async with an_edge(settings, rig.folder / "edge.1.log") as edge:
                working = [asyncio.create_task(client.work(stop)) for client in clients]
                await go_on()
                edge.kill()
            assert edge.exitcode == -signal.SIGKILL
            async with an_edge(settings, rig.folder / "edge.2.log"):
                await go_on()
                assert repeats() > 0
                before = repeats()
                await kill_broker_before_a_quitter(rig, at_work, quitter)
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
        held = dict(await rig.databases.referrals.rows(_HELD, org_id))
    assert again == list(answered.values())
    assert named(answered).items() <= held.items()
    assert len(set(held.values())) == len(held), "a key has one partner"
    assert len(quitter.refused) >= 5
    asked = {partner_of(key)["last_name"] for key in (*answered, *quitter.others)}
    assert set(held.values()) <= asked, "what was answered 503 never happens"
    assert shown_in_logs(rig, [*answered, *quitter.refused], token) == []
    print(f"{len(answered)} keys, {repeats()} repeats, {len(quitter.refused)} given up")


def named(answered: Mapping[str, str]) -> dict[str, str]:
    """The last name of each partner, by its id."""
    return {one: partner_of(key)["last_name"] for key, one in answered.items()}


def shown_in_logs(rig: Rig, keys: Iterable[str], token: str) -> list[str]:
    """What was sent and is in a log: of a replica, of the edge, of RabbitMQ or PostgreSQL."""
    logs = [*rig.folder.glob("*.log"), rig.rabbitmq.log, rig.postgres.log]
    assert {"edge.1.log", "edge.2.log", "referrals.1.1.log"} <= {log.name for log in logs}
    said = "\n".join(log.read_text(errors="replace") for log in logs)
    sent = [value for key in keys for value in partner_of(key).values()]
    return [one for one in (*sent, token[13:]) if one in said]
