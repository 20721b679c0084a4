"""A service is killed at random moments: every command has one effect, every event is told."""

import asyncio
import random
from pathlib import Path

import asyncpg

from tests.faults.replicas import kill, start_replica
from tests.faults.workload import Workload, a_moment, parked, subscribe, subscribed
from tests.referrals_service import migrated, new_org_id, plain_url
from tests.waiting import until

KILLS = 10
COMMANDS = 300


async def outbox_is_empty(database_url: str) -> None:
    """Returns when everything that was to be said has been said."""
    database = await asyncpg.connect(plain_url(database_url))

    async def is_empty() -> bool:
        return not await database.fetchval("SELECT count(*) FROM referrals.outbox")

    await until(is_empty, within_seconds=30)
    await database.close()


async def test_a_service_that_is_killed_again_and_again_loses_and_repeats_nothing(
    postgres_database: str, rabbitmq_vhost: str, tmp_path: Path
) -> None:
    """SIGKILL, wherever it strikes: between commit and acknowledgement, between publish and mark.

    Clients send again under the same message id until they are answered. In the end each command
    had its one effect and the same reply, each event came at least once under one id and in the
    order of its subject, and nothing was parked.
    """
    chance = random.Random(17)
    await migrated(postgres_database)
    await subscribe(rabbitmq_vhost)
    workload = Workload(new_org_id(), rabbitmq_vhost, writers=8)
    log = tmp_path / "referrals.log"
    replica = start_replica(postgres_database, rabbitmq_vhost, log)
    try:
        async with workload.running(at_least=COMMANDS):
            for _ in range(KILLS):
                before = workload.answered
                await until(lambda: workload.answered > before, within_seconds=60)  # noqa: B023
                await asyncio.sleep(a_moment(0.3, chance))
                await asyncio.to_thread(kill, replica)
                replica = start_replica(postgres_database, rabbitmq_vhost, log)
        assert workload.answered >= COMMANDS
        workload.check_answers()
        await workload.check_effects()
        await outbox_is_empty(postgres_database)
    finally:
        await asyncio.to_thread(kill, replica)
    workload.check_events(await subscribed(rabbitmq_vhost))
    assert await parked(rabbitmq_vhost, "referrals.commands") == 0
