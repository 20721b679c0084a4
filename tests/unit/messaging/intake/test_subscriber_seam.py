"""The contract with the pinned FastStream, aio-pika and aiormq: what our code leans on in them.

It fails where a pin moves or where what is used has changed: read `messaging/intake/subscriber.py`
and `messaging/wire/connection.py` beside the new version, run the faults, then change what is here.
"""

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import fields, replace
from importlib.metadata import version
from typing import Any
from unittest.mock import AsyncMock, Mock

import aiormq
import pytest
from aio_pika import RobustChannel, RobustConnection
from aiormq import spec
from aiormq.abc import AbstractChannel, ChannelFrame, DeliveredMessage
from faststream._internal.broker import BrokerUsecase
from faststream._internal.broker.registrator import Registrator
from faststream._internal.endpoint.subscriber.usecase import SubscriberUsecase
from faststream.asgi import AsgiFastStream
from faststream.rabbit import RabbitBroker
from faststream.rabbit.subscriber.config import RabbitSubscriberConfig
from faststream.rabbit.subscriber.usecase import RabbitSubscriber
from prometheus_client import REGISTRY
from yarl import URL

from messaging.intake.batch import Batch
from messaging.intake.subscriber import BatchSubscriber, Broker, ConsumerLost, Work
from messaging.wire.topology import ConsumedQueue
from tests.support.broker.deliveries import delivery

PINS = {"faststream": "0.7.8", "aio-pika": "10.2.1", "aiormq": "7.2.4"}

SIGNATURES: list[tuple[Callable[..., Any], str]] = [
    (SubscriberUsecase.start, "(self) -> None"),
    (SubscriberUsecase.stop, "(self) -> None"),
    (SubscriberUsecase._post_start, "(self) -> None"),
    (SubscriberUsecase.process_message, "(self, msg: ~MsgType) -> 'Response'"),
    (BrokerUsecase._setup_logger, "(self) -> None"),
    (Registrator.subscriber, "(self, subscriber: 'SubscriberUsecase[MsgType]', persistent: bool"),
    (AsgiFastStream.start_lifespan_context, "(self, run_extra_options:"),
    (RobustConnection.connect, "(self, timeout:"),
    (RobustConnection.channel, "(self, channel_number:"),
    (RobustChannel.initialize, "(self, timeout:"),
    (RobustChannel.get_underlay_channel, "(self)"),
    (RobustChannel.ready, "(self)"),
    (ChannelFrame.marshall, "(channel_number: int, frames:"),
]


@pytest.mark.parametrize("package", PINS)
def test_the_pin_is_the_one_that_was_read(package: str) -> None:
    """A new version may do otherwise what is done here around it."""
    assert version(package) == PINS[package]


@pytest.mark.parametrize(
    ("used", "signature"), SIGNATURES, ids=[used.__qualname__ for used, _ in SIGNATURES]
)
def test_what_is_called_has_its_parameters(used: Callable[..., Any], signature: str) -> None:
    """So far as they are used here."""
    assert str(inspect.signature(used)).startswith(signature)


def test_a_subscriber_is_made_of_these_fields() -> None:
    """They are given by name."""
    given = {"queue", "exchange", "no_reply", "_ack_policy", "_outer_config"}
    assert given <= {field.name for field in fields(RabbitSubscriberConfig)}


@pytest.mark.parametrize("name", ["start", "stop"])
def test_a_broker_has_what_ours_does_otherwise(name: str) -> None:
    """The application calls them; `stop` needs no connection of the broker's own."""
    assert inspect.iscoroutinefunction(getattr(RabbitBroker, name))


@pytest.mark.parametrize("name", ["start", "stop", "process_message"])
def test_a_subscriber_has_what_ours_does_otherwise(name: str) -> None:
    """`process_message` runs all middlewares, and `stop` waits for it."""
    assert inspect.iscoroutinefunction(getattr(RabbitSubscriber, name))


async def test_a_robust_connection_tells_and_a_robust_channel_too() -> None:
    """Why it was lost, and that it is there again."""
    robust = RobustConnection(URL("amqp://localhost/"), fail_fast=False, reconnect_interval=1)
    assert robust.transport is None
    told: list[object] = []
    robust.close_callbacks.add(lambda _, error: told.append(error))
    error = aiormq.exceptions.AMQPConnectionError("no")
    await robust.close_callbacks(error)
    assert told == [error]
    channel = RobustChannel(robust)
    channel.reopen_callbacks.add(lambda _: told.append(channel))
    await channel.reopen_callbacks()
    assert told == [error, channel]


def test_aiormq_keeps_confirmations_as_our_writer_enters_them() -> None:
    """By the message's number on the channel, and by its id for what is returned."""
    source = inspect.getsource(aiormq.Channel.basic_publish)
    for line in (
        "self.delivery_tag += 1",
        "self.confirmations[delivery_tag] = confirmation",
        "self.message_id_delivery_tag[message_id] = delivery_tag",
        "self.write_queue.put(",
    ):
        assert line in source


