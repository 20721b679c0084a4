"""The place of one measurement: an empty database and an empty broker, the same each time."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiormq.abc import AbstractChannel

from messaging.database.migrations import migrate
from messaging.wire.connection import connection
from messaging.wire.topology import DEAD_LETTERS, Topology, declare
from ops.catalogue import ServiceName, place_of
from ops.servers import Servers, create_database, drop_database

EVENTS_QUEUE = "bench.events"


@dataclass(frozen=True, slots=True)
class Place:
    """A migrated database of a service, and a broker with the service's exchanges and queues."""

    service: ServiceName
    database_url: str
    rabbitmq_url: str

    def exchange(self, kind: str) -> str:
        """The service's exchange for `commands`, `queries` or `events`."""
        return f"{self.service.service}.{kind}"

    def environment(self) -> dict[str, str]:
        """The variables of a process of the service that works here."""
        return {
            f"{self.service.prefix}DATABASE_URL": self.database_url,
            f"{self.service.prefix}RABBITMQ_URL": self.rabbitmq_url,
            f"{self.service.prefix}HTTP_PORT": "0",
        }


@asynccontextmanager
async def fresh_place(
    servers: Servers, service: ServiceName = ServiceName.REFERRALS
) -> AsyncIterator[Place]:
    """A place that is gone afterwards.

    A broker that is not ours to administer is cleared of the queues and exchanges instead: it must
    hold nothing of worth.
    """
    name, home = f"bench_{secrets.token_hex(8)}", place_of(service)
    database_url = await asyncio.to_thread(create_database, servers.postgres_url, name)
    try:
        await asyncio.to_thread(migrate, database_url, home.migrations)
        async with _empty_broker(servers, name, home.topology) as rabbitmq_url:
            async with connection(rabbitmq_url, "bench.place") as opened:
                channel = await opened.channel()
                await declare(channel, home.topology)
            yield Place(service, database_url, rabbitmq_url)
    finally:
        await asyncio.to_thread(drop_database, servers.postgres_url, name)


@asynccontextmanager
async def _empty_broker(servers: Servers, name: str, topology: Topology) -> AsyncIterator[str]:
    if servers.rabbitmq is not None:
        yield await asyncio.to_thread(servers.rabbitmq.add_vhost, name)
        await asyncio.to_thread(servers.rabbitmq.delete_vhost, name)
        return
    async with connection(servers.rabbitmq_url, "bench.place") as opened:
        channel = await opened.channel()
        await _clear(channel, topology)
        yield servers.rabbitmq_url
        await _clear(channel, topology)


async def bind_events(channel: AbstractChannel, place: Place) -> None:
    """A subscriber's own quorum queue for all events of the service."""
    await channel.queue_declare(EVENTS_QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
    await channel.queue_bind(EVENTS_QUEUE, place.exchange("events"), routing_key="#")


async def _clear(channel: AbstractChannel, topology: Topology) -> None:
    for queue in topology.queues:
        await channel.queue_delete(queue.name)
        await channel.queue_delete(queue.dead_letters)
    await channel.queue_delete(EVENTS_QUEUE)
    for exchange in (*topology.exchanges, DEAD_LETTERS):
        await channel.exchange_delete(exchange)
