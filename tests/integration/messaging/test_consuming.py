"""Taking messages from a queue: how many ahead, by which connection, and when none come."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiormq
import pytest
from aiormq.abc import DeliveredMessage
from yarl import URL

from messaging.intake import consumer
from messaging.intake.consumer import Consumer, ConsumerLost, Consuming
from messaging.replies.client import open_client
from messaging.wire.envelope import MAX_BODY_BYTES
from messaging.wire.topology import ConsumedQueue, Topology, declare
from tests.support.broker.raw_messages import Wire, open_wire
from tests.support.services.referrals import Org, migrated, running_referrals
from tests.support.waiting import until

QUEUE = ConsumedQueue("consuming", "consuming")
TOPOLOGY = Topology((QUEUE,), ("consuming",))
PREFETCH = 8
Process = Callable[[list[DeliveredMessage]], Awaitable[set[int]]]


async def no_wait() -> None:
    """The database is there."""


@asynccontextmanager
async def filled(url: str, bodies: list[bytes]) -> AsyncIterator[Wire]:
    """The queue with these messages and no other."""
    async with open_wire(url) as wire:
        await declare(wire.channel, TOPOLOGY)
        await wire.channel.queue_purge(QUEUE.name)
        for body in bodies:
            await wire.publish(body, "x", exchange=QUEUE.exchange)
        yield wire


@asynccontextmanager
async def consuming(url: str, process: Process) -> AsyncIterator[asyncio.Task[None]]:
    """A consumer that runs until the block is left."""
    taking = Consuming(QUEUE, process, prefetch=PREFETCH, batch_size=4)
    made = Consumer(
        url, "test.consumer", TOPOLOGY, taking, report=lambda _: None, database_is_back=no_wait
    )
    stop = asyncio.Event()
    running = asyncio.create_task(made.run(stop))
    try:
        yield running
    finally:
        stop.set()
        await running


async def waiting_in(wire: Wire) -> int:
    """How many messages no consumer has been handed."""
    declared = await wire.channel.queue_declare(QUEUE.name, passive=True)
    return declared.message_count or 0


async def test_no_more_is_taken_ahead_than_the_prefetch(rabbitmq_vhost: str) -> None:
    """One until a first batch is settled, then so many: the rest waits for whoever else comes."""
    held, settled, seen = asyncio.Event(), asyncio.Event(), []

    async def process(batch: list[DeliveredMessage]) -> set[int]:
        seen.append(len(batch))
        if len(seen) > 1:
            await held.wait()
        if sum(seen) == 30:
            settled.set()
        return set()

    async with filled(rabbitmq_vhost, [b"small"] * 30) as wire:
        async with consuming(rabbitmq_vhost, process):

            async def as_many_as_may_are_taken() -> bool:
                # The first consumer may have been handed one more before it was let go.
                return 0 <= 30 - 1 - PREFETCH - await waiting_in(wire) <= 1

            await until(as_many_as_may_are_taken)
            await asyncio.sleep(0.3)  # More would come now.
            assert await as_many_as_may_are_taken()
            held.set()
            await asyncio.wait_for(settled.wait(), 20)
        assert seen[0] == 1
        assert max(seen) <= 4


async def test_what_is_too_large_to_be_taken_does_not_open_the_way_for_more(
    rabbitmq_vhost: str,
) -> None:
    """A process that could not hold so many of them comes back, and takes them one at a time."""
    seen: list[int] = []

    async def process(batch: list[DeliveredMessage]) -> set[int]:
        seen.append(len(batch))
        if len(seen) == 2:
            await asyncio.sleep(0.3)  # More would come now.
            seen.append(await waiting_in(wire))
        return set()

    async with (
        filled(rabbitmq_vhost, [b" " * (MAX_BODY_BYTES + 1), *[b"small"] * 6]) as wire,
        consuming(rabbitmq_vhost, process),
    ):
        await until(lambda: len(seen) > 3)
    assert seen[:3] == [1, 1, 5]


async def test_what_is_to_be_rejected_is_parked_and_the_rest_of_its_batch_done(
    rabbitmq_vhost: str,
) -> None:
    """Wherever in the batch it stands; nothing is delivered twice."""
    seen: list[bytes] = []

    async def process(batch: list[DeliveredMessage]) -> set[int]:
        seen.extend(message.body for message in batch)
        return {m.delivery_tag or 0 for m in batch if m.body.startswith(b"bad")}

    bodies = [b"good 0", *(b"bad 1", b"good 2", b"bad 3", b"bad 4")]
    async with filled(rabbitmq_vhost, bodies) as wire, consuming(rabbitmq_vhost, process):
        parked = await wire.parked(QUEUE.name, 3)
        assert [message.body for message in parked] == [b"bad 1", b"bad 3", b"bad 4"]
        await until(lambda: len(seen) == len(bodies))
    assert seen == bodies


async def test_a_consumer_that_has_vanished_is_noticed(
    rabbitmq_vhost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing says that it is gone: the broker is asked, and after a minute the process ends."""

    async def take_nothing(*_: Any, **__: Any) -> str:
        return "vanished"

    monkeypatch.setattr(Consumer, "_take", take_nothing)
    monkeypatch.setattr(consumer, "GIVE_UP_WITHOUT_CONSUMER_SECONDS", 0.5)

    async def process(_: list[DeliveredMessage]) -> set[int]:
        raise AssertionError("nothing is taken")

    with pytest.raises(ConsumerLost):
        async with consuming(rabbitmq_vhost, process) as running, asyncio.timeout(20):
            await asyncio.wait([running])


async def test_who_consumes_and_who_publishes_have_connections_of_their_own(
    postgres_database: str, rabbitmq_vhost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An alarm blocks a connection that publishes, and with it whatever else goes over it."""
    await migrated(postgres_database)
    opened: list[str] = []
    connect = aiormq.connect

    async def note(url: str, *arguments: Any, **how: Any) -> Any:
        opened.append(URL(url).query.get("name", ""))
        return await connect(url, *arguments, **how)

    monkeypatch.setattr(aiormq, "connect", note)
    async with running_referrals(postgres_database, rabbitmq_vhost):
        async with amqp_client(rabbitmq_vhost) as org:
            await org.partner()
        await until(lambda: "referrals.relay" in opened)
    ours_alone = sorted(name for name in opened if name.startswith("referrals"))
    assert ours_alone == [
        "referrals.relay",
        "referrals.replies.trial",  # For the first reply to a direct reply-to address.
        "referrals:referrals.commands",
        "referrals:referrals.ereferral_events",
        "referrals:referrals.queries",
    ]


@asynccontextmanager
async def amqp_client(url: str) -> AsyncIterator[Org]:
    """An org that talks to the service."""
    async with open_client(url) as client:
        yield Org(client)