QUEUE = ConsumedQueue("seam", "seam")


async def subscriber(handle: Callable[[Batch], Any]) -> BatchSubscriber:
    """A subscriber that runs its pipeline and takes nothing from a broker."""
    broker = Broker(name="seam")
    broker._setup_logger()
    made = broker.batch_subscriber(QUEUE, Work(handle, batch_size=3, prefetch=3))
    made(handle)
    made._open = AsyncMock()  # type: ignore[method-assign]  # there is no broker
    return made


def deliveries(count: int) -> list[DeliveredMessage]:
    """As one channel delivers them."""
    settles = {name: AsyncMock() for name in ("basic_ack", "basic_reject", "basic_nack")}
    channel = Mock(spec=AbstractChannel, **settles)
    return [
        replace(delivery(b"{}"), channel=channel, delivery=spec.Basic.Deliver(delivery_tag=tag))
        for tag in range(1, count + 1)
    ]


async def run(handle: Callable[[Batch], Any], messages: list[DeliveredMessage]) -> Any:
    """Send a batch through FastStream's pipeline. Returns the channel with what was said to it."""
    made = await subscriber(handle)
    await made.start()
    try:
        made._is_careful = False
        await made._settle(messages)
    finally:
        await made.stop()
    return messages[0].channel


async def test_a_batch_is_one_run_and_one_acknowledgement() -> None:
    """The handler has all of it, as it was delivered."""
    heard: list[Batch] = []

    async def handle(batch: Batch) -> None:
        heard.append(batch)

    messages = deliveries(3)
    channel = await run(handle, messages)
    assert [list(batch.raw_message) for batch in heard] == [messages]
    channel.basic_ack.assert_awaited_once_with(3, multiple=True)


async def test_what_is_to_be_rejected_is_settled_apart() -> None:
    """The broker parks it; nothing is delivered again."""

    async def handle(batch: Batch) -> None:
        batch.to_be_rejected = {2}

    channel = await run(handle, deliveries(3))
    assert [call.args for call in channel.basic_ack.await_args_list] == [(1,), (3,)]
    channel.basic_reject.assert_awaited_once_with(2, requeue=False)


@pytest.mark.parametrize("error", [ValueError("ours"), aiormq.exceptions.ConnectionClosed(0, "")])
async def test_what_a_handler_raises_comes_out_and_nothing_is_settled(error: Exception) -> None:
    """Neither acknowledged nor given back: that is said by closing the channel."""

    async def handle(_: Batch) -> None:
        raise error

    messages = deliveries(2)
    with pytest.raises(type(error)):
        await run(handle, messages)
    channel: Any = messages[0].channel
    for settle in (channel.basic_ack, channel.basic_reject, channel.basic_nack):
        settle.assert_not_awaited()


async def test_an_acknowledgement_that_fails_is_told() -> None:
    """FastStream would write it into a log, and the batch would count as settled."""

    async def handle(_: Batch) -> None:
        """Nothing."""

    messages = deliveries(2)
    channel: Any = messages[0].channel
    channel.basic_ack.side_effect = aiormq.exceptions.ChannelInvalidStateError
    with pytest.raises(aiormq.exceptions.ChannelInvalidStateError):
        await run(handle, messages)


async def test_stopping_waits_for_the_batch_under_way() -> None:
    """What has begun is finished."""
    begun, done = asyncio.Event(), asyncio.Event()

    async def handle(_: Batch) -> None:
        begun.set()
        await asyncio.sleep(0.05)
        done.set()

    made = await subscriber(handle)
    await made.start()
    made._is_careful = False
    running = asyncio.create_task(made._settle(deliveries(1)))
    await begun.wait()
    await made.stop()
    assert done.is_set()
    await running


@pytest.mark.parametrize("which", [0, 1], ids=["taking", "watching"])
async def test_an_end_that_nobody_asked_for_is_told(which: int) -> None:
    """As where a library cancels what waits: the service would live on and take no message."""

    async def handle(_: Batch) -> None:
        """Nothing."""

    made = await subscriber(handle)
    faults: list[BaseException] = []
    made.fault = faults.append
    await made.start()
    made._tasks[which].cancel()
    await asyncio.sleep(0.01)
    assert [type(fault) for fault in faults] == [ConsumerLost]
    await made.stop()
    assert len(faults) == 1


async def test_a_batch_is_counted_under_its_queue() -> None:
    """All its messages, one duration; FastStream's own labels would hold a client's routing key."""

    async def handle(_: Batch) -> None:
        """Nothing."""

    labels = {"app_name": "seam", "broker": "rabbitmq", "handler": "seam"}
    names = (
        "handoff_received_messages_total",
        "handoff_received_processed_messages_duration_seconds_count",
    )
    before = [REGISTRY.get_sample_value(name, labels) or 0 for name in names]
    await run(handle, deliveries(3))
    after = [REGISTRY.get_sample_value(name, labels) or 0 for name in names]
    assert [new - old for new, old in zip(after, before, strict=True)] == [3, 1]
