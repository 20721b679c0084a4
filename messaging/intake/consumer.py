"""Taking messages from a queue: connect, declare, consume, and begin again when any of it is lost.

It starts with a prefetch of 1 and takes more after its first settled batch: a message that kills
the process must not take hundreds of others towards their delivery limit with it.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiormq.exceptions
from aiormq import spec
from aiormq.abc import AbstractChannel, AbstractConnection, DeliveredMessage

from messaging.pacing.retry import DatabaseAway
from messaging.pacing.waiting import pause, until
from messaging.telemetry import logs
from messaging.wire.connection import BROKER_ERRORS, connection
from messaging.wire.envelope import MAX_BODY_BYTES
from messaging.wire.tls import why_lost
from messaging.wire.topology import ConsumedQueue, Topology, declare

log = logs.get(__name__)

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
PROBE_EVERY_SECONDS = 10.0
GIVE_UP_WITHOUT_CONSUMER_SECONDS = 60.0


class ConsumerLost(Exception):
    """The broker has counted no consumer on our queue for a minute: the process must start anew."""


class _Cancelled(Exception):
    """The broker cancelled the consumer: its queue was deleted or moved."""


@dataclass(frozen=True, slots=True)
class Consuming:
    """How a queue is consumed. `batch_size` is what one call of `process` takes at most.

    `process` returns the delivery tags of what the broker is to park, because we cannot.
    """

    queue: ConsumedQueue
    process: Callable[[list[DeliveredMessage]], Awaitable[set[int]]]
    prefetch: int
    batch_size: int


class Consumer:
    """Consumes one queue until it is stopped.

    `report` is told what is wrong, or None while the broker counts the consumer. `database_is_back`
    returns when the database answers again.
    """

    def __init__(
        self,
        url: str,
        name: str,
        topology: Topology,
        consuming: Consuming,
        *,
        report: Callable[[str | None], None],
        database_is_back: Callable[[], Awaitable[None]],
    ) -> None:
        self._url = url
        self._name = name
        self._topology = topology
        self._consuming = consuming
        self._report = report
        self._database_is_back = database_is_back

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop` is set, then finish the batch under way.

        Raises ConsumerLost, and whatever our own code raised.
        """
        pause_seconds = FIRST_PAUSE_SECONDS
        while not stop.is_set():
            try:
                await until(self._database_is_back(), stop)
                if stop.is_set():
                    return
                async with connection(self._url, self._name) as opened:
                    pause_seconds = FIRST_PAUSE_SECONDS
                    await self._consume(opened, stop)
            except DatabaseAway:
                self._lost("database away")
            except (*BROKER_ERRORS, _Cancelled) as error:
                self._lost(f"broker: {why_lost(error)}")
                await pause(stop, pause_seconds)
                pause_seconds = min(pause_seconds * 2, LONGEST_PAUSE_SECONDS)

    def _lost(self, reason: str) -> None:
        self._report(reason)
        log.warning("not consuming", queue=self._consuming.queue.name, detail=reason)

    async def _consume(self, opened: AbstractConnection, stop: asyncio.Event) -> None:
        channel = await opened.channel(publisher_confirms=False)
        await declare(channel, self._topology)
        flow: asyncio.Queue[DeliveredMessage] = asyncio.Queue()
        ended = asyncio.get_running_loop().create_future()
        _when_lost(channel, opened, ended)
        tag = await self._take(channel, flow, prefetch=1)
        probe = asyncio.create_task(self._probe(opened, ended))
        log.info("consuming", queue=self._consuming.queue.name)
        stopping = asyncio.create_task(stop.wait())
        try:
            tag = await self._settle_batches(channel, flow, tag, ended, stopping)
            if not channel.is_closed:
                await channel.basic_cancel(tag)
        finally:
            stopping.cancel()
            probe.cancel()
            with contextlib.suppress(asyncio.CancelledError, *BROKER_ERRORS):
                await probe

    async def _take(
        self, channel: AbstractChannel, flow: asyncio.Queue[DeliveredMessage], *, prefetch: int
    ) -> str:
        """Begin to take messages, and return the consumer's tag.

        A prefetch holds for consumers that begin after it was set: another one needs another
        consumer.
        """

        async def receive(message: DeliveredMessage) -> None:
            flow.put_nowait(message)

        await channel.basic_qos(prefetch_count=prefetch)
        begun = await channel.basic_consume(self._consuming.queue.name, receive)
        return begun.consumer_tag or ""

    async def _settle_batches(
        self,
        channel: AbstractChannel,
        flow: asyncio.Queue[DeliveredMessage],
        tag: str,
        ended: asyncio.Future[None],
        stopping: asyncio.Task[bool],
    ) -> str:
        """Settle until it is time to stop; returns the tag of the consumer that then consumes."""
        careful = True
        while not stopping.done():
            batch = await _next_batch(flow, self._consuming.batch_size, ended, stopping)
            if not batch:
                continue
            to_be_rejected = await self._consuming.process(batch)
            if ended.done():
                ended.result()
            await _acknowledge(channel, batch, to_be_rejected)
            # What is too large to be taken is no sign that more of it can be held.
            if careful and all(len(message.body) <= MAX_BODY_BYTES for message in batch):
                first, tag = tag, await self._take(channel, flow, prefetch=self._consuming.prefetch)
                await channel.basic_cancel(first)
                careful = False
        return tag

    async def _probe(self, opened: AbstractConnection, ended: asyncio.Future[None]) -> None:
        """Ask the broker whether it counts a consumer: consumers have been seen to vanish."""
        channel = await opened.channel(publisher_confirms=False)
        last_seen = time.monotonic()
        while True:
            declared = await channel.queue_declare(
                self._consuming.queue.name, passive=True, timeout=PROBE_EVERY_SECONDS
            )
            if declared.consumer_count:
                last_seen = time.monotonic()
                self._report(None)
            else:
                self._report("the broker counts no consumer")
                if time.monotonic() - last_seen > GIVE_UP_WITHOUT_CONSUMER_SECONDS:
                    if not ended.done():
                        ended.set_exception(ConsumerLost(self._consuming.queue.name))
                    return
            await asyncio.sleep(1.0 if not declared.consumer_count else PROBE_EVERY_SECONDS)


