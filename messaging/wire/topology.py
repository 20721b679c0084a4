"""Exchanges and queues (docs/contract/wire.md#topology). Declaring is idempotent."""

from collections.abc import Iterable
from dataclasses import dataclass

from aiormq.abc import AbstractChannel, AbstractConnection
from aiormq.exceptions import ChannelNotFoundEntity

DEAD_LETTERS = "dead_letters"
CONSUMED_DELIVERY_LIMIT = 50
DEAD_LETTER_DELIVERY_LIMIT = 1_000_000  # so that looking at dead letters destroys nothing


@dataclass(frozen=True, slots=True)
class ConsumedQueue:
    """A queue that one of the services consumes, bound to `exchange` with `#`."""

    name: str
    exchange: str

    @property
    def dead_letters(self) -> str:
        """The queue that keeps what this one's consumer refused."""
        return f"{self.name}.dead_letters"


@dataclass(frozen=True, slots=True)
class Topology:
    """What a service declares: whatever it consumes and publishes to."""

    queues: tuple[ConsumedQueue, ...]
    exchanges: tuple[str, ...]

    def must_be_routed(self, exchange: str) -> bool:
        """Whether a message to `exchange` has to reach a queue: one of ours is bound to it.

        An event that only subscribers take may find none, before the first of them has bound.
        """
        return exchange == DEAD_LETTERS or any(q.exchange == exchange for q in self.queues)


async def declare(channel: AbstractChannel, topology: Topology) -> None:
    """Declare everything of the topology.

    Raises aiormq's ChannelPreconditionFailed where the broker holds a queue or exchange of that
    name with other arguments.
    """
    for exchange in _unique([*topology.exchanges, DEAD_LETTERS]):
        await channel.exchange_declare(exchange, exchange_type="topic", durable=True)
    for queue in topology.queues:
        await channel.queue_declare(
            queue.dead_letters,
            durable=True,
            arguments={
                "x-queue-type": "quorum",
                "x-delivery-limit": DEAD_LETTER_DELIVERY_LIMIT,
            },
        )
        await channel.queue_bind(queue.dead_letters, DEAD_LETTERS, routing_key=queue.name)
        await channel.queue_declare(
            queue.name,
            durable=True,
            arguments={
                "x-queue-type": "quorum",
                "x-delivery-limit": CONSUMED_DELIVERY_LIMIT,
                "x-dead-letter-exchange": DEAD_LETTERS,
                "x-dead-letter-routing-key": queue.name,
                "x-dead-letter-strategy": "at-least-once",
                "x-overflow": "reject-publish",
            },
        )
        await channel.queue_bind(queue.name, queue.exchange, routing_key="#")


async def make_sure_of(connection: AbstractConnection, exchange: str) -> None:
    """Declare an exchange where it is not there yet: a subscriber may not, and need not."""
    channel = await connection.channel()
    try:
        await channel.exchange_declare(exchange, passive=True)
    except ChannelNotFoundEntity:
        channel = await connection.channel()
        await channel.exchange_declare(exchange, exchange_type="topic", durable=True)
    await channel.close()


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
