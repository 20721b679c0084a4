"""FastStream's broker with batches: a subscriber that takes together what waits in a queue.

It is for RabbitMQ what Kafka's `batch=True` is, but nothing is waited for unless a subscriber asks
for it: an idle system has batches of one. This module alone leans on what FastStream and aio-pika
do not promise to keep; `tests/unit/messaging/intake/test_subscriber_seam.py` says by name what that
is.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aiormq.exceptions
from aio_pika import RobustConnection
from aio_pika.abc import AbstractRobustChannel
from aiormq.abc import AbstractChannel, DeliveredMessage
from faststream import AckPolicy
from faststream._internal.endpoint.subscriber.call_item import CallsCollection
from faststream._internal.endpoint.subscriber.usecase import SubscriberUsecase
from faststream.rabbit import ExchangeType, RabbitBroker, RabbitExchange, RabbitQueue
from faststream.rabbit.broker.registrator import RabbitRegistrator
from faststream.rabbit.schemas.queue import QueueType
from faststream.rabbit.subscriber.config import (
    RabbitSubscriberConfig,
    RabbitSubscriberSpecificationConfig,
)
from faststream.rabbit.subscriber.specification import RabbitSubscriberSpecification
from faststream.rabbit.subscriber.usecase import RabbitSubscriber

from messaging.intake.batch import Batch, batch_metrics
from messaging.pacing.retry import DatabaseAway
from messaging.telemetry import logs
from messaging.wire.connection import (
    BROKER_ERRORS,
    CONNECT_TIMEOUT_SECONDS,
    close,
    loss_raised,
    robust_connection,
)
from messaging.wire.envelope import MAX_BODY_BYTES
from messaging.wire.tls import why_lost
from messaging.wire.topology import ConsumedQueue, Topology, declare

log = logs.get(__name__)

DRAIN_SECONDS = 30.0
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
PROBE_EVERY_SECONDS = 10.0
GIVE_UP_WITHOUT_CONSUMER_SECONDS = 60.0


class ConsumerLost(Exception):
    """The broker has counted no consumer on our queue for a minute: the process must start anew."""


class _Cancelled(aiormq.exceptions.AMQPError):
    """The broker cancelled the consumer: its queue was deleted or moved."""


@dataclass(frozen=True, slots=True)
class Work:
    """A queue's work: what is done with a batch, how large that is at most, and how many messages
    the broker hands out ahead."""

    handle: Callable[[Batch], Awaitable[None]]
    batch_size: int
    prefetch: int


WorkByQueue = Mapping[ConsumedQueue, Work]


class Broker(RabbitBroker):
    """FastStream's broker with batch subscribers, each on a connection of its own.

    So a message at which one breaks takes nothing of another queue with it. FastStream is not told
    the URL: what it does not know stands in no document and no log.
    """

    def __init__(self, url: str = "", name: str = "", topology: Topology | None = None) -> None:
        super().__init__(
            app_id=None,
            apply_types=False,
            graceful_timeout=DRAIN_SECONDS,
            logger=None,
            middlewares=(batch_metrics(name),) if name else (),
        )
        self._url, self._name = url, name
        self.topology = topology or Topology((), ())

    def batch_subscriber(
        self, queue: ConsumedQueue, work: Work, *, gather_seconds: float = 0.0
    ) -> "BatchSubscriber":
        """As `subscriber`: what is returned decorates a handler.

        `gather_seconds`: how long a batch's first message waits for others; for what nobody awaits.
        """
        made = BatchSubscriber(self, queue, work, gather_seconds)
        super(RabbitRegistrator, self).subscriber(made)
        return made

    @property
    def batch_subscribers(self) -> "list[BatchSubscriber]":
        """Those made by `batch_subscriber`."""
        return [one for one in self.subscribers if isinstance(one, BatchSubscriber)]

    async def start(self) -> None:
        """Let the batch subscribers begin; each opens its own connection."""
        self._setup_logger()
        for subscriber in self.batch_subscribers:
            await subscriber.start()
        self.running = True

    def connection(self, queue: str) -> RobustConnection:
        """The connection of a queue's subscriber, to be opened by it."""
        return robust_connection(self._url, f"{self._name}:{queue}")


