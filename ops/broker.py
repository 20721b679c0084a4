"""RabbitMQ as a person asks about it: is it there, who consumes a queue, how much waits."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiormq.exceptions
from aiormq.abc import AbstractConnection
from yarl import URL

from messaging.wire.connection import BROKER_ERRORS, connection
from messaging.wire.tls import why_lost
from ops.catalogue import Served, ServiceName
from ops.environment import CannotGoOn

FIRST_THAT_READS_NO_CLIENTS_DEATHS = 4


@dataclass(frozen=True, slots=True)
class QueueState:
    """A queue as the broker describes it. `depth` counts what is ready, not what is in work."""

    depth: int
    consumers: int


def place(url: str) -> str:
    """Host, port and vhost of a broker's URL, without user and password."""
    parts = URL(url)
    # Percent-decoded by yarl: the path of /%2F is //.
    vhost = parts.path[1:] or "/"
    return (
        f"{parts.host}:{parts.port or (5671 if parts.scheme == 'amqps' else 5672)}, vhost {vhost}"
    )


@asynccontextmanager
async def broker(
    name: ServiceName | Served, url: str, purpose: str
) -> AsyncIterator[AbstractConnection]:
    """A connection to a service's broker, under the name `purpose`.

    Raises CannotGoOn, which names the variable, where there is no broker or it refuses us, also
    what is asked of it later.
    """
    variable = f"{name.prefix}RABBITMQ_URL"
    async with AsyncExitStack() as stack:
        try:
            opened = await stack.enter_async_context(connection(url, purpose))
        except (
            aiormq.exceptions.AuthenticationError,
            aiormq.exceptions.ProbableAuthenticationError,
        ):
            raise CannotGoOn(
                f"{variable}: RabbitMQ at {place(url)} refused the user or the password"
            ) from None
        except (aiormq.exceptions.ConnectionNotAllowed, aiormq.exceptions.InvalidFrameError):
            raise CannotGoOn(
                f"{variable}: RabbitMQ at {place(url)} does not let this user in: "
                "no such vhost, or no permission in it"
            ) from None
        except BROKER_ERRORS as error:
            raise CannotGoOn(
                f"{variable}: no RabbitMQ to be used at {place(url)} ({why_lost(error)})"
            ) from None
        try:
            yield opened
        except aiormq.exceptions.ChannelAccessRefused as error:
            raise refusal(variable, error) from None


def refusal(variable: str, error: aiormq.exceptions.ChannelAccessRefused) -> CannotGoOn:
    """What a person is told whose user may not do what was asked for, in the broker's words."""
    words = str(error.args[0] if error.args else error).removeprefix("ACCESS_REFUSED - ")
    return CannotGoOn(f"{variable}: RabbitMQ refuses this user: {words}")


def version(opened: AbstractConnection) -> str:
    """The broker's version."""
    properties: Any = getattr(opened, "server_properties", None) or {}
    said = properties.get("version", "of unknown version")
    return said.decode() if isinstance(said, bytes) else str(said)


def believes_clients_deaths(version: str) -> bool:
    """Whether a broker of this version takes the `x-death` that a client wrote for its own.

    Source: the maintainers in rabbitmq-server#11339; what comes of it was seen with 3.10.8.
    """
    major = version.partition(".")[0]
    return major.isdecimal() and int(major) < FIRST_THAT_READS_NO_CLIENTS_DEATHS


async def queue_state(opened: AbstractConnection, queue: str) -> QueueState | None:
    """What the broker says of a queue, without changing anything; None where there is none."""
    channel = await opened.channel()
    try:
        declared = await channel.queue_declare(queue, passive=True)
    except aiormq.exceptions.ChannelNotFoundEntity:
        return None
    await channel.close()
    return QueueState(declared.message_count or 0, declared.consumer_count or 0)
