"""RabbitMQ as the client speaks to it, by aiormq."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from uuid import UUID

import aiormq
import aiormq.exceptions
from aiormq import spec
from aiormq.abc import AbstractChannel, AbstractConnection, DeliveredMessage
from uuid_utils import compat as uuid_utils
from yarl import URL

from client.errors import NotPermitted
from client.wire import Bindings, Lost, Undelivered

CONNECT_TIMEOUT_SECONDS = 10.0
HEARTBEAT_SECONDS = 10
DIRECT_REPLY_TO = "amq.rabbitmq.reply-to"
PERSISTENT = 2
PREFETCH = 100
# RabbitMQ 4 drops what was delivered 20 times, unless a queue says otherwise: each restart of a
# subscriber counts.
SUBSCRIBER_DELIVERY_LIMIT = 1_000_000
CA_FILE = "cafile"

# aiormq writes the whole body of a returned message into its log.
logging.getLogger("aiormq").setLevel(logging.CRITICAL)

_ERRORS = (
    aiormq.exceptions.AMQPError,
    OSError,
    TimeoutError,
    # aiormq raises it for "the connection is closed".
    RuntimeError,
)
_REFUSALS = (
    aiormq.exceptions.AuthenticationError,
    aiormq.exceptions.ProbableAuthenticationError,
    aiormq.exceptions.ConnectionNotAllowed,
)
_NOT_LET_IN = "the broker refuses the user, the password or the vhost"


def user_of(url: str) -> str:
    """Who logs in by this URL: RabbitMQ's default where it names nobody."""
    return URL(url).user or "guest"


class BrokerWire:
    """Requests over one connection, which is opened when it is needed and anew once it is lost;
    replies come by RabbitMQ's direct reply-to."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._user = user_of(url)
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._opening = asyncio.Lock()
        self._waiting: dict[str, asyncio.Future[bytes]] = {}

    async def ask(
        self,
        exchange: str,
        operation: str,
        body: bytes,
        *,
        message_id: UUID,
        headers: Mapping[str, Any],
    ) -> bytes:
        """Send it once; the reply's body. Raises Undelivered and Lost."""
        channel = await self._open()
        correlation = str(uuid_utils.uuid7())
        reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[correlation] = reply
        try:
            with _loss_raised():
                await channel.basic_publish(
                    body,
                    exchange=exchange,
                    routing_key=operation,
                    properties=spec.Basic.Properties(
                        content_type="application/json",
                        delivery_mode=PERSISTENT,
                        message_id=str(message_id),
                        correlation_id=correlation,
                        reply_to=DIRECT_REPLY_TO,
                        headers=dict(headers),
                        # The broker vouches for it: grants go by this name.
                        user_id=self._user,
                    ),
                    mandatory=True,
                )
                return await reply
        except aiormq.exceptions.PublishError:
            raise Undelivered(f"no queue takes what goes to {exchange}") from None
        except aiormq.exceptions.DeliveryError:
            raise Undelivered(f"the queue of {exchange} is full", may_pass=True) from None
        except aiormq.exceptions.ChannelNotFoundEntity:
            raise Undelivered(
                f"there is no exchange {exchange}: its service has never run here"
            ) from None
        except aiormq.exceptions.ChannelAccessRefused:
            why = f"the broker does not let {self._user} publish to {exchange}"
            raise Undelivered(why, refused=True) from None
        except _ERRORS as error:
            raise Lost(type(error).__name__) from None
        finally:
            del self._waiting[correlation]

    async def close(self) -> None:
        """End the connection."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            await _close(connection)

    async def _open(self) -> AbstractChannel:
        """The channel, anew where it was lost. Raises Undelivered: nothing was sent yet."""
        async with self._opening:
            if self._channel is not None and not self._channel.is_closed:
                return self._channel
            try:
                if self._connection is None or self._connection.is_closed:
                    self._connection = await _connect(self._url, self._name)
                with _loss_raised():
                    channel = await self._connection.channel(
                        publisher_confirms=True, on_return_raises=True
                    )
                    await channel.basic_consume(DIRECT_REPLY_TO, self._take, no_ack=True)
            except _REFUSALS:
                raise Undelivered(
                    "the broker refuses the user or password", may_pass=False
                ) from None
            except _ERRORS as error:
                why = f"no broker at {URL(self._url).host} ({type(error).__name__})"
                raise Undelivered(why, may_pass=True) from None
            channel.closing.add_done_callback(self._lose)
            self._channel = channel
            return channel

    async def _take(self, message: DeliveredMessage) -> None:
        waiting = self._waiting.get(message.header.properties.correlation_id or "")
        if waiting is not None and not waiting.done():
            waiting.set_result(bytes(message.body))

    def _lose(self, _: object) -> None:
        """The channel is gone, and with it the way back of every reply."""
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError("the channel is lost"))


class BrokerEvents:
    """Queues of events, each on a connection of its own."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name

    @asynccontextmanager
    async def bound(self, bindings: Bindings) -> AsyncIterator["BrokerQueue"]:
        """The queue, declared and bound. Raises Lost and NotPermitted."""
        try:
            connection = await _connect(self._url, self._name)
        except _REFUSALS:
            raise NotPermitted(_NOT_LET_IN) from None
        except _ERRORS as error:
            raise Lost(type(error).__name__) from None
        try:
            yield await self._declared(connection, bindings)
        finally:
            await _close(connection)

    async def _declared(self, connection: AbstractConnection, bindings: Bindings) -> "BrokerQueue":
        try:
            with _loss_raised():
                return await _declared(connection, bindings)
        except aiormq.exceptions.ChannelAccessRefused:
            why = f"the broker does not let {user_of(self._url)} have the queue {bindings.queue}"
            raise NotPermitted(why) from None
        except _ERRORS as error:
            raise Lost(type(error).__name__) from None


