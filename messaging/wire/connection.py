"""Connections to RabbitMQ, and publishing with the guarantee that each kind of message needs."""

import asyncio
import logging
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import aiormq
import aiormq.exceptions
from aiormq import spec
from aiormq.abc import AbstractChannel, AbstractConnection
from pamqp.header import ContentHeader
from yarl import URL

from messaging.wire.lenient_pamqp import read_whatever_comes
from messaging.wire.tls import is_loopback, verifying

CONNECT_TIMEOUT_SECONDS = 10.0
HEARTBEAT_SECONDS = 10
PERSISTENT = 2
DIRECT_REPLY_TO = "amq.rabbitmq.reply-to."
CA_FILE = "cafile"
"""The URL's parameter with a file of CA certificates, as aiormq names it."""
ADDRESSES_KNOWN = 4_096
LONGEST_SHORT_STRING = 255  # octets (AMQP 0-9-1, section 4.2.5.3)
FRAME_ENVELOPE_BYTES = 8  # type, channel, size and end mark (AMQP 0-9-1, section 4.2.3)

# aiormq writes the whole body of a returned message into its log.
logging.getLogger("aiormq").setLevel(logging.CRITICAL)
read_whatever_comes()

BROKER_ERRORS = (
    aiormq.exceptions.AMQPError,
    ConnectionError,
    OSError,
    TimeoutError,
    # aiormq raises it for "the connection is closed".
    RuntimeError,
)
"""What the loss of a broker, its connection or a channel raises."""


class NotCarried(Exception):
    """These properties cannot be sent as they are: what was meant would not arrive."""


class _NoMessageId(str):
    """Empty, and yet true: keeps aiormq from making up a message id where the original had none."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return True


@contextmanager
def loss_raised() -> Iterator[None]:
    """Around what waits for the broker: raises ConnectionError where aiormq gave it up.

    aiormq cancels what still waits on a connection that it loses, a frozen broker's above all. Let
    through, that CancelledError ends the task that waited, without a word, as if it had been told
    to stop. A task that was told so has counted it (Task.cancelling), a deadline's end too.
    """
    try:
        yield
    except asyncio.CancelledError:
        current = asyncio.current_task()
        if current is None or current.cancelling():
            raise
        raise ConnectionError("the broker is lost") from None


@asynccontextmanager
async def connection(url: str, name: str) -> AsyncIterator[AbstractConnection]:
    """A connection that is noticed to be dead within about three heartbeats (10 s each).

    Raises one of BROKER_ERRORS where it is lost, also while the block waits for it.
    """
    opened = await _connect(url, name)
    try:
        with loss_raised():
            yield opened
    finally:
        await _close(opened)


async def _connect(url: str, name: str) -> AbstractConnection:
    """`amqps://` is always verified: by the URL's `cafile` alone, else the system's authorities."""
    named = URL(url).update_query(name=name, heartbeat=str(HEARTBEAT_SECONDS))
    context = verifying(named.query.get(CA_FILE)) if named.scheme == "amqps" else None
    async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
        with loss_raised():
            return await aiormq.connect(str(named), context=context)


def in_clear_text(url: str) -> bool:
    """Whether what is said to this broker leaves the machine unencrypted."""
    parts = URL(url)
    return parts.scheme == "amqp" and not is_loopback(parts.host)


def user_of(url: str) -> str:
    """Who logs in by this URL: RabbitMQ's default where it names nobody."""
    return URL(url).user or "guest"


async def _close(opened: AbstractConnection) -> None:
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
            with loss_raised():
                await opened.close()
    except BROKER_ERRORS:
        return  # It is gone, which is what was wanted.


class Publisher:
    """Publishes on a connection of its own, never on a consumer's: an alarm blocks what publishes.

    The connection is made when it is first needed and again after it was lost. There is no
    deadline: during an alarm a publish waits for as long as that lasts, since giving up would send
    the batch back and count a delivery against it; a broker that is frozen misses its heartbeats.
    """

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._lock = asyncio.Lock()
        self._connection: AbstractConnection | None = None
        self._channels: dict[bool, AbstractChannel] = {}
        self._trial: Publisher | None = None
        self._trying = asyncio.Lock()
        self._good_addresses: dict[str, None] = {}

    async def reply(
        self, body: bytes, *, routing_key: str, properties: spec.Basic.Properties
    ) -> None:
        """Publish to the default exchange, not mandatory and unconfirmed: the client may be gone.

        Raises one of BROKER_ERRORS where the connection is lost.
        """
        with loss_raised():
            if routing_key.startswith(DIRECT_REPLY_TO) and routing_key not in self._good_addresses:
                await self._try_address(body, routing_key, properties)
                return
            channel = await self._channel(confirms=False)
            await channel.basic_publish(
                body, routing_key=routing_key, properties=properties, mandatory=False
            )

    async def _try_address(
        self, body: bytes, routing_key: str, properties: spec.Basic.Properties
    ) -> None:
        """The first reply to a direct reply-to address: apart from all others, and confirmed.

        Such an address names a process of the broker. At one that is made up, RabbitMQ 3.10 falls
        over and closes the whole connection (541), and with it goes every reply under way. One
        address is tried at a time, so that it is clear which one it was; its reply is given up.
        """
        async with self._trying:
            if self._trial is None:
                self._trial = Publisher(self._url, f"{self._name}.trial")
            channel = await self._trial._channel(confirms=True)
            try:
                await channel.basic_publish(
                    body, routing_key=routing_key, properties=properties, mandatory=False
                )
            except (aiormq.exceptions.ConnectionInternalError, aiormq.exceptions.ChannelClosed):
                return
            if len(self._good_addresses) >= ADDRESSES_KNOWN:
                del self._good_addresses[next(iter(self._good_addresses))]
            self._good_addresses[routing_key] = None

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
        """Close the connection."""
        if self._trial is not None:
            await self._trial.close()
        if self._connection is not None:
            await _close(self._connection)

    async def _channel(self, *, confirms: bool) -> AbstractChannel:
        async with self._lock:
            if self._connection is None or self._connection.is_closed:
                self._channels.clear()
                self._connection = await _connect(self._url, self._name)
            channel = self._channels.get(confirms)
            if channel is None or channel.is_closed:
                channel = await self._connection.channel(
                    publisher_confirms=confirms, on_return_raises=confirms
                )
                self._channels[confirms] = channel
            return channel


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


def persistent(**properties: Any) -> spec.Basic.Properties:
    """Properties of a message that outlives the broker's restart."""
    return spec.Basic.Properties(delivery_mode=PERSISTENT, **properties)
