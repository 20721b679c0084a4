"""The backlog of a service, looked at every few seconds: its queues, its dead letters, its outbox.

Each replica looks and finds the same; who draws or alerts takes the largest of them. A figure that
cannot be had is taken away: an old one would say that all is well.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from aiormq.abc import AbstractChannel
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from messaging.database.errors import is_outage
from messaging.database.tables import outbox
from messaging.pacing.sweep import keep_sweeping
from messaging.pacing.waiting import pause
from messaging.telemetry import metrics
from messaging.wire.connection import BROKER_ERRORS, connection
from messaging.wire.topology import ConsumedQueue

LOOK_EVERY_SECONDS = 5.0
_OLDEST = select(outbox.c.message_id).order_by(outbox.c.seq).limit(1)
_CLOCK = text("SELECT extract(epoch FROM clock_timestamp())::float8")


class QueueWatch:
    """Looks how many messages wait in the queues that a service consumes, and since when."""

    def __init__(
        self,
        url: str,
        name: str,
        queues: Iterable[ConsumedQueue],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._name = name
        self._queues = tuple(queues)
        self._clock = clock
        self._seen_empty: dict[str, float] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Look every few seconds until `stop` is set; a broker that is away is looked for again."""
        while not stop.is_set():
            with suppress(*BROKER_ERRORS):
                async with connection(self._url, self._name) as opened:
                    while not stop.is_set():
                        channel = await opened.channel(publisher_confirms=False)
                        await self._look(channel)
                        await channel.close()
                        await pause(stop, LOOK_EVERY_SECONDS)
            self._forget()
            await pause(stop, LOOK_EVERY_SECONDS)

    async def _look(self, channel: AbstractChannel) -> None:
        for queue in self._queues:
            self.tell(queue, await _depth(channel, queue.name))
            metrics.DEAD_LETTERS.labels(queue.name).set(await _depth(channel, queue.dead_letters))

    def tell(self, queue: ConsumedQueue, waiting: int) -> None:
        """So many wait now. A queue is as if it had been empty when it is first looked at."""
        now = self._clock()
        if waiting == 0:
            self._seen_empty[queue.name] = now
        since = self._seen_empty.setdefault(queue.name, now)
        metrics.QUEUE_MESSAGES.labels(queue.name).set(waiting)
        metrics.QUEUE_AGE.labels(queue.name).set(now - since)

    def _forget(self) -> None:
        for gauge in (metrics.QUEUE_MESSAGES, metrics.QUEUE_AGE, metrics.DEAD_LETTERS):
            for queue in self._queues:
                with suppress(KeyError):
                    gauge.remove(queue.name)


async def _depth(channel: AbstractChannel, queue: str) -> int:
    declared = await channel.queue_declare(queue, passive=True)
    return declared.message_count or 0


async def watch_outbox(engine: AsyncEngine, stop: asyncio.Event) -> None:
    """Look every few seconds how long the oldest row of the outbox has waited.

    Its message id says when it was made (UUIDv7, RFC 9562 section 5.7).
    """

    async def look() -> bool:
        try:
            async with engine.connect() as database:
                oldest = await database.scalar(_OLDEST)
                now = await database.scalar(_CLOCK)
        except Exception as error:
            if is_outage(error):
                metrics.OUTBOX_AGE.set(float("nan"))
            raise
        made_at = now if oldest is None else (oldest.int >> 80) / 1000
        metrics.OUTBOX_AGE.set(max(0.0, now - made_at))
        return False

    await keep_sweeping(look, stop, name="outbox age", every_seconds=LOOK_EVERY_SECONDS)
