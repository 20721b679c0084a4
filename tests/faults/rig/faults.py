"""The faults: each does its damage to a rig whose desks are at work, and undoes it.

None waits for the recovery: that is the round's to wait for, and to judge.
"""

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import asyncpg

from messaging.wire.connection import connection
from tests.faults.judging.reading import ready_messages
from tests.faults.parties.backlog import publish_partners
from tests.faults.rig.imports import kill_imports
from tests.faults.rig.points import Point
from tests.faults.rig.replicas import RIGGED, ServiceName
from tests.faults.rig.rig import Rig
from tests.faults.rig.rounds import Round
from tests.support.database.urls import plain_url
from tests.support.services.referrals import new_org_id
from tests.support.waiting import until

AWAY_SECONDS = 1.0
UNDER_WAY_SECONDS = 0.5
STRUCK_WITHIN_SECONDS = 30.0
DRAINED_WITHIN_SECONDS = 35.0
BROKER_FROZEN_SECONDS = 45.0
OTHERS_GO_ON_WITHIN_SECONDS = 10.0
MOST_BYTES = 512 * 1024 * 1024
ALARM_SECONDS = 3.0
POINTS_OF_BOTH = (Point.BEFORE_COMMIT, Point.AFTER_COMMIT, Point.BEFORE_ACK, Point.AFTER_PUBLISH)
POINTS_OF_AN_ATTEMPT = (Point.BEFORE_POINT_OF_NO_RETURN, Point.BEFORE_SEND, Point.AFTER_SEND)

_TERMINATE = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE starts_with(datname, $1) AND pid <> pg_backend_pid()
"""
_IN_TRANSACTION = """
    SELECT count(*) FROM pg_stat_activity
    WHERE starts_with(datname, $1) AND state = 'idle in transaction'
      AND state_change < now() - interval '2 seconds'
"""
_LOST_ATTEMPTS = "SELECT count(*) FROM ereferral_dispatch.attempt WHERE code = 'worker_lost'"


async def is_struck(struck: Path) -> int:
    """Wait until a replica has walked into the trap. Returns its process number."""
    await until(struck.exists, STRUCK_WITHIN_SECONDS)
    return await asyncio.to_thread(lambda: int(struck.read_text()))


async def kill_at(rig: Rig, service: ServiceName, point: Point) -> None:
    """A replica kills itself at a point."""
    await is_struck(rig.fleet.set_trap(service, point))


async def kill_at_every_point(rig: Rig, at_work: Round) -> None:
    """Replicas of both services, one after another, along a message's way."""
    for point in POINTS_OF_BOTH:
        await asyncio.gather(*(kill_at(rig, service, point) for service in RIGGED))
    for point in POINTS_OF_AN_ATTEMPT:
        await kill_at(rig, ServiceName.DISPATCH, point)


async def kill_any(rig: Rig, at_work: Round) -> None:
    """One replica of each service, wherever it is."""
    for service in RIGGED:
        random.choice(rig.fleet.of(service)).send(signal.SIGKILL)
    await at_work.goes_on()


async def stop_every_five_seconds(rig: Rig, at_work: Round, times: int = 3) -> None:
    """SIGTERM to one replica of each service, in turn."""
    for turn in range(times):
        if turn:
            await asyncio.sleep(5)
        told = [rig.fleet.of(service)[turn % 2] for service in RIGGED]
        before = len(rig.fleet.deaths)
        for replica in told:
            replica.send(signal.SIGTERM)
        await rig.fleet.until_died(before + len(told), DRAINED_WITHIN_SECONDS)


async def freeze_in_a_transaction(rig: Rig, at_work: Round) -> None:
    """A replica of referrals stops with its rows locked; the others go on within 10 s."""
    frozen = await is_struck(
        rig.fleet.set_trap(ServiceName.REFERRALS, Point.BEFORE_COMMIT, signal.SIGSTOP)
    )
    try:
        async with asyncio.timeout(OTHERS_GO_ON_WITHIN_SECONDS):
            await asyncio.sleep(3)  # From here on a session that says nothing is the frozen one's.
            await until(lambda: _holds(rig, _IN_TRANSACTION, 0), OTHERS_GO_ON_WITHIN_SECONDS, 0.1)
            await at_work.goes_on(5, OTHERS_GO_ON_WITHIN_SECONDS)
    finally:
        os.kill(frozen, signal.SIGCONT)


async def freeze_past_its_lease(rig: Rig, at_work: Round, point: Point = Point.AFTER_SEND) -> None:
    """A worker stops in an attempt until another has settled it, and then goes on."""
    database = await asyncpg.connect(plain_url(rig.databases.dispatch.url))
    before = await database.fetchval(_LOST_ATTEMPTS)
    frozen = await is_struck(rig.fleet.set_trap(ServiceName.DISPATCH, point, signal.SIGSTOP))
    try:

        async def is_settled() -> bool:
            return bool(await database.fetchval(_LOST_ATTEMPTS) > before)

        await until(is_settled, within_seconds=40, look_every_seconds=0.1)
    finally:
        os.kill(frozen, signal.SIGCONT)
        await database.close()


