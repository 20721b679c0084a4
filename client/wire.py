"""The seam between the client and what carries its messages: RabbitMQ, or a test's stand-in."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID


class Undelivered(Exception):
    """The broker did not take the message: nothing was done, and nothing will be.

    `may_pass`: it may take it later (a full queue, a broker that is away). `refused`: the user may
    not do that.
    """

    def __init__(self, why: str, *, may_pass: bool = False, refused: bool = False) -> None:
        super().__init__(why)
        self.may_pass = may_pass
        self.refused = refused


class Lost(Exception):
    """The connection was lost: what was under way may be done or not."""


class Wire(Protocol):
    """Carries requests and brings their replies."""

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

    async def close(self) -> None:
        """End the connection."""


class Delivered(Protocol):
    """One message of a subscriber's queue."""

    @property
    def body(self) -> bytes:
        """As it came."""

    async def done(self) -> None:
        """Take it off the queue."""


@dataclass(frozen=True, slots=True)
class Bindings:
    """A subscriber's queue, and what it gets: pairs of an exchange and a binding key."""

    queue: str
    keys: Sequence[tuple[str, str]]


class EventQueue(Protocol):
    """A durable queue of events that is bound. `is_new`: it was not there before."""

    is_new: bool

    def deliveries(self) -> AsyncIterator[Delivered]:
        """What comes, in its order. Raises Lost."""


class EventWire(Protocol):
    """Gives a subscriber its queue."""

    def bound(self, bindings: Bindings) -> AbstractAsyncContextManager[EventQueue]:
        """The queue, declared and bound, over a connection of its own.

        Raises Lost and NotPermitted.
        """
