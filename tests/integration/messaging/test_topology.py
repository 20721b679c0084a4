"""Exchanges and queues are those of docs/contract/wire.md#topology, and can be declared again."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiormq.exceptions
import pytest
import pytest_asyncio
from aiormq.abc import AbstractConnection

from messaging.wire.connection import connection
from messaging.wire.topology import declare
from services.ereferral_dispatch.home import TOPOLOGY as DISPATCH_TOPOLOGY
from services.referrals.home import TOPOLOGY as REFERRALS_TOPOLOGY
from tests.support.broker.raw_messages import open_wire
from tests.support.services.referrals import Referrals
from tests.support.waiting import until

EXCHANGES = [
    *("referrals.commands", "referrals.queries", "referrals.events"),
    *("ereferral_dispatch.commands", "ereferral_dispatch.queries", "ereferral_dispatch.events"),
    "dead_letters",
]
BOUND = {
    "referrals.commands": "referrals.commands",
    "referrals.queries": "referrals.queries",
    "referrals.ereferral_events": "ereferral_dispatch.events",
    "ereferral_dispatch.commands": "ereferral_dispatch.commands",
    "ereferral_dispatch.queries": "ereferral_dispatch.queries",
}


def consumed(queue: str) -> dict[str, Any]:
    """The arguments of a queue that a service consumes."""
    return {
        "x-queue-type": "quorum",
        "x-delivery-limit": 50,
        "x-dead-letter-exchange": "dead_letters",
        "x-dead-letter-routing-key": queue,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


DEAD_LETTERS: dict[str, Any] = {"x-queue-type": "quorum", "x-delivery-limit": 1_000_000}


@pytest_asyncio.fixture(scope="module")
async def opened(rabbitmq_vhost: str) -> AsyncIterator[AbstractConnection]:
    """A broker on which both services have declared what they need, each its own part."""
    async with connection(rabbitmq_vhost, "test.topology") as established:
        channel = await established.channel()
        for topology in (REFERRALS_TOPOLOGY, DISPATCH_TOPOLOGY, REFERRALS_TOPOLOGY):
            await declare(channel, topology)
        yield established


async def can_declare_queue(opened: AbstractConnection, queue: str, **how: Any) -> bool:
    """Whether the queue exists with exactly these properties; if not, a channel is closed."""
    channel = await opened.channel()
    try:
        await channel.queue_declare(queue, **how)
    except (aiormq.exceptions.ChannelPreconditionFailed, aiormq.exceptions.ChannelLockedResource):
        return False
    return True


async def can_declare_exchange(opened: AbstractConnection, exchange: str, **how: Any) -> bool:
    """Whether the exchange exists with exactly these properties."""
    channel = await opened.channel()
    try:
        await channel.exchange_declare(exchange, **how)
    except aiormq.exceptions.ChannelPreconditionFailed:
        return False
    return True


@pytest.mark.parametrize("exchange", EXCHANGES)
async def test_every_exchange_is_a_durable_topic_exchange(
    opened: AbstractConnection, exchange: str
) -> None:
    """It is there, and it is nothing else."""
    channel = await opened.channel()
    await channel.exchange_declare(exchange, passive=True)
    assert await can_declare_exchange(opened, exchange, exchange_type="topic", durable=True)
    for other in (
        {"exchange_type": "direct", "durable": True},
        {"exchange_type": "topic", "durable": False},
        {"exchange_type": "topic", "durable": True, "auto_delete": True},
        {"exchange_type": "topic", "durable": True, "internal": True},
    ):
        how: dict[str, Any] = other
        assert not await can_declare_exchange(opened, exchange, **how)


@pytest.mark.parametrize("queue", BOUND)
async def test_every_consumed_queue_is_a_durable_quorum_queue_with_its_arguments(
    opened: AbstractConnection, queue: str
) -> None:
    """With all of them it can be declared again; with any one left out or changed it cannot."""
    channel = await opened.channel()
    await channel.queue_declare(queue, passive=True)
    arguments = consumed(queue)
    assert await can_declare_queue(opened, queue, durable=True, arguments=arguments)
    for name in set(arguments) - {"x-queue-type"}:
        fewer = {key: value for key, value in arguments.items() if key != name}
        assert not await can_declare_queue(opened, queue, durable=True, arguments=fewer), name
    for changed in (
        {"x-delivery-limit": 51},
        {"x-dead-letter-routing-key": "other"},
        {"x-dead-letter-strategy": "at-most-once"},
        {"x-overflow": "drop-head"},
        {"x-max-length": 10},
    ):
        other = {**arguments, **changed}
        assert not await can_declare_queue(opened, queue, durable=True, arguments=other), changed


@pytest.mark.parametrize("queue", BOUND)
async def test_every_consumed_queue_has_dead_letters_that_looking_does_not_destroy(
    opened: AbstractConnection, queue: str
) -> None:
    """A durable quorum queue of its own, with a delivery limit of a million and nothing else."""
    name = f"{queue}.dead_letters"
    channel = await opened.channel()
    await channel.queue_declare(name, passive=True)
    assert await can_declare_queue(opened, name, durable=True, arguments=DEAD_LETTERS)
    for other in (
        {"x-queue-type": "quorum"},
        {**DEAD_LETTERS, "x-delivery-limit": 50},
        {**DEAD_LETTERS, "x-overflow": "reject-publish"},
        {**DEAD_LETTERS, "x-dead-letter-exchange": "dead_letters"},
    ):
        assert not await can_declare_queue(opened, name, durable=True, arguments=other)


async def counts(opened: AbstractConnection) -> dict[str, int]:
    """How many messages each queue holds."""
    channel = await opened.channel()
    held = {}
    for queue in (*BOUND, *(f"{name}.dead_letters" for name in BOUND)):
        held[queue] = (await channel.queue_declare(queue, passive=True)).message_count or 0
    return held


async def purge(opened: AbstractConnection) -> None:
    channel = await opened.channel()
    for queue in (*BOUND, *(f"{name}.dead_letters" for name in BOUND)):
        await channel.queue_purge(queue)


@pytest.mark.parametrize(("queue", "exchange"), BOUND.items())
async def test_every_key_of_an_exchange_comes_to_the_queue_that_is_bound_to_it_alone(
    opened: AbstractConnection, queue: str, exchange: str
) -> None:
    """The binding key is `#`; the dead letters of a queue come by its name."""
    await purge(opened)
    channel = await opened.channel(publisher_confirms=True)
    for key in ("", "a", "a.b", "a.b.c", "#", queue):
        await channel.basic_publish(b"", exchange=exchange, routing_key=key, mandatory=True)
    await channel.basic_publish(b"", exchange="dead_letters", routing_key=queue, mandatory=True)
    expected = {**dict.fromkeys(await counts(opened), 0), queue: 6, f"{queue}.dead_letters": 1}

    async def are_there() -> bool:
        return await counts(opened) == expected

    await until(are_there, within_seconds=10)
    await purge(opened)


async def test_events_come_to_nobody_before_somebody_binds(opened: AbstractConnection) -> None:
    """The events of referrals have no queue of their own: subscribers bring theirs."""
    channel = await opened.channel(publisher_confirms=True, on_return_raises=True)
    with pytest.raises(aiormq.exceptions.PublishError):
        await channel.basic_publish(
            b"", exchange="referrals.events", routing_key="patient.put", mandatory=True
        )


async def test_the_broker_parks_what_was_delivered_too_often(opened: AbstractConnection) -> None:
    """The 51st return of a message sends it to the dead letters of its queue, not to nowhere.

    It is returned by whoever took it and is gone: RabbitMQ 4.3 does not count a nack.
    """
    await purge(opened)
    queue = "referrals.queries"
    channel = await opened.channel()
    await channel.basic_publish(b"poison", exchange=queue, routing_key="x")
    deliveries = 0
    async with asyncio.timeout(20):
        while not (await counts(opened))[f"{queue}.dead_letters"]:
            gone = await opened.channel()
            taken = await gone.basic_get(queue)
            deliveries += taken.delivery_tag is not None
            await gone.close()
    assert deliveries == 51
    parked = await channel.basic_get(f"{queue}.dead_letters", no_ack=True)
    assert parked.body == b"poison"
    assert (await counts(opened))[queue] == 0


async def test_a_running_service_has_declared_all_that_it_needs(referrals: Referrals) -> None:
    """What it consumes and what it publishes to, with the queue where dispatch will look."""
    async with connection(referrals.rabbitmq_url, "test.topology") as established:
        for queue in set(BOUND) - {"ereferral_dispatch.queries"}:
            how: dict[str, Any] = {"durable": True, "arguments": consumed(queue)}
            assert await can_declare_queue(established, queue, **how)
            how = {"durable": True, "arguments": DEAD_LETTERS}
            assert await can_declare_queue(established, f"{queue}.dead_letters", **how)
    async with open_wire(referrals.rabbitmq_url) as wire:
        assert await wire.parked("referrals.commands", 0) == []