class BatchSubscriber(RabbitSubscriber):
    """Gives its handler batches, and acknowledges each when the handler has returned.

    What the handler raises gives back all that was taken, by closing the channel, which aio-pika
    opens again: DatabaseAway, and what the loss of the broker raises. Anything else is told to
    `fault`, and so is an end that nobody asked for. `report` is told why nothing is taken, or None
    while the broker counts the consumer. `when_possible` returns when the database answers.

    It begins with a prefetch of 1 on each channel and takes more after its first settled batch: a
    message that kills the process must not take hundreds of others towards their delivery limit
    with it.
    """

    def __init__(
        self, broker: Broker, queue: ConsumedQueue, work: Work, gather_seconds: float = 0.0
    ) -> None:
        outer: Any = broker.config
        calls = CallsCollection[Any]()
        bound: Any = {"queue": rabbit_queue(queue), "exchange": topic(queue.exchange)}
        unnamed = RabbitSubscriberSpecificationConfig(
            **bound, title_=None, description_=None, include_in_schema=False
        )
        super().__init__(
            RabbitSubscriberConfig(
                **bound, no_reply=True, _ack_policy=AckPolicy.MANUAL, _outer_config=outer
            ),
            RabbitSubscriberSpecification(outer, unnamed, calls),
            calls,
        )
        self._parser = self._decoder = _as_it_is
        self._broker, self._work = broker, work
        self._gather_seconds = gather_seconds
        self._flow: asyncio.Queue[DeliveredMessage | Exception | None] = asyncio.Queue()
        self._connection: RobustConnection | None = None
        self._channel: AbstractRobustChannel | None = None
        self._current: AbstractChannel | None = None
        self._tag = ""
        self._is_careful = True
        self._is_due = False
        self._pause_seconds = 0.0
        self._told: str | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.report: Callable[[str | None], None] = lambda _: None
        self.fault: Callable[[BaseException], None] = lambda _: None
        self.when_possible: Callable[[], Awaitable[None]] = _at_once

    def tell(self, reason: str | None) -> None:
        """Report why nothing is taken, and write it down once; None: messages are taken."""
        self.report(reason)
        if reason is not None and reason != self._told:
            log.warning("not consuming", queue=self.queue.name, detail=reason)
        self._told = reason

    async def start(self) -> None:
        """Begin to take messages, as soon as that is possible."""
        await SubscriberUsecase.start(self)
        self._post_start()
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._watch())]
        for task in self._tasks:
            task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Take no more, settle what is under way, give back the rest."""
        await SubscriberUsecase.stop(self)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._connection is not None:
            self._connection.close_callbacks.discard(self._lost)
            await close(self._connection)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Nothing may end unasked and unheard: the service would live on and take no message."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fault(error)
        elif self.running:
            self.fault(ConsumerLost(self.queue.name))

    async def _run(self) -> None:
        while self.running:
            try:
                with loss_raised():
                    if self._channel is None:
                        await self._open()
                    if batch := await self._next_batch():
                        await self._settle(batch)
                    else:
                        await self._begin()
            except DatabaseAway:
                await self._give_back("database away")
            except BROKER_ERRORS as error:
                await self._give_back(f"broker: {why_lost(error)}")

    async def _open(self) -> None:
        """Connection and channel. From then on aio-pika opens both again when they are lost."""
        self._connection = self._broker.connection(self.queue.name)
        self._connection.close_callbacks.add(self._lost)
        await self._connection.connect(CONNECT_TIMEOUT_SECONDS)
        self._is_due = True  # What fails from here on, with the broker there, is seen by `_watch`.
        self._channel = self._connection.channel(publisher_confirms=False)
        self._channel.reopen_callbacks.add(self._opened)
        await self._channel.initialize()
        self._opened()

    def _lost(self, _: object, error: BaseException | None) -> None:
        if error is not None:
            self.tell(f"broker: {why_lost(error)}")

    def _opened(self, *_: object) -> None:
        self._flow.put_nowait(None)

    async def _next_batch(self) -> list[DeliveredMessage]:
        """What is waiting, at most `size`; waits for the first one. Empty: a channel was opened."""
        batch: list[DeliveredMessage] = []
        while not batch or (len(batch) < self._work.batch_size and not self._flow.empty()):
            taken = await self._flow.get()
            if taken is None:
                return []
            if isinstance(taken, Exception):
                raise taken
            if not batch and self._gather_seconds:
                await asyncio.sleep(self._gather_seconds)
            if not taken.channel.is_closed:
                batch.append(taken)
        return batch

    async def _begin(self) -> None:
        """Take messages from the channel that was opened."""
        self._is_due = False
        await asyncio.sleep(self._pause_seconds)
        self._pause_seconds = min(
            max(2 * self._pause_seconds, FIRST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS
        )
        await self.when_possible()
        self._is_due = True
        assert self._channel is not None
        channel = await self._channel.get_underlay_channel()
        if channel is self._current:
            return  # It was opened twice while this waited.
        self._current, self._is_careful = channel, True
        channel.on_consumer_cancel_callbacks.add(self._cancelled)
        await declare(channel, self._broker.topology)
        self._tag = await self._take(channel, prefetch=1)
        self._pause_seconds = FIRST_PAUSE_SECONDS
        self.tell(None)
        log.info("consuming", queue=self.queue.name)

    async def _take(self, channel: AbstractChannel, *, prefetch: int) -> str:
        """Begin to take messages, and return the consumer's tag.

        A prefetch holds for consumers that begin after it was set: another one needs another
        consumer. They come as aiormq reads them: aio-pika's own consumer knows nothing of
        properties that cannot be read.
        """
        await channel.basic_qos(prefetch_count=prefetch)
        begun = await channel.basic_consume(self.queue.name, self._received)
        return begun.consumer_tag or ""

    async def _received(self, message: DeliveredMessage) -> None:
        self._flow.put_nowait(message)

    async def _cancelled(self, _: object) -> None:
        self._flow.put_nowait(_Cancelled())

    async def _settle(self, messages: list[DeliveredMessage]) -> None:
        """Handle a batch, and acknowledge it: FastStream swallows what that raises."""
        batch, channel = Batch(messages, self.queue.name), messages[-1].channel
        with self.lock:  # `stop` waits for what has begun.
            await self.process_message(batch)  # type: ignore[arg-type]  # to FastStream it is one
            await batch.ack()
        # What is too large to be taken is no sign that more of it can be held.
        if self._is_careful and all(len(message.body) <= MAX_BODY_BYTES for message in messages):
            first, self._tag = self._tag, await self._take(channel, prefetch=self._work.prefetch)
            await channel.basic_cancel(first)
            self._is_careful = False

    async def _give_back(self, reason: str) -> None:
        """All that was taken, by closing the channel: aio-pika opens another one."""
        self.tell(reason)
        if self._current is not None and not self._current.is_closed:
            with suppress(*BROKER_ERRORS), loss_raised():
                await self._current.close(aiormq.exceptions.ChannelClosed(0, reason))

    async def _watch(self) -> None:
        """Ask whether the consumer is there: consumers have been seen to vanish after a reconnect.

        Raises ConsumerLost after a minute without one: the process must start anew.
        """
        last_seen = time.monotonic()
        # A cancelled question can end as a lost channel: the task is not told a second time to end.
        while self.running:
            await asyncio.sleep(PROBE_EVERY_SECONDS)
            is_seen = await self._is_counted() if self._is_due else None
            if is_seen is not False:
                last_seen = time.monotonic()
                continue
            self.tell("the broker counts no consumer")
            if time.monotonic() - last_seen > GIVE_UP_WITHOUT_CONSUMER_SECONDS:
                raise ConsumerLost(self.queue.name)

    async def _is_counted(self) -> bool | None:
        """None: the broker cannot be asked."""
        try:
            assert self._connection is not None
            with loss_raised():
                async with (
                    asyncio.timeout(PROBE_EVERY_SECONDS),
                    self._connection.channel(publisher_confirms=False) as asked,
                ):
                    queue = await asked.declare_queue(self.queue.name, passive=True)
        except BROKER_ERRORS:
            return None
        counted = bool(queue.declaration_result.consumer_count)
        return counted and self._current is not None and not self._current.is_closed


Subscribe = Callable[[Broker, WorkByQueue], None]
"""Puts a service's subscribers on a broker."""


def rabbit_queue(queue: ConsumedQueue) -> RabbitQueue:
    """A queue in FastStream's terms."""
    return RabbitQueue(queue.name, queue_type=QueueType.QUORUM, durable=True, routing_key="#")


def topic(name: str) -> RabbitExchange:
    """An exchange in FastStream's terms."""
    return RabbitExchange(name, type=ExchangeType.TOPIC, durable=True)


async def _as_it_is(message: Batch) -> Batch:
    return message


async def _at_once() -> None:
    """Nothing is waited for."""
