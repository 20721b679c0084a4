"""Filling a queue with commands, and counting what comes of them: the client's side."""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import orjson
from aiormq.abc import AbstractChannel, DeliveredMessage
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from bench.commands import OPERATION, PartnerCommand
from bench.place import EVENTS_QUEUE, Place, bind_events, fresh_place
from bench.under_test import under_test
from messaging.wire.connection import connection, persistent
from ops.servers import Servers
from services.referrals.home import COMMANDS, HOME

REPLY_QUEUE = "bench.replies"
ACKNOWLEDGE_EVERY = 50
STALL_SECONDS = 60.0
_PUBLISHED_AT_ONCE = 500


class WrongResult(RuntimeError):
    """What came out is not what the commands ask for: the measurement says nothing."""


@dataclass(frozen=True, slots=True)
class Drained:
    """What a process took for a backlog; CPU and memory are the process's own."""

    seconds: float
    cpu_seconds: float
    peak_rss_bytes: int


async def drain(
    servers: Servers, program: Sequence[str], commands: Sequence[PartnerCommand]
) -> Drained:
    """Let `python -m program` drain a backlog in a fresh place, and check what came of it.

    The clock runs from when the process, started and waiting, is let go (connecting included)
    until the last reply and the last event have been received. Raises WrongResult and EndedEarly.
    """
    async with fresh_place(servers) as place:
        async with counting(place, len(commands)) as counter:
            await fill(place, commands)
            async with under_test(program, place.environment()) as process:
                started = time.perf_counter()
                await process.go()
                await first_of(counter.complete.wait(), counter.stalled(), process.ended())
                seconds = counter.last_at - started
                figures = await process.figures()
        await check(place, commands, counter)
    return Drained(seconds, figures.cpu_seconds, figures.peak_rss_bytes)


async def first_of(*happenings: Coroutine[Any, Any, object]) -> None:
    """Wait for the first of several happenings, and raise what it raises."""
    waiting = [asyncio.create_task(happening) for happening in happenings]
    try:
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


class Counter:
    """Takes the replies and the events of commands; `complete` once all are there."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._unacknowledged = 0
        self.replies: dict[str, bytes] = {}
        self.events: dict[str, bytes] = {}
        self.complete = asyncio.Event()
        self.last_at = time.perf_counter()

    async def take_reply(self, message: DeliveredMessage) -> None:
        """Count a reply by its correlation id."""
        self.replies[message.header.properties.correlation_id or ""] = message.body
        self._count()

    async def take_event(self, message: DeliveredMessage) -> None:
        """Count an event by its id, and acknowledge some at a time, as subscribers do."""
        self.events[message.header.properties.message_id or ""] = message.body
        self._unacknowledged += 1
        if self._unacknowledged == ACKNOWLEDGE_EVERY:
            self._unacknowledged = 0
            await message.channel.basic_ack(message.delivery_tag or 0, multiple=True, wait=False)
        self._count()

    def _count(self) -> None:
        self.last_at = time.perf_counter()
        if len(self.replies) >= self._expected and len(self.events) >= self._expected:
            self.complete.set()

    async def stalled(self) -> None:
        """Raises WrongResult after a minute in which nothing came; never returns."""
        while True:
            await asyncio.sleep(1.0)
            if time.perf_counter() - self.last_at > STALL_SECONDS:
                raise WrongResult(
                    f"{len(self.replies)} replies and {len(self.events)} events of "
                    f"{self._expected}, then nothing for {STALL_SECONDS:.0f} s"
                )


@asynccontextmanager
async def counting(place: Place, expected: int) -> AsyncIterator[Counter]:
    """A counter with a queue for replies and a subscriber's quorum queue for events."""
    async with connection(place.rabbitmq_url, "bench.counter") as opened:
        channel = await opened.channel(publisher_confirms=False)
        counter = Counter(expected)
        await channel.queue_declare(REPLY_QUEUE, exclusive=True, auto_delete=True)
        await bind_events(channel, place)
        await channel.basic_qos(prefetch_count=10 * ACKNOWLEDGE_EVERY)
        await channel.basic_consume(REPLY_QUEUE, counter.take_reply, no_ack=True)
        await channel.basic_consume(EVENTS_QUEUE, counter.take_event)
        yield counter


class Command(Protocol):
    """A command as it is sent: its message id, and its body in JSON."""

    @property
    def message_id(self) -> UUID: ...

    @property
    def body(self) -> bytes: ...


async def fill(place: Place, commands: Sequence[Command], operation: str = OPERATION) -> None:
    """Put commands of one operation into the service's queue, each confirmed."""
    async with connection(place.rabbitmq_url, "bench.filler") as opened:
        channel = await opened.channel(publisher_confirms=True, on_return_raises=True)
        for first in range(0, len(commands), _PUBLISHED_AT_ONCE):
            await asyncio.gather(
                *(
                    _publish(channel, place.exchange("commands"), operation, command)
                    for command in commands[first : first + _PUBLISHED_AT_ONCE]
                )
            )


async def _publish(
    channel: AbstractChannel, exchange: str, operation: str, command: Command
) -> None:
    message_id = str(command.message_id)
    await channel.basic_publish(
        command.body,
        exchange=exchange,
        routing_key=operation,
        properties=persistent(
            content_type="application/json",
            message_id=message_id,
            correlation_id=message_id,
            reply_to=REPLY_QUEUE,
        ),
        mandatory=True,
    )


async def check(place: Place, commands: Sequence[PartnerCommand], counter: Counter) -> None:
    """Raises WrongResult unless every command had its one effect, reply and event.

    To be asked after the process under test has ended: what it left unacknowledged is then back in
    the queue.
    """
    partners = _partners_replied(commands, counter)
    subjects = {orjson.loads(body)["subject"] for body in counter.events.values()}
    _expect("events' subjects", subjects == partners)
    _expect("events", len(counter.events) == len(commands))
    async with connection(place.rabbitmq_url, "bench.check") as opened:
        channel = await opened.channel()
        for queue in (COMMANDS.name, COMMANDS.dead_letters):
            left = await channel.queue_declare(queue, passive=True)
            _expect(f"messages left in {queue}", left.message_count == 0)
    wanted = {"outbox": 0} | dict.fromkeys(("referral_partner", "inbox", "audit"), len(commands))
    for table, count in wanted.items():
        _expect(f"rows of {table}", await _rows(place, table) == count)


def _partners_replied(commands: Sequence[PartnerCommand], counter: Counter) -> set[str]:
    replies = [orjson.loads(counter.replies[str(c.message_id)]) for c in commands]
    _expect("replies", len(counter.replies) == len(commands))
    _expect("status 201", all(reply["status"] == 201 for reply in replies))
    partners = {reply["data"]["id"] for reply in replies}
    _expect("partners replied", len(partners) == len(commands))
    return partners


def _expect(what: str, holds: bool) -> None:
    if not holds:
        raise WrongResult(f"not what was asked for: {what}")


async def _rows(place: Place, table: str) -> int:
    engine = create_async_engine(place.database_url, poolclass=NullPool)
    async with engine.connect() as database:
        await database.execute(text(f"SET ROLE {HOME.system_role}"))
        count = await database.scalar(text(f"SELECT count(*) FROM {HOME.schema}.{table}"))
    await engine.dispose()
    return int(count)
