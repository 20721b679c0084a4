"""Messages without a client library's opinion: any properties, any body, and what was parked."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiormq import spec
from aiormq.abc import AbstractChannel, ChannelFrame, DeliveredMessage
from pamqp.body import ContentBody
from pamqp.header import ContentHeader

from messaging.wire.connection import connection

PARKED_WITHIN_SECONDS = 10.0


# What a quorum queue adds to whatever it hands out again; the second since 4.3.
_ADDED_BY_THE_QUEUE = ("x-delivery-count", "x-acquired-count")


def headers_of(taken: DeliveredMessage) -> dict[str, Any]:
    """A message's headers as they were published, without those that the queue adds."""
    headers = dict(taken.header.properties.headers or {})
    return {name: value for name, value in headers.items() if name not in _ADDED_BY_THE_QUEUE}


class Wire:
    """A channel of its own, with a queue that replies come back to."""

    def __init__(self, channel: AbstractChannel, plain: AbstractChannel, reply_queue: str) -> None:
        self.channel = channel
        self._plain = plain
        self.reply_queue = reply_queue
        self.replies: asyncio.Queue[DeliveredMessage] = asyncio.Queue()

    async def publish(
        self, body: bytes, routing_key: str, *, exchange: str, **properties: Any
    ) -> None:
        """Publish with exactly these properties; returns when the broker has it."""
        given = spec.Basic.Properties(**properties)
        if given.message_id is None:
            # Else the library makes one up; this one it leaves alone, and it is sent as empty.
            given.message_id = NoId()
        await self.channel.basic_publish(
            body, exchange=exchange, routing_key=routing_key, properties=given, mandatory=True
        )

    async def publish_octets(
        self,
        body: bytes,
        routing_key: str,
        *,
        exchange: str,
        alter: tuple[bytes, bytes],
        **properties: Any,
    ) -> None:
        """Publish with octets in the frame changed, to what the library here cannot write itself.

        Both octet strings have the same length. Returns when the broker has it.
        """
        before, after = alter
        assert len(before) == len(after)
        given = spec.Basic.Properties(**properties)
        frame = ChannelFrame.marshall(
            channel_number=self._plain.number,
            frames=[
                spec.Basic.Publish(exchange=exchange, routing_key=routing_key),
                ContentHeader(properties=given, body_size=len(body)),
                ContentBody(body),
            ],
        )
        assert frame.payload.count(before) == 1
        drained = asyncio.get_running_loop().create_future()
        payload = frame.payload.replace(before, after)
        await self._plain.connection.write_queue.put(
            ChannelFrame(payload=payload, should_close=False, drain_future=drained)
        )
        await drained
        # Behind it on the same channel: the broker has taken both.
        await self._plain.queue_declare(exclusive=True, auto_delete=True)

    async def reply(self, within_seconds: float = 10.0) -> DeliveredMessage:
        """The next reply to this wire's own queue."""
        return await asyncio.wait_for(self.replies.get(), within_seconds)

    async def parked(self, queue: str, count: int = 1) -> list[DeliveredMessage]:
        """What the queue's dead letters hold, taken away; waits for so many, fails on more."""
        taken: list[DeliveredMessage] = []
        async with asyncio.timeout(PARKED_WITHIN_SECONDS):
            while len(taken) < count:
                taken += await self._take(queue)
                await asyncio.sleep(0.02)
        taken += await self._take(queue)
        assert len(taken) == count, taken
        return taken

    async def _take(self, queue: str) -> list[DeliveredMessage]:
        taken: list[DeliveredMessage] = []
        while True:
            message = await self.channel.basic_get(f"{queue}.dead_letters", no_ack=True)
            if isinstance(message.delivery, spec.Basic.GetEmpty):
                return taken
            taken.append(message)


def long_string(text: bytes) -> bytes:
    """A field value of AMQP 0-9-1 (section 4.2.5.5): a text with its length."""
    return b"S" + struct.pack(">I", len(text)) + text


def nested(depth: int) -> bytes:
    """A field value of AMQP 0-9-1: arrays within arrays, in `5 * depth` octets."""
    value = b""
    for _ in range(depth):
        value = b"A" + struct.pack(">I", len(value)) + value
    return value


class NoId(str):
    """Empty, and yet true for a library that asks whether there is a message id."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return True


@asynccontextmanager
async def open_wire(rabbitmq_url: str) -> AsyncIterator[Wire]:
    """A wire on a connection of its own."""
    async with connection(rabbitmq_url, "test.wire") as opened:
        channel = await opened.channel(publisher_confirms=True, on_return_raises=True)
        declared = await channel.queue_declare(exclusive=True, auto_delete=True)
        plain = await opened.channel(publisher_confirms=False)
        wire = Wire(channel, plain, declared.queue or "")

        async def take(message: DeliveredMessage) -> None:
            wire.replies.put_nowait(message)

        await channel.basic_consume(wire.reply_queue, take, no_ack=True)
        yield wire
