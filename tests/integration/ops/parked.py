"""Commands that referrals parks, and what the broker counts of them."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from aiormq import spec

from messaging.wire.connection import connection
from messaging.wire.topology import DEAD_LETTERS
from ops.broker import queue_state

QUEUE = "referrals.commands"
WITHIN_SECONDS = 10.0


def with_channel(url: str, work: Callable[[Any], Any]) -> Any:
    """Do something on a channel of one's own."""

    async def run() -> Any:
        async with connection(url, "test") as opened:
            return await work(await opened.channel(publisher_confirms=True))

    return asyncio.run(run())


def dead_letters(url: str, queue: str = QUEUE) -> int:
    """How many the broker counts."""

    async def count() -> int:
        async with connection(url, "test") as opened:
            state = await queue_state(opened, f"{queue}.dead_letters")
            return state.depth if state else 0

    return asyncio.run(count())


def empty(url: str, queue: str = QUEUE) -> None:
    """Drop the dead letters of a queue."""

    async def purge(channel: Any) -> None:
        await channel.queue_purge(f"{queue}.dead_letters")

    with_channel(url, purge)


def until(reached: Callable[[], bool]) -> None:
    """Wait for something that takes the broker or a service a moment."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def park(url: str, partner: str) -> str:
    """A command that is refused (404, no such partner) and asks for no reply; its message id."""
    body = {
        "org_id": "org_parked",
        "referral_partner_uuid": partner,
        "base_version": 1,
        "notes": "Sample note",
    }
    message_id = str(uuid4())
    properties = spec.Basic.Properties(
        content_type="application/json",
        message_id=message_id,
        headers={"actor": "staff-7"},
    )

    async def publish(channel: Any) -> None:
        await channel.basic_publish(
            json.dumps(body).encode(),
            exchange=QUEUE,
            routing_key="referral_partner.update",
            properties=properties,
        )

    before = dead_letters(url)
    with_channel(url, publish)
    until(lambda: dead_letters(url) == before + 1)
    return message_id


def park_again(url: str, message_id: str, **headers: str) -> None:
    """Take the one dead letter and put it back with other headers."""

    async def change(channel: Any) -> None:
        taken = await channel.basic_get(f"{QUEUE}.dead_letters", no_ack=True)
        properties = taken.header.properties
        assert properties.message_id == message_id
        properties.headers = {**properties.headers, **headers}
        await channel.basic_publish(
            taken.body, exchange=DEAD_LETTERS, routing_key=QUEUE, properties=properties
        )

    with_channel(url, change)
    until(lambda: dead_letters(url) == 1)