async def _acknowledge(
    channel: AbstractChannel, batch: list[DeliveredMessage], to_be_rejected: set[int]
) -> None:
    if not to_be_rejected:
        # In the order of delivery, so everything up to the last one is settled.
        await channel.basic_ack(batch[-1].delivery_tag or 0, multiple=True)
        return
    for message in batch:
        tag = message.delivery_tag or 0
        if tag in to_be_rejected:
            await channel.basic_reject(tag, requeue=False)
        else:
            await channel.basic_ack(tag)


def _when_lost(
    channel: AbstractChannel, opened: AbstractConnection, ended: asyncio.Future[None]
) -> None:
    """Fail `ended` as soon as the connection, the channel or the consumer is gone."""

    def fail(error: BaseException) -> None:
        if not ended.done():
            ended.set_exception(error)
            ended.exception()  # It is read by who waits; not having been read is no error.

    def closed(_: object) -> None:
        fail(aiormq.exceptions.ConnectionClosed(0, "lost"))

    async def cancelled(_: spec.Basic.Cancel) -> None:
        fail(_Cancelled())

    opened.closing.add_done_callback(closed)
    channel.closing.add_done_callback(closed)
    channel.on_consumer_cancel_callbacks.add(cancelled)


async def _next_batch(
    flow: asyncio.Queue[DeliveredMessage],
    size: int,
    ended: asyncio.Future[None],
    stopping: asyncio.Task[bool],
) -> list[DeliveredMessage]:
    """What is waiting, at most `size`; waits for the first one. Empty when it is time to stop."""
    if flow.empty():
        first = asyncio.create_task(flow.get())
        waiting: set[asyncio.Future[Any]] = {first, ended, stopping}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if not first.done():
            first.cancel()
            if ended.done():
                ended.result()
            return []
        batch = [first.result()]
    else:
        batch = []
    while len(batch) < size and not flow.empty():
        batch.append(flow.get_nowait())
    if ended.done():
        ended.result()
    return batch
