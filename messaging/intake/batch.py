"""A batch as FastStream's message: settled by one acknowledgement, counted by its middleware."""

from collections.abc import Sequence
from typing import Any

from aiormq.abc import DeliveredMessage
from faststream.message import StreamMessage
from faststream.prometheus import ConsumeAttrs, MetricsSettingsProvider
from faststream.prometheus.middleware import PrometheusMiddleware
from faststream.response import PublishCommand
from prometheus_client import REGISTRY


class Batch(StreamMessage[Sequence[DeliveredMessage]]):
    """What was taken at once from a queue.

    `to_be_rejected`, which a handler may set: the delivery tags of what the broker is to park.
    """

    def __init__(self, messages: Sequence[DeliveredMessage], queue: str) -> None:
        super().__init__(messages, b"")
        self.queue = queue
        self.to_be_rejected: set[int] = set()

    async def ack(self) -> None:
        """Settle all of it: acknowledge, in one frame where nothing is to be rejected."""
        await super().ack()
        last = self.raw_message[-1]
        if not self.to_be_rejected:
            # In the order of delivery, so everything up to the last one is settled.
            await last.channel.basic_ack(last.delivery_tag or 0, multiple=True)
            return
        for message in self.raw_message:
            tag = message.delivery_tag or 0
            if tag in self.to_be_rejected:
                await last.channel.basic_reject(tag, requeue=False)
            else:
                await last.channel.basic_ack(tag)


class _OfBatches(MetricsSettingsProvider[Any, PublishCommand]):
    """Labels hold the queue's name: FastStream's own would hold routing keys, a client's text."""

    messaging_system = "rabbitmq"

    def get_consume_attrs_from_message(self, msg: StreamMessage[Any]) -> ConsumeAttrs:
        assert isinstance(msg, Batch)
        return {
            "destination_name": msg.queue,
            "message_size": sum(len(message.body) for message in msg.raw_message),
            "messages_count": len(msg.raw_message),
        }

    def get_publish_destination_name_from_cmd(self, cmd: PublishCommand) -> str:
        """FastStream publishes nothing here."""
        raise NotImplementedError(cmd.destination)


def batch_metrics(service: str) -> PrometheusMiddleware[Any, PublishCommand]:
    """`handoff_received_…` in the process's registry, labelled with the service and the queue."""
    return PrometheusMiddleware(
        settings_provider_factory=lambda _: _OfBatches(),
        registry=REGISTRY,
        app_name=service,
        metrics_prefix="handoff",
    )
