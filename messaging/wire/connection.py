"""Connections to RabbitMQ, and writing many messages to one at once."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import aiormq
import aiormq.exceptions
from aio_pika import RobustConnection
from aiormq import spec
from aiormq.abc import AbstractConnection, ChannelFrame
from pamqp.body import ContentBody
from pamqp.header import ContentHeader
from yarl import URL

from messaging.wire.lenient_pamqp import read_whatever_comes
from messaging.wire.tls import is_loopback, verifying

CONNECT_TIMEOUT_SECONDS = 10.0
RECONNECT_SECONDS = 0.5
HEARTBEAT_SECONDS = 10
PERSISTENT = 2
LONGEST_SHORT_STRING = 255  # octets (AMQP 0-9-1, section 4.2.5.3)
CA_FILE = "cafile"
"""The URL's parameter with a file of CA certificates, as aiormq names it."""
FRAME_ENVELOPE_BYTES = 8  # type, channel, size and end mark (AMQP 0-9-1, section 4.2.3)

# aiormq writes the whole body of a returned message into its log.
for _library in ("aiormq", "aio_pika"):
    logging.getLogger(_library).setLevel(logging.CRITICAL)
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
    opened = await connect(url, name)
    try:
        with loss_raised():
            yield opened
    finally:
        await close(opened)


async def connect(url: str, name: str) -> AbstractConnection:
    """A connection that ends with the first fault. Raises one of BROKER_ERRORS."""
    async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
        with loss_raised():
            return await aiormq.connect(str(_named(url, name)), context=_context(url))


async def close(opened: AbstractConnection | RobustConnection) -> None:
    """Close it. That it is gone already is what was wanted."""
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
            with loss_raised():
                await opened.close()
    except BROKER_ERRORS:
        return


def robust_connection(url: str, name: str) -> RobustConnection:
    """A connection that aio-pika opens again for as long as it is not closed.

    It is made by its `connect`, which waits for the broker; its `close_callbacks` hear why an
    attempt failed and why it was lost.
    """
    return RobustConnection(
        _named(url, name),
        ssl_context=_context(url),
        reconnect_interval=RECONNECT_SECONDS,
        fail_fast=False,
    )


def _named(url: str, name: str) -> URL:
    return URL(url).update_query(name=name, heartbeat=str(HEARTBEAT_SECONDS))


def _context(url: str) -> ssl.SSLContext | None:
    """`amqps://` is always verified: by the URL's `cafile` alone, else the system's authorities."""
    parts = URL(url)
    return verifying(parts.query.get(CA_FILE)) if parts.scheme == "amqps" else None


def in_clear_text(url: str) -> bool:
    """Whether what is said to this broker leaves the machine unencrypted."""
    parts = URL(url)
    return parts.scheme == "amqp" and not is_loopback(parts.host)


def user_of(url: str) -> str:
    """Who logs in by this URL: RabbitMQ's default where it names nobody."""
    return URL(url).user or "guest"


def persistent(**properties: Any) -> spec.Basic.Properties:
    """Properties of a message that outlives the broker's restart."""
    return spec.Basic.Properties(delivery_mode=PERSISTENT, **properties)


class Writer:
    """Publishes on one channel; what is published in one turn of the loop leaves in one write.

    Nothing else may publish on that channel: confirmations are counted.
    """

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        self._most = channel.connection.connection_tune.frame_max - FRAME_ENVELOPE_BYTES
        self._frames: list[Any] = []
        self._written: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def publish(
        self,
        body: bytes,
        *,
        exchange: str,
        routing_key: str,
        properties: spec.Basic.Properties,
        mandatory: bool,
    ) -> "asyncio.Future[Any]":
        """What is returned ends when the broker confirmed it, or raises as `basic_publish` does; on
        a channel without confirmations, when it was written."""
        channel = self._channel
        if channel.is_closed:
            raise aiormq.exceptions.ChannelInvalidStateError
        if not self._frames:
            self._written = channel.create_future()
            asyncio.get_running_loop().call_soon(self._write)
        self._frames += (
            spec.Basic.Publish(exchange=exchange, routing_key=routing_key, mandatory=mandatory),
            ContentHeader(properties=properties, body_size=len(body)),
            *(ContentBody(body[at : at + self._most]) for at in range(0, len(body), self._most)),
        )
        return self._confirmation(properties) if channel.publisher_confirms else self._written

    def _confirmation(self, properties: spec.Basic.Properties) -> "asyncio.Future[Any]":
        """As aiormq keeps it: by the message's number on the channel, and by its id for returns."""
        channel, message_id = self._channel, properties.message_id
        channel.delivery_tag += 1
        confirmed: asyncio.Future[Any] = channel.create_future()
        channel.confirmations[channel.delivery_tag] = confirmed
        channel.message_id_delivery_tag[message_id] = channel.delivery_tag
        confirmed.add_done_callback(lambda _: channel.message_id_delivery_tag.pop(message_id, None))
        return confirmed

    def _write(self) -> None:
        frames, self._frames = self._frames, []
        together = ChannelFrame.marshall(self._channel.number, frames, self._written)
        self._channel.create_task(self._channel.write_queue.put(together))
