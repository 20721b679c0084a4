"""The limits of an attempt's parts by themselves: letters, POSTs, commits.

Each as many at a time as the worker does it, where nothing else is said.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import aiohttp
import asyncpg

from bench.dispatch_seed import admin, seed_retries
from bench.packages import DispatchCommand, portal_consignment
from bench.place import Place
from letters.render import render_letter
from services.ereferral_dispatch.delivery.worker import COMPOSED_AT_ONCE
from services.ereferral_dispatch.home import HOME

ItemT = TypeVar("ItemT")

POSTS_AT_ONCE = 64
CONNECTIONS = 10
_HEADERS = {
    "Content-Type": "application/fhir+json",
    "Accept-Encoding": "identity",
    "webhook-id": "019300000000700080000000000e0001",
}


async def letters_per_second(
    commands: Sequence[DispatchCommand], *, at_once: int = COMPOSED_AT_ONCE
) -> float:
    """Letters of these packages, in as many threads as the worker has them composed in."""

    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(at_once) as threads:

        async def render(command: DispatchCommand) -> None:
            consignment = portal_consignment(command.package)
            await loop.run_in_executor(threads, render_letter, consignment)

        return await _rate(commands, render, at_once=POSTS_AT_ONCE)


async def posts_per_second(endpoint: str, bodies: Sequence[bytes]) -> float:
    """Bare aiohttp: one POST of each body to the portals' process."""
    async with aiohttp.ClientSession() as session:

        async def post(body: bytes) -> None:
            async with session.post(endpoint, data=body, headers=_HEADERS) as answer:
                await answer.read()

        return await _rate(bodies, post, at_once=POSTS_AT_ONCE)


async def commits_per_second(
    place: Place, command: DispatchCommand, contents: Sequence[bytes]
) -> float:
    """Attempts a second whose three commits are bare SQL, on as many connections as a worker has.

    One attempt for each of `contents`, what was composed for it. The e-referrals are there before
    the clock starts, and nothing runs that would look at them.
    """
    ids = await seed_retries(place, command, count=len(contents), partners=100)
    pool = await asyncpg.create_pool(dsn=admin(place), min_size=CONNECTIONS, max_size=CONNECTIONS)
    try:
        event = command.body[:900]

        async def attempt(one: tuple[asyncpg.Record, bytes]) -> None:
            row, content = one
            async with pool.acquire() as database:
                await database.execute(f"SET search_path TO {HOME.schema}")
                await _three_commits(database, row["org_id"], row["id"], content, event)

        return await _rate(list(zip(ids, contents, strict=True)), attempt, at_once=CONNECTIONS)
    finally:
        await pool.close()


async def _three_commits(
    database: asyncpg.Connection, org_id: str, ereferral_id: object, content: bytes, event: bytes
) -> None:
    key = (org_id, ereferral_id)
    async with database.transaction():
        await database.fetch(_CLAIM, *key)
        await database.fetch(_BEGIN, *key)
    async with database.transaction():
        await database.fetch(_PASS, *key)
        await database.fetch(_KEEP, *key, content)
    async with database.transaction():
        await database.fetch(_FINISH, *key)
        await database.fetch(_DELIVER, *key)
        await database.fetch(_SAY, *key, str(ereferral_id), event)


_CLAIM = """
    UPDATE ereferral SET status = 'in_progress', due_at = NULL, attempts_made = 2
    WHERE org_id = $1 AND id = $2
"""
_BEGIN = """
    INSERT INTO attempt (org_id, ereferral_id, number, channel, address, token, lease_until,
        started_at)
    VALUES ($1, $2, 2, 'portal', 'http://127.0.0.1/', gen_random_uuid(),
        now() + interval '90 seconds', now())
"""
_PASS = """
    UPDATE attempt SET sending_at = now() WHERE org_id = $1 AND ereferral_id = $2 AND number = 2
"""
_KEEP = """
    INSERT INTO composed (org_id, ereferral_id, channel, message, possible_repeat, content)
    VALUES ($1, $2, 'portal', 'referral', false, $3)
"""
_FINISH = """
    UPDATE attempt SET finished_at = now(), outcome = 'delivered', code = 'http_201'
    WHERE org_id = $1 AND ereferral_id = $2 AND number = 2
"""
_DELIVER = """
    UPDATE ereferral SET status = 'delivered', version = version + 1, updated_at = now()
    WHERE org_id = $1 AND id = $2
"""
_SAY = """
    INSERT INTO outbox (org_id, subject, exchange, routing_key, message_id, content_type, headers,
        body)
    VALUES ($1, $3, 'ereferral_dispatch.events', 'ereferral.delivered', $2,
        'application/cloudevents+json', '{}', $4)
"""


async def _rate(
    items: Sequence[ItemT], do: Callable[[ItemT], Awaitable[None]], *, at_once: int
) -> float:
    """How many a second, `at_once` under way at any time."""
    left = iter(items)

    async def work() -> None:
        for item in left:
            await do(item)

    started = time.perf_counter()
    async with asyncio.TaskGroup() as workers:
        for _ in range(at_once):
            workers.create_task(work())
    return len(items) / (time.perf_counter() - started)
