"""FastStream's in-memory broker for a broker of ours: batches of one, and no RabbitMQ."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, cast
from unittest.mock import Mock

from aiormq import spec
from aiormq.abc import AbstractChannel, DeliveredMessage
from faststream._internal.testing.broker import change_producer
from faststream.rabbit.testing import FakeProducer, PatchedMessage, TestRabbitBroker
from pamqp.header import ContentHeader

from messaging.intake.batch import Batch
from messaging.intake.subscriber import Broker


class _Producer(FakeProducer):
    """Hands what is published to the subscribers that would take it from RabbitMQ."""

    @property
    def subscribers(self) -> Iterable[Any]:
        return cast(Broker, self.broker).batch_subscribers

    async def _execute_handler(self, msg: PatchedMessage, handler: Any) -> PatchedMessage:
        await handler.process_message(Batch([_delivered(msg)], handler.queue.name))
        return msg


class InMemoryBroker(TestRabbitBroker[Any], broker=Broker):
    """`async with InMemoryBroker(broker) as published_to: await published_to.publish(…)`."""

    @contextmanager
    def _patch_producer(self, broker: Any) -> Iterator[None]:
        with change_producer(broker.config.broker_config, _Producer(broker, self.brokers)):
            yield


def _delivered(message: PatchedMessage) -> DeliveredMessage:
    """As aiormq delivers it."""
    return DeliveredMessage(
        delivery=spec.Basic.Deliver(
            delivery_tag=1, exchange=message.exchange or "", routing_key=message.routing_key
        ),
        header=ContentHeader(properties=message.properties, body_size=len(message.body)),
        body=message.body,
        channel=Mock(spec=AbstractChannel),
    )
