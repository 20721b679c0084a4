"""Where one measurement takes place: an empty database and an empty broker, the same each time."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiormq.abc import AbstractChannel

from messaging.amqp import connection
from messaging.migrating import migrate
from messaging.topology import DEAD_LETTERS, declare
from ops.servers import Servers, create_database, drop_database
from services.referrals.home import MIGRATIONS, PUBLISHING, TOPOLOGY

EVENTS_QUEUE = "bench.events"


@dataclass(frozen=True, slots=True)
class Place:
    """A migrated database of referrals, and a broker with referrals' exchanges and queues."""

    database_url: str
    rabbitmq_url: str

    def environment(self) -> dict[str, str]:
        """The variables of a referrals process that works here."""
        return {
            "REFERRALS_DATABASE_URL": self.database_url,
            "REFERRALS_RABBITMQ_URL": self.rabbitmq_url,
            "REFERRALS_HTTP_PORT": "0",
        }


@asynccontextmanager
async def fresh_place(servers: Servers) -> AsyncIterator[Place]:
    """A place that is gone afterwards.

    A broker that is not ours to administer is cleared of the queues and exchanges instead: it must
    hold nothing of worth.
    """
    name = f"bench_{secrets.token_hex(8)}"
    database_url = await asyncio.to_thread(create_database, servers.postgres_url, name)
    try:
        await asyncio.to_thread(migrate, database_url, MIGRATIONS)
        async with _empty_broker(servers, name) as rabbitmq_url:
            async with connection(rabbitmq_url, "bench.place") as opened:
                channel = await opened.channel()
                await declare(channel, TOPOLOGY)
            yield Place(database_url, rabbitmq_url)
    finally:
        await asyncio.to_thread(drop_database, servers.postgres_url, name)


@asynccontextmanager
async def _empty_broker(servers: Servers, name: str) -> AsyncIterator[str]:
    if servers.rabbitmq is not None:
        yield await asyncio.to_thread(servers.rabbitmq.add_vhost, name)
        await asyncio.to_thread(servers.rabbitmq.delete_vhost, name)
        return
    async with connection(servers.rabbitmq_url, "bench.place") as opened:
        channel = await opened.channel()
        await _clear(channel)
        yield servers.rabbitmq_url
        await _clear(channel)


async def bind_events(channel: AbstractChannel) -> None:
    """A subscriber's own quorum queue for all events of referrals."""
    await channel.queue_declare(EVENTS_QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
    await channel.queue_bind(EVENTS_QUEUE, PUBLISHING.exchange, routing_key="#")


async def _clear(channel: AbstractChannel) -> None:
    for queue in TOPOLOGY.queues:
        await channel.queue_delete(queue.name)
        await channel.queue_delete(queue.dead_letters)
    await channel.queue_delete(EVENTS_QUEUE)
    for exchange in (*TOPOLOGY.exchanges, DEAD_LETTERS):
        await channel.exchange_delete(exchange)
