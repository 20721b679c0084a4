"""Publishing what a service owes to the senders of messages: replies, and what is parked."""

import asyncio
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import aiormq.exceptions
from aio_pika import RobustConnection
from aio_pika.abc import AbstractRobustChannel
from aiormq import spec
from aiormq.abc import AbstractChannel, AbstractConnection
from pamqp.header import ContentHeader

from messaging.wire.connection import (
    CONNECT_TIMEOUT_SECONDS,
    FRAME_ENVELOPE_BYTES,
    LONGEST_SHORT_STRING,
    Writer,
    close,
    connect,
    loss_raised,
    robust_connection,
)

DIRECT_REPLY_TO = "amq.rabbitmq.reply-to."
ADDRESSES_KNOWN = 4_096
WRITTEN_AT_ONCE_BYTES = 1024 * 1024
"""Replies beyond so much leave in a write of their own: a query's can be 16 MiB."""


class NotCarried(Exception):
    """These properties cannot be sent as they are: what was meant would not arrive."""


class _NoMessageId(str):
    """Empty, and yet true: keeps aiormq from making up a message id where the original had none."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class OutgoingReply:
    """A reply and the queue that it goes to, by the default exchange."""

    body: bytes
    queue: str
    properties: spec.Basic.Properties


class Publisher:
    """Publishes on a connection of its own, never on a consumer's: an alarm blocks what publishes.

    There is no deadline: during an alarm a publish waits for as long as that lasts, since giving up
    would send the batch back and count a delivery against it; a broker that is frozen misses its
    heartbeats.
    """

    def __init__(self, url: str, name: str) -> None:
        self._url, self._name = url, name
        self._opening = asyncio.Lock()
        self._connection: RobustConnection | None = None
        self._channels: dict[bool, AbstractRobustChannel] = {}
        self._trying = asyncio.Lock()
        self._trial: AbstractConnection | None = None
        self._good_addresses: dict[str, None] = {}

    async def reply(self, replies: Sequence[OutgoingReply]) -> None:
        """Publish all, in as few writes as can be.

        They are not mandatory and not confirmed: a client may be gone.
        Raises one of BROKER_ERRORS where the connection is lost.
        """
        with loss_raised():
            known = []
            for reply in replies:
                if self._is_unknown(reply.queue):
                    await self._try_address(reply)
                else:
                    known.append(reply)
            if known:
                await self._write(known)

    def _is_unknown(self, queue: str) -> bool:
        return queue.startswith(DIRECT_REPLY_TO) and queue not in self._good_addresses

    async def _write(self, replies: Sequence[OutgoingReply]) -> None:
        writer, unwritten = Writer(await self._channel(confirms=False)), 0
        for reply in replies:
            written = writer.publish(
                reply.body,
                exchange="",
                routing_key=reply.queue,
                properties=reply.properties,
                mandatory=False,
            )
            unwritten += len(reply.body)
            if unwritten > WRITTEN_AT_ONCE_BYTES or reply is replies[-1]:
                await written
                unwritten = 0

    async def _try_address(self, reply: OutgoingReply) -> None:
        """The first reply to a direct reply-to address: apart from all others, and confirmed.

        Such an address names a process of the broker. At one that is made up, RabbitMQ 3.10 falls
        over and closes the whole connection (541), and with it goes every reply under way. One
        address is tried at a time, so that it is clear which one it was; its reply is given up.
        """
        async with self._trying:
            if self._trial is None or self._trial.is_closed:
                self._trial = await connect(self._url, f"{self._name}.trial")
            channel = await self._trial.channel(publisher_confirms=True)
            try:
                await channel.basic_publish(
                    reply.body,
                    routing_key=reply.queue,
                    properties=reply.properties,
                    mandatory=False,
                )
            except (aiormq.exceptions.ConnectionInternalError, aiormq.exceptions.ChannelClosed):
                return
            await channel.close()
            if len(self._good_addresses) >= ADDRESSES_KNOWN:
                del self._good_addresses[next(iter(self._good_addresses))]
            self._good_addresses[reply.queue] = None

    async def deliver(
        self, body: bytes, *, exchange: str, routing_key: str, properties: spec.Basic.Properties
    ) -> None:
        """Publish, and return when a queue has it.

        Raises one of BROKER_ERRORS where none has, and NotCarried.
        """
        if not properties.message_id:
            properties.message_id = _NoMessageId()
        with loss_raised():
            channel = await self._channel(confirms=True)
            check_carried(properties, channel.connection.connection_tune.frame_max)
            if len(routing_key.encode()) > LONGEST_SHORT_STRING:
                raise NotCarried
            await channel.basic_publish(
                body,
                exchange=exchange,
                routing_key=routing_key,
                properties=properties,
                mandatory=True,
            )

    async def close(self) -> None:
        """Close what was opened."""
        for opened in (self._trial, self._connection):
            if opened is not None:
                await close(opened)

    async def _channel(self, *, confirms: bool) -> AbstractChannel:
        """Waits for the broker: aio-pika opens the connection again when it was lost.

        A channel is replaced here: what was refused must not wait until aio-pika has noticed.
        """
        async with self._opening:
            if self._connection is None:
                self._connection = robust_connection(self._url, self._name)
            await self._connection.connect(CONNECT_TIMEOUT_SECONDS)
            channel = self._channels.get(confirms)
            if channel is None or channel.is_closed:
                self._channels[confirms] = channel = await self._connection.channel(
                    publisher_confirms=confirms, on_return_raises=confirms
                )
            return await channel.get_underlay_channel()


def check_carried(properties: spec.Basic.Properties, frame_max_bytes: int) -> None:
    """Raise NotCarried where the headers would not arrive as they are.

    Properties must fit into one frame: one that is too large closes the connection. And pamqp sends
    every float with single precision, cuts names off after 128 octets, and cannot send what it has
    read: a text that is no UTF-8, a fraction beyond single precision.
    """
    arriving = ContentHeader()
    try:
        octets = ContentHeader(properties=properties).marshal()
        arriving.unmarshal(octets)
        changed = (arriving.properties.headers or {}) != (properties.headers or {})
    except (TypeError, ValueError, ArithmeticError, struct.error):
        raise NotCarried from None
    if changed or len(octets) + FRAME_ENVELOPE_BYTES > frame_max_bytes:
        raise NotCarried
