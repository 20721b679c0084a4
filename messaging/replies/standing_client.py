"""A client that lives as long as its process, and knows of a request whether it may be under way.

Whoever passes requests on has to tell its own client one of two things when there is no reply: that
certainly nothing was taken, or that it may have been. Nothing in between is of use.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import aiormq.exceptions
import orjson
from aiormq.abc import AbstractChannel, AbstractConnection
from uuid_utils import compat as uuid_utils

from messaging.pacing.waiting import until
from messaging.replies.client import DIRECT_REPLY_TO, Client, NobodyListens
from messaging.telemetry import logs
from messaging.wire.connection import BROKER_ERRORS, connection, loss_raised, user_of

log = logs.get(__name__)

RECONNECT_AFTER_SECONDS = 0.5
LOOK_AGAIN_AFTER_SECONDS = 0.5
"""How often an exchange that is missing is looked for: its service has never run on the broker."""
# As `messaging` writes a reply to what was done: the data behind it is passed on, digit for digit.
_DONE = re.compile(rb'\{"status":(\d{3}),"data":(.*)\}', re.DOTALL)


class NothingTaken(Exception):
    """The request certainly had no effect and never will: the broker did not take it."""


class NoReply(Exception):
    """The request may have an effect, now or later: it was given to the broker, and no more."""


@dataclass(frozen=True, slots=True)
class Replied:
    """A reply. `data` is JSON as the service wrote it; `problem` is set where it was refused."""

    status: int
    data: bytes
    problem: dict[str, Any] | None = None


def read_reply(body: bytes) -> Replied:
    """A reply's body; its data is not parsed where that can be avoided."""
    if done := _DONE.fullmatch(body):
        return Replied(int(done[1]), done[2])
    reply = orjson.loads(body)
    return Replied(reply["status"], orjson.dumps(reply.get("data")), reply.get("problem"))


class StandingClient:
    """Sends requests over one connection, which it opens anew whenever it is lost.

    `exchanges` are those that it publishes to: one that is missing would close the channel, and
    with it go the replies of all others, so that nothing is published there until it exists.
    `report` is a condition of health, `note` a note of it: that an `optional` one is missing is no
    news.
    """

    def __init__(
        self,
        url: str,
        name: str,
        exchanges: Iterable[str],
        *,
        report: Callable[[str | None], None],
        note: Callable[[str | None], None],
        optional: Collection[str] = (),
    ) -> None:
        self._url = url
        self._name = name
        self._user = user_of(url)
        self._exchanges = frozenset(exchanges)
        self._optional = frozenset(optional)
        self._missing = self._exchanges
        self._report = report
        self._note = note
        self._client: Client | None = None
        self._opened: AbstractConnection | None = None
        self._under_way: dict[UUID, asyncio.Event] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Be connected until it is time to stop."""
        while not stop.is_set():
            try:
                async with connection(self._url, self._name) as opened:
                    await self._serve(opened, stop)
                reason = "the connection was lost"
            except BROKER_ERRORS as error:
                reason = f"not connected ({type(error).__name__})"
            if not stop.is_set():
                self._report(reason)
                log.warning("the broker is away", detail=reason)
                await until(asyncio.sleep(RECONNECT_AFTER_SECONDS), stop)

    async def ask(
        self,
        exchange: str,
        operation: str,
        body: bytes,
        *,
        message_id: UUID | None,
        headers: Mapping[str, Any],
        timeout_seconds: float,
    ) -> Replied:
        """Send a command or query and await its reply. Raises NothingTaken and NoReply.

        `message_id` None: one is made.
        """
        try:
            async with (
                asyncio.timeout(timeout_seconds),
                self._alone(message_id or uuid_utils.uuid7()) as identity,
            ):
                client = self._client
                if client is None or client.is_closed or exchange in self._missing:
                    raise NothingTaken
                with loss_raised():
                    reply = await client.call_for_bytes(
                        exchange,
                        operation,
                        body,
                        message_id=identity,
                        headers=headers,
                        user_id=self._user,
                        timeout_seconds=timeout_seconds,
                    )
        except NobodyListens:
            raise NothingTaken from None
        except BROKER_ERRORS:
            raise NoReply from None
        return read_reply(reply)

    def is_run(self, exchange: str) -> bool:
        """Whether a service that need not be run is, as far as is known; all others always are."""
        return exchange not in self._missing or exchange not in self._optional

    async def depths(self, queues: Iterable[str], timeout_seconds: float) -> dict[str, int]:
        """How many messages each of these queues has; one that is not there is left out.

        Raises NothingTaken where the broker does not say it in time.
        """
        opened, found = self._opened, {}
        if opened is None:
            raise NothingTaken
        try:
            async with asyncio.timeout(timeout_seconds):
                for queue in queues:
                    channel = await opened.channel()
                    try:
                        declared = await channel.queue_declare(queue, passive=True)
                    except aiormq.exceptions.ChannelNotFoundEntity:
                        continue
                    found[queue] = declared.message_count or 0
                    await channel.close()
        except BROKER_ERRORS:
            raise NothingTaken from None
        return found

    @asynccontextmanager
    async def _alone(self, message_id: UUID) -> AsyncIterator[UUID]:
        """One request of this id at a time: aiormq tells by the id which one came back."""
        while (other := self._under_way.get(message_id)) is not None:
            await other.wait()
        ended = self._under_way[message_id] = asyncio.Event()
        try:
            yield message_id
        finally:
            del self._under_way[message_id]
            ended.set()

    async def _serve(self, opened: AbstractConnection, stop: asyncio.Event) -> None:
        channel = await opened.channel(publisher_confirms=True, on_return_raises=True)
        client = Client(channel)
        await channel.basic_consume(DIRECT_REPLY_TO, client.take_reply, no_ack=True)
        try:
            await self._look_for_exchanges(opened)
            self._client, self._opened = client, opened
            self._report(None)
            log.info("connected to the broker")
            while self._missing and not stop.is_set() and not channel.is_closed:
                await closed(channel, stop, LOOK_AGAIN_AFTER_SECONDS)
                if not channel.is_closed:
                    await self._look_for_exchanges(opened)
            await closed(channel, stop, None)
        finally:
            self._client = self._opened = None
            client.lose()

    async def _look_for_exchanges(self, opened: AbstractConnection) -> None:
        missing = set()
        for exchange in self._exchanges:
            channel = await opened.channel()
            try:
                await channel.exchange_declare(exchange, passive=True)
            except aiormq.exceptions.ChannelNotFoundEntity:
                missing.add(exchange)
            else:
                await channel.close()
        self._missing = frozenset(missing)
        self._note(never_ran(missing - self._optional))


def never_ran(exchanges: Collection[str]) -> str | None:
    """A note of health about exchanges that are not there; None where all are."""
    if not exchanges:
        return None
    return f"missing: {', '.join(sorted(exchanges))}; their service has never run here"


async def closed(
    channel: AbstractChannel, stop: asyncio.Event, timeout_seconds: float | None
) -> None:
    """Wait until the channel is closed, it is time to stop, or this time has passed."""
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait(
            {stopping, channel.closing},
            timeout=timeout_seconds,
            return_when=asyncio.FIRST_COMPLETED,
        )
    finally:
        stopping.cancel()
