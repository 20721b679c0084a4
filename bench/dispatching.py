"""Replicas of dispatch beside partners' portals, and what becomes of e-referrals there."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import orjson
from aiormq.abc import DeliveredMessage

from bench.draining import ACKNOWLEDGE_EVERY, STALL_SECONDS, WrongResult, fill, first_of
from bench.packages import OPERATION, DispatchCommand
from bench.place import EVENTS_QUEUE, Place, bind_events, fresh_place
from bench.portal import PORT, PROGRAM, Visited, visited
from bench.under_test import EREFERRAL_DISPATCH, UnderTest, under_test
from contracts.ereferral import EREFERRAL_DELIVERED, EREFERRAL_QUEUED
from messaging.wire.connection import connection
from ops.catalogue import ServiceName
from ops.servers import Servers
from ops.servers.ports import free_ports

PORTAL_UP_SECONDS = 30.0


class Deliveries:
    """A subscriber of dispatch: when each e-referral was accepted and delivered, by the clock of
    `time.perf_counter`, and how many events there were."""

    def __init__(self) -> None:
        self.queued: dict[UUID, float] = {}
        self.delivered: dict[UUID, float] = {}
        self.events = 0
        self._news = asyncio.Event()
        self._unacknowledged = 0

    async def take(self, message: DeliveredMessage) -> None:
        """Count an event, and acknowledge some at a time, as subscribers do."""
        self.events += 1
        now, kind = time.perf_counter(), message.routing_key
        if kind == EREFERRAL_QUEUED.name:
            self.queued[_subject(message)] = now
        elif kind == EREFERRAL_DELIVERED.name:
            self.delivered[_subject(message)] = now
        self._news.set()
        self._unacknowledged += 1
        if self._unacknowledged == ACKNOWLEDGE_EVERY:
            self._unacknowledged = 0
            await message.channel.basic_ack(message.delivery_tag or 0, multiple=True, wait=False)

    async def until(self, heard: dict[UUID, float], wanted: Iterable[UUID]) -> None:
        """Wait until `queued` or `delivered` has all of these. Raises WrongResult after a minute
        in which nothing came."""
        missing = set(wanted)
        while missing := missing - heard.keys():
            self._news.clear()
            try:
                async with asyncio.timeout(STALL_SECONDS):
                    await self._news.wait()
            except TimeoutError:
                raise WrongResult(
                    f"{len(missing)} e-referrals missing, then nothing for {STALL_SECONDS:.0f} s"
                ) from None


def _subject(message: DeliveredMessage) -> UUID:
    return UUID(orjson.loads(message.body)["subject"])


@dataclass(frozen=True, slots=True)
class Scene:
    """One or more replicas of dispatch that wait for `go`, portals that are up, a subscriber."""

    place: Place
    workers: tuple[UnderTest, ...]
    deliveries: Deliveries
    portal: UnderTest
    portal_port: int

    def endpoint(self, takes: str, partner: int) -> str:
        """A partner's endpoint: answered after `takes` milliseconds, or never (`hang`)."""
        return f"http://127.0.0.1:{self.portal_port}/{takes}/{partner}"

    async def go(self) -> None:
        """Let the replicas begin."""
        for worker in self.workers:
            await worker.go()

    async def put(self, commands: list[DispatchCommand]) -> None:
        """Send commands."""
        await fill(self.place, commands, OPERATION)

    async def delivered(self, commands: list[DispatchCommand]) -> float:
        """When the last of these was delivered. Raises WrongResult and EndedEarly."""
        at = self.deliveries.delivered
        await self._heard(at, commands)
        return max(at[command.ereferral_id] for command in commands)

    async def accepted(self, commands: list[DispatchCommand]) -> None:
        """Wait until all of these are queued. Raises WrongResult and EndedEarly."""
        await self._heard(self.deliveries.queued, commands)

    async def _heard(self, heard: dict[UUID, float], commands: list[DispatchCommand]) -> None:
        wanted = [command.ereferral_id for command in commands]
        await first_of(
            self.deliveries.until(heard, wanted), *(worker.ended() for worker in self.workers)
        )

    async def visited(self) -> dict[str, Visited]:
        """What the portals saw."""
        return await visited(self.portal_port)


@asynccontextmanager
async def dispatch_scene(
    servers: Servers, workers: int = 1, **settings: str
) -> AsyncIterator[Scene]:
    """A scene in a fresh place. `settings` are variables without their `DISPATCH_`."""
    async with AsyncExitStack() as stack:
        place = await stack.enter_async_context(
            fresh_place(servers, ServiceName.EREFERRAL_DISPATCH)
        )
        deliveries = Deliveries()
        opened = await stack.enter_async_context(connection(place.rabbitmq_url, "bench.events"))
        channel = await opened.channel(publisher_confirms=False)
        await bind_events(channel, place)
        await channel.basic_qos(prefetch_count=10 * ACKNOWLEDGE_EVERY)
        await channel.basic_consume(EVENTS_QUEUE, deliveries.take)
        (port,) = free_ports(1)
        portal = await stack.enter_async_context(under_test(PROGRAM, {PORT: str(port)}))
        await portal.go()
        await _listens(port)
        environment = {
            **place.environment(),
            "DISPATCH_SIGNING_KEY": "bench-signing-key",
            "DISPATCH_ALLOW_HTTP": "true",
            "DISPATCH_EGRESS_ALLOW": "127.0.0.0/8",
            **{f"DISPATCH_{name.upper()}": value for name, value in settings.items()},
        }
        started = [
            await stack.enter_async_context(under_test(EREFERRAL_DISPATCH, environment))
            for _ in range(workers)
        ]
        yield Scene(place, tuple(started), deliveries, portal, port)


async def _listens(port: int) -> None:
    async with asyncio.timeout(PORTAL_UP_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
