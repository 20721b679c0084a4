"""A listener to events that lives as long as its process, and tells where some may be missing."""

import asyncio
from collections.abc import Callable, Collection, Iterable

import aiormq.exceptions
from aiormq.abc import AbstractChannel, AbstractConnection, DeliveredMessage

from messaging.pacing.waiting import until
from messaging.replies.standing_client import (
    LOOK_AGAIN_AFTER_SECONDS,
    RECONNECT_AFTER_SECONDS,
    closed,
    never_ran,
)
from messaging.telemetry import logs
from messaging.wire.connection import BROKER_ERRORS, connection

log = logs.get(__name__)


class StandingListener:
    """Hears everything that is published to some exchanges, over a connection of its own.

    Its queue is exclusive to the connection and goes with it: what is published meanwhile is not
    heard. `note` is a note of health. An exchange that is not there yet is looked for; a listener
    declares none. That an `optional` one is missing is no news.
    """

    def __init__(
        self,
        url: str,
        name: str,
        exchanges: Iterable[str],
        note: Callable[[str | None], None],
        optional: Collection[str] = (),
    ) -> None:
        self._url = url
        self._name = name
        self._exchanges = sorted(exchanges)
        self._note = note
        self._optional = frozenset(optional)

    async def run(
        self, stop: asyncio.Event, *, began: Callable[[], None], take: Callable[[bytes], None]
    ) -> None:
        """Listen until it is time to stop.

        `began` is called whenever the listening begins, or begins anew: what was published since
        the last call of `take` may be lost, and what comes after is heard. `take` gets the bodies
        in the broker's order.
        """
        while not stop.is_set():
            try:
                async with connection(self._url, self._name) as opened:
                    await self._listen(opened, stop, began, take)
                reason = "the connection was lost"
            except BROKER_ERRORS as error:
                reason = f"not connected ({type(error).__name__})"
            if not stop.is_set():
                self._note(f"not heard: {reason}")
                log.warning("events are not heard", detail=reason)
                await until(asyncio.sleep(RECONNECT_AFTER_SECONDS), stop)

    async def _listen(
        self,
        opened: AbstractConnection,
        stop: asyncio.Event,
        began: Callable[[], None],
        take: Callable[[bytes], None],
    ) -> None:
        channel = await opened.channel()
        declared = await channel.queue_declare(exclusive=True, auto_delete=True)
        queue = declared.queue or ""

        async def hear(message: DeliveredMessage) -> None:
            take(bytes(message.body))

        missing = await self._bind(opened, channel, queue, self._exchanges)
        # Whatever is published from here on waits in the queue.
        began()
        await channel.basic_consume(queue, hear, no_ack=True)
        log.info("events are heard")
        while True:
            await closed(channel, stop, LOOK_AGAIN_AFTER_SECONDS if missing else None)
            if channel.is_closed or stop.is_set():
                return
            still = await self._bind(opened, channel, queue, missing)
            if still != missing:
                began()
            missing = still

    async def _bind(
        self,
        opened: AbstractConnection,
        channel: AbstractChannel,
        queue: str,
        exchanges: Iterable[str],
    ) -> list[str]:
        """Bind the queue to those that are there, and return the others."""
        missing = []
        for exchange in exchanges:
            # To name a missing one closes the channel.
            probe = await opened.channel()
            try:
                await probe.exchange_declare(exchange, passive=True)
            except aiormq.exceptions.ChannelNotFoundEntity:
                missing.append(exchange)
                continue
            await probe.close()
            await channel.queue_bind(queue, exchange, routing_key="#")
        self._note(never_ran(frozenset(missing) - self._optional))
        return missing
