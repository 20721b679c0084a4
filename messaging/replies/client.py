"""A client of the services: sends commands and queries, awaits replies, listens to events."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import aiormq.exceptions
import orjson
from aiormq import spec
from aiormq.abc import AbstractChannel, DeliveredMessage
from uuid_utils import compat as uuid_utils

from messaging.wire.connection import PERSISTENT, connection
from messaging.wire.envelope import JSON_CONTENT_TYPE
from messaging.wire.topology import make_sure_of

DIRECT_REPLY_TO = "amq.rabbitmq.reply-to"
REPLY_TIMEOUT_SECONDS = 30.0


class NobodyListens(Exception):
    """The exchange or the queue is not there: the service has never run on this broker."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply. `data` or `problem` is set, never both (docs/contract/wire.md#replies)."""

    status: int
    data: Any
    problem: dict[str, Any] | None


class Client:
    """Many requests at a time over one connection; replies come by RabbitMQ's direct reply-to."""

    def __init__(self, channel: AbstractChannel) -> None:
        self._channel = channel
        self._waiting: dict[str, asyncio.Future[bytes]] = {}

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._channel.is_closed

    async def call(
        self,
        exchange: str,
        operation: str,
        body: Mapping[str, Any] | bytes,
        *,
        message_id: UUID | None = None,
        headers: Mapping[str, Any] | None = None,
        user_id: str | None = None,
        timeout_seconds: float = REPLY_TIMEOUT_SECONDS,
    ) -> Reply:
        """Send a command or query and await its reply.

        Raises TimeoutError where none comes (a command sent again with the same `message_id` still
        has one effect), and NobodyListens.
        """
        reply = orjson.loads(
            await self.call_for_bytes(
                exchange,
                operation,
                body if isinstance(body, bytes) else orjson.dumps(body),
                message_id=message_id,
                headers=headers,
                user_id=user_id,
                timeout_seconds=timeout_seconds,
            )
        )
        return Reply(reply["status"], reply.get("data"), reply.get("problem"))

    async def call_for_bytes(
        self,
        exchange: str,
        operation: str,
        body: bytes,
        *,
        message_id: UUID | None = None,
        headers: Mapping[str, Any] | None = None,
        user_id: str | None = None,
        timeout_seconds: float = REPLY_TIMEOUT_SECONDS,
    ) -> bytes:
        """As `call`; the reply's body as it came. Raises ConnectionError after `lose`, too."""
        correlation = str(uuid_utils.uuid7())
        reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[correlation] = reply
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._channel.basic_publish(
                    body,
                    exchange=exchange,
                    routing_key=operation,
                    properties=spec.Basic.Properties(
                        content_type=JSON_CONTENT_TYPE,
                        delivery_mode=PERSISTENT,
                        message_id=str(message_id or uuid_utils.uuid7()),
                        correlation_id=correlation,
                        reply_to=DIRECT_REPLY_TO,
                        headers=dict(headers or {}),
                        user_id=user_id,
                    ),
                    mandatory=True,
                )
                return await reply
        except (aiormq.exceptions.PublishError, aiormq.exceptions.ChannelNotFoundEntity) as error:
            raise NobodyListens(exchange) from error
        finally:
            del self._waiting[correlation]

    async def take_reply(self, message: DeliveredMessage) -> None:
        """Hand a delivered reply to whoever awaits it."""
        waiting = self._waiting.get(message.header.properties.correlation_id or "")
        if waiting is not None and not waiting.done():
            waiting.set_result(bytes(message.body))

    def lose(self) -> None:
        """Tell all who wait that no reply will come: the connection is lost."""
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError("the broker is lost"))


@asynccontextmanager
async def open_client(url: str, name: str = "handoff.client") -> AsyncIterator[Client]:
    """A client on a connection of its own."""
    async with connection(url, name) as opened:
        channel = await opened.channel(publisher_confirms=True, on_return_raises=True)
        client = Client(channel)
        await channel.basic_consume(DIRECT_REPLY_TO, client.take_reply, no_ack=True)
        yield client


@asynccontextmanager
async def listen(
    url: str, exchanges: Mapping[str, str], name: str = "handoff.events"
) -> AsyncIterator[asyncio.Queue[DeliveredMessage]]:
    """What is published from now on to these exchanges (exchange: binding key), until it is left.

    The queue is exclusive to the connection and goes with it.
    """
    async with connection(url, name) as opened:
        for exchange in exchanges:
            await make_sure_of(opened, exchange)
        channel = await opened.channel()
        heard: asyncio.Queue[DeliveredMessage] = asyncio.Queue()
        declared = await channel.queue_declare(exclusive=True, auto_delete=True)
        queue = declared.queue or ""
        for exchange, binding in exchanges.items():
            await channel.queue_bind(queue, exchange, routing_key=binding)

        async def take(message: DeliveredMessage) -> None:
            heard.put_nowait(message)

        await channel.basic_consume(queue, take, no_ack=True)
        yield heard