async def freeze_before_sending(rig: Rig, at_work: Round) -> None:
    """A worker stops before anything left; another sends it, and then it goes on."""
    await freeze_past_its_lease(rig, at_work, Point.BEFORE_POINT_OF_NO_RETURN)


async def kill_broker(rig: Rig, at_work: Round) -> None:
    """RabbitMQ is killed with as much under way as can be, away for a second, and started again."""
    # A killed node forgets queues that it has not written down yet; a frozen one could not.
    await asyncio.to_thread(rig.rabbitmq.ctl, "eval", "[dets:sync(Table) || Table <- dets:all()].")
    os.kill(rig.rabbitmq.pid, signal.SIGSTOP)
    await asyncio.sleep(UNDER_WAY_SECONDS)
    await asyncio.to_thread(rig.rabbitmq.kill)
    await asyncio.sleep(AWAY_SECONDS)
    await asyncio.to_thread(rig.rabbitmq.start)


async def freeze_broker(rig: Rig, at_work: Round, seconds: float = BROKER_FROZEN_SECONDS) -> None:
    """RabbitMQ stops answering, its connections open; longer than any heartbeat."""
    os.kill(rig.rabbitmq.pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        os.kill(rig.rabbitmq.pid, signal.SIGCONT)


async def alarm_memory(rig: Rig, at_work: Round) -> None:
    """RabbitMQ believes to be short of memory, and takes nothing from whoever publishes."""
    await asyncio.to_thread(rig.rabbitmq.ctl, "set_vm_memory_high_watermark", "absolute", "1000000")
    try:
        await asyncio.sleep(1)
        before = at_work.answered
        await asyncio.sleep(ALARM_SECONDS)
        assert at_work.answered == before, "there was no alarm"
    finally:
        await asyncio.to_thread(rig.rabbitmq.ctl, "set_vm_memory_high_watermark", "0.4")


async def close_connections(rig: Rig, at_work: Round) -> None:
    """All connections at once."""
    closed = ("close_all_connections", "-p", rig.vhost, "closed on purpose")
    await asyncio.to_thread(rig.rabbitmq.ctl, *closed)


async def delete_queue(rig: Rig, at_work: Round) -> None:
    """The queue of commands, with what is in it: its clients ask again."""
    async with connection(rig.url, "test.deleting") as opened:
        channel = await opened.channel()
        await channel.queue_delete("referrals.commands")


async def terminate_backends(rig: Rig, at_work: Round, times: int = 3) -> None:
    """Every session of both services, every two seconds."""
    database = await asyncpg.connect(plain_url(rig.postgres.url))
    for _ in range(times):
        await database.execute(_TERMINATE, rig.vhost)
        await asyncio.sleep(2)
    await database.close()


async def restart_database(rig: Rig, at_work: Round) -> None:
    """PostgreSQL is shut down `immediate`: it recovers from its log."""
    await asyncio.to_thread(rig.postgres.abort)
    await asyncio.sleep(AWAY_SECONDS)
    await asyncio.to_thread(rig.postgres.start)


async def lose_commits(rig: Rig, at_work: Round, commits: int = 12) -> None:
    """Every seventh COMMIT is done and not answered."""
    enough = rig.proxy.lost + commits
    rig.proxy.lose_every = 7
    try:
        await until(lambda: rig.proxy.lost >= enough, within_seconds=60)
    finally:
        rig.proxy.lose_every = 0


async def pile_up(rig: Rig, at_work: Round, messages: int = 50_000) -> None:
    """Nobody is there while so many commands come; then they are worked off in bounded memory."""
    org_id = new_org_id()

    async def are_done_and_told() -> bool:
        if await rig.databases.partners(org_id) != messages or any(
            (await rig.databases.outboxes()).values()
        ):
            return False
        return not any((await ready_messages(rig.url)).values())

    await rig.fleet.stop()
    await publish_partners(rig.url, org_id, messages)
    await rig.fleet.start()
    await until(are_done_and_told, within_seconds=30 + messages / 100, look_every_seconds=0.2)
    peaks = [one.peak_memory_bytes() for one in rig.fleet.of(ServiceName.REFERRALS)]
    print(f"{messages} messages piled up; most memory of a replica: {max(peaks) / 1e6:.0f} MB")
    assert max(peaks) < MOST_BYTES


Fault = Callable[[Rig, Round], Awaitable[None]]
FAULTS: Mapping[Fault, int] = {
    kill_at_every_point: 2,
    kill_any: 6,
    stop_every_five_seconds: 2,
    freeze_in_a_transaction: 2,
    freeze_past_its_lease: 2,
    freeze_before_sending: 2,
    kill_broker: 3,
    freeze_broker: 1,
    alarm_memory: 2,
    close_connections: 3,
    delete_queue: 3,
    terminate_backends: 3,
    restart_database: 3,
    lose_commits: 3,
    pile_up: 1,
    kill_imports: 2,
}
"""What a soak chooses from, and how often."""


async def _holds(rig: Rig, count: str, expected: int) -> bool:
    database = await asyncpg.connect(plain_url(rig.postgres.url))
    try:
        return bool(await database.fetchval(count, rig.vhost) == expected)
    finally:
        await database.close()
