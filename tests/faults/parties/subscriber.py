"""An event subscriber with a durable queue of its own, which outlives connections and brokers."""

import asyncio
import json
import secrets
from collections.abc import Callable, Coroutine
from typing import Any

from aiormq.abc import AbstractChannel, DeliveredMessage

from messaging.wire.connection import BROKER_ERRORS, connection
from tests.faults.parties.books import Told

QUEUE = "test.subscriber"
EXCHANGES = ("referrals.events", "ereferral_dispatch.events")
PREFETCH = 200
CAUGHT_UP_WITHIN_SECONDS = 20.0


class Subscriber:
    """Writes down every event of both services, in the order in which they come."""

    def __init__(self, url: str, write: Callable[[Told], None]) -> None:
        self._url = url
        self._write = write
        self._caught_up: dict[str, asyncio.Event] = {}

    async def bind(self) -> None:
        """Declare the queue; what is published from now on waits in it."""
        async with connection(self._url, "test.subscriber") as opened:
            await _declare(await opened.channel())

    async def unbind(self) -> None:
        """Take no more events: they find no queue."""
        async with connection(self._url, "test.subscriber") as opened:
            channel = await opened.channel()
            for exchange in EXCHANGES:
                await channel.queue_unbind(QUEUE, exchange, routing_key="#")

    async def catch_up(self) -> None:
        """Returns when everything that is in the queue now is written down.

        Raises TimeoutError, and what the broker raises.
        """
        mark, caught_up = secrets.token_hex(8), asyncio.Event()
        self._caught_up[mark] = caught_up
        async with connection(self._url, "test.marking") as opened:
            channel = await opened.channel()
            await channel.basic_publish(mark.encode(), routing_key=QUEUE)
        async with asyncio.timeout(CAUGHT_UP_WITHIN_SECONDS):
            await caught_up.wait()

    async def listen(self) -> None:
        """Take and write down until cancelled; a lost connection is opened again."""
        while True:
            try:
                async with connection(self._url, "test.subscriber") as opened:
                    channel = await opened.channel()
                    await channel.basic_qos(prefetch_count=PREFETCH)
                    await channel.basic_consume(QUEUE, self._taker(channel))
                    await asyncio.wait(
                        {opened.closing, channel.closing}, return_when="FIRST_COMPLETED"
                    )
            except asyncio.CancelledError:
                current = asyncio.current_task()
                if current is None or current.cancelling():
                    raise
            except BROKER_ERRORS:
                pass
            await asyncio.sleep(0.2)

    def _taker(
        self, channel: AbstractChannel
    ) -> Callable[[DeliveredMessage], Coroutine[Any, Any, None]]:
        async def take(message: DeliveredMessage) -> None:
            if message.exchange:
                self._write(_told(message))
            elif (caught_up := self._caught_up.pop(message.body.decode(), None)) is not None:
                caught_up.set()
            # Behind the writing: what was not written down comes again.
            await channel.basic_ack(message.delivery_tag or 0)

        return take


def _told(message: DeliveredMessage) -> Told:
    event = json.loads(message.body)
    return Told(
        id=event["id"],
        source=event["source"],
        type=event["type"],
        subject=event["subject"],
        version=event["aggregateversion"],
        org_id=event["orgid"],
        cause=event.get("causationid"),
        status=event["data"].get("status"),
    )


async def _declare(channel: AbstractChannel) -> None:
    await channel.queue_declare(QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
    for exchange in EXCHANGES:
        await channel.exchange_declare(exchange, exchange_type="topic", durable=True)
        await channel.queue_bind(QUEUE, exchange, routing_key="#")