class BrokerQueue:
    """A queue of events in RabbitMQ."""

    def __init__(self, channel: AbstractChannel, name: str, *, is_new: bool) -> None:
        self._channel = channel
        self._name = name
        self.is_new = is_new

    async def deliveries(self) -> AsyncIterator["BrokerDelivery"]:
        """What comes, in its order. Raises Lost."""
        heard: asyncio.Queue[DeliveredMessage | None] = asyncio.Queue()

        async def hear(message: DeliveredMessage) -> None:
            heard.put_nowait(message)

        try:
            with _loss_raised():
                await self._channel.basic_qos(prefetch_count=PREFETCH)
                self._channel.closing.add_done_callback(lambda _: heard.put_nowait(None))
                # The broker ends the consumers of a queue that is deleted.
                self._channel.on_consumer_cancel_callbacks.add(lambda _: heard.put_nowait(None))
                await self._channel.basic_consume(self._name, hear)
        except _ERRORS as error:
            raise Lost(type(error).__name__) from None
        while True:
            message = await heard.get()
            if message is None:
                raise Lost("the connection or the queue was lost")
            yield BrokerDelivery(self._channel, message)


class BrokerDelivery:
    """One message, unacknowledged."""

    def __init__(self, channel: AbstractChannel, message: DeliveredMessage) -> None:
        self._channel = channel
        self._message = message

    @property
    def body(self) -> bytes:
        """As it came."""
        return bytes(self._message.body)

    async def done(self) -> None:
        """Acknowledge it. Raises Lost."""
        assert self._message.delivery_tag is not None
        try:
            with _loss_raised():
                await self._channel.basic_ack(self._message.delivery_tag)
        except _ERRORS as error:
            raise Lost(type(error).__name__) from None


async def _declared(connection: AbstractConnection, bindings: Bindings) -> BrokerQueue:
    for exchange in dict.fromkeys(exchange for exchange, _ in bindings.keys):
        if not await _is_there(connection, exchange=exchange):
            channel = await connection.channel()
            await channel.exchange_declare(exchange, exchange_type="topic", durable=True)
            await channel.close()
    is_new = not await _is_there(connection, queue=bindings.queue)
    channel = await connection.channel()
    await channel.queue_declare(
        bindings.queue,
        durable=True,
        arguments={"x-queue-type": "quorum", "x-delivery-limit": SUBSCRIBER_DELIVERY_LIMIT},
    )
    for exchange, key in bindings.keys:
        await channel.queue_bind(bindings.queue, exchange, routing_key=key)
    return BrokerQueue(channel, bindings.queue, is_new=is_new)


async def _is_there(
    connection: AbstractConnection, *, exchange: str | None = None, queue: str | None = None
) -> bool:
    """To name what is missing closes the channel: each is asked for on one of its own."""
    channel = await connection.channel()
    try:
        if exchange is not None:
            await channel.exchange_declare(exchange, passive=True)
        if queue is not None:
            await channel.queue_declare(queue, passive=True)
    except aiormq.exceptions.ChannelNotFoundEntity:
        return False
    await channel.close()
    return True


async def _connect(url: str, name: str) -> AbstractConnection:
    named = URL(url).update_query(name=name, heartbeat=str(HEARTBEAT_SECONDS))
    async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
        with _loss_raised():
            return await aiormq.connect(str(named), context=_context(url))


async def _close(connection: AbstractConnection) -> None:
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
            with _loss_raised():
                await connection.close()
    except _ERRORS:
        return  # That it is gone already is what was wanted.


def _context(url: str) -> ssl.SSLContext | None:
    """`amqps://` is always verified: by the URL's `cafile` alone, else the system's authorities."""
    parts = URL(url)
    if parts.scheme != "amqps":
        return None
    context = ssl.create_default_context(cafile=parts.query.get(CA_FILE))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False
    return context


@contextmanager
def _loss_raised() -> Iterator[None]:
    """Around what waits for the broker: aiormq cancels what waits on a connection that it loses.

    A task that was told to stop has counted it (Task.cancelling); any other gets ConnectionError.
    """
    try:
        yield
    except asyncio.CancelledError:
        current = asyncio.current_task()
        if current is None or current.cancelling():
            raise
        raise ConnectionError("the broker is lost") from None
