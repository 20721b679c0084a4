"""Taking messages from a queue: how many ahead, by which connection, and when none come."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiormq
import pytest
from aiormq.abc import DeliveredMessage

from messaging.intake import subscriber
from messaging.intake.batch import Batch
from messaging.intake.subscriber import BatchSubscriber, Broker, ConsumerLost, Work
from messaging.pacing.retry import DatabaseAway
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
async def consuming(
    url: str, process: Process, gather_seconds: float = 0.0
) -> AsyncIterator[BatchSubscriber]:
    """A subscriber that takes messages until the block is left."""
    broker = Broker(url, "test.consumer", TOPOLOGY)

    async def handle(batch: Batch) -> None:
        batch.to_be_rejected = await process(list(batch.raw_message))

    work = Work(handle, batch_size=4, prefetch=PREFETCH)
    taken = broker.batch_subscriber(QUEUE, work, gather_seconds=gather_seconds)
    taken(handle)
    await broker.start()
    try:
        yield taken
    finally:
        await broker.stop()


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


@pytest.mark.parametrize(
    ("gather_seconds", "taken_together"),
    [(0.0, [[b"0"], [b"1"], [b"2"]]), (1.0, [[b"0"], [b"1", b"2"]])],
)
async def test_a_batchs_first_message_waits_for_others_where_that_is_asked_for(
    rabbitmq_vhost: str, gather_seconds: float, taken_together: list[list[bytes]]
) -> None:
    """Those that come meanwhile are of its batch; else each is handled at once."""
    seen: list[list[bytes]] = []

    async def process(batch: list[DeliveredMessage]) -> set[int]:
        seen.append([message.body for message in batch])
        return set()

    async with (
        filled(rabbitmq_vhost, []) as wire,
        consuming(rabbitmq_vhost, process, gather_seconds),
    ):
        await wire.publish(b"0", "x", exchange=QUEUE.exchange)
        await until(lambda: len(seen) == 1)  # From here on more than one is handed out.
        await asyncio.sleep(0.3)
        for body in (b"1", b"2"):
            await wire.publish(body, "x", exchange=QUEUE.exchange)
            await asyncio.sleep(0.2)
        await until(lambda: sum(map(len, seen)) == 3)
    assert seen == taken_together


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


@pytest.mark.parametrize("error", [DatabaseAway(), aiormq.exceptions.ConnectionClosed(0, "")])
async def test_what_cannot_be_handled_comes_again_once_that_is_possible(
    rabbitmq_vhost: str, error: Exception
) -> None:
    """Nothing is taken until then, and afterwards it begins with one at a time."""
    seen: list[list[bytes]] = []
    possible = asyncio.Event()
    possible.set()

    async def when_possible() -> None:
        await possible.wait()

    async def process(batch: list[DeliveredMessage]) -> set[int]:
        seen.append([message.body for message in batch])
        if len(seen) == 2:
            possible.clear()
            raise error
        return set()

    bodies = [b"0", b"1", b"2"]
    async with filled(rabbitmq_vhost, bodies) as wire, consuming(rabbitmq_vhost, process) as taken:
        taken.when_possible = when_possible
        await until(lambda: len(seen) == 2)

        async def all_are_back() -> bool:
            return await waiting_in(wire) == 2

        await until(all_are_back)
        await asyncio.sleep(0.5)
        assert len(seen) == 2
        possible.set()
        await until(lambda: {body for batch in seen[2:] for body in batch} == {b"1", b"2"})
    assert seen[0] == [b"0"]
    assert len(seen[2]) == 1


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

    monkeypatch.setattr(BatchSubscriber, "_take", take_nothing)
    monkeypatch.setattr(subscriber, "GIVE_UP_WITHOUT_CONSUMER_SECONDS", 0.5)
    monkeypatch.setattr(subscriber, "PROBE_EVERY_SECONDS", 0.2)

    async def process(_: list[DeliveredMessage]) -> set[int]:
        raise AssertionError("nothing is taken")

    faults: list[BaseException] = []
    async with consuming(rabbitmq_vhost, process) as taken:
        taken.fault = faults.append
        await until(lambda: bool(faults))
    assert isinstance(faults[0], ConsumerLost)


async def test_who_consumes_and_who_publishes_have_connections_of_their_own(
    postgres_database: str, rabbitmq_vhost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An alarm blocks a connection that publishes, and with it whatever else goes over it."""
    await migrated(postgres_database)
    opened: list[str] = []
    connect = aiormq.Connection.connect

    async def note(self: aiormq.Connection, *arguments: Any, **how: Any) -> Any:
        opened.append(self.url.query.get("name", ""))
        return await connect(self, *arguments, **how)

    monkeypatch.setattr(aiormq.Connection, "connect", note)
    async with running_referrals(postgres_database, rabbitmq_vhost):
        async with amqp_client(rabbitmq_vhost) as org:
            await org.partner()
        await until(lambda: "referrals.relay" in opened)
    ours_alone = sorted(name for name in opened if name.startswith("referrals"))
    assert ours_alone == [
        "referrals.relay",
        "referrals.replies.trial",  # For the first reply to a direct reply-to address.
        "referrals.watch",  # How many messages wait.
        "referrals:referrals.commands",
        "referrals:referrals.ereferral_events",
        "referrals:referrals.queries",
    ]


@asynccontextmanager
async def amqp_client(url: str) -> AsyncIterator[Org]:
    """An org that talks to the service."""
    async with open_client(url) as client:
        yield Org(client)
