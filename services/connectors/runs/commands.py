"""Commands to referrals and the replies to them, at most 16 in flight.

A command that nobody answered is sent again with the same id and the same bytes: it has one effect.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

import orjson

from contracts.connecting import ImportKind
from messaging.replies.client import Client, NobodyListens, Reply
from messaging.wire.connection import BROKER_ERRORS, user_of
from services.connectors.planning.steps import Kept, Then

IN_FLIGHT = 16
TRIES = 3
COMMANDS, QUERIES = "referrals.commands", "referrals.queries"
GENERATIONS_LOOKED_UP = 8
CONFLICTS = frozenset({"already_exists", "message_id_reused", "version_conflict"})


class NoReply(Exception):
    """Referrals or the broker is away: what is staged waits."""


class Calls(Protocol):
    """A client of referrals' queues."""

    async def call(
        self,
        exchange: str,
        operation: str,
        body: Mapping[str, Any] | bytes,
        *,
        message_id: UUID | None = None,
    ) -> Reply:
        """Send and await the reply. Raises TimeoutError, NobodyListens and what a lost connection
        raises."""


class AsUser:
    """A client whose messages say who sends them: where clients have grants, the service that takes
    one asks for it."""

    def __init__(self, client: Client, broker_url: str) -> None:
        self._client, self._user = client, user_of(broker_url)

    async def call(
        self,
        exchange: str,
        operation: str,
        body: Mapping[str, Any] | bytes,
        *,
        message_id: UUID | None = None,
    ) -> Reply:
        """As `Client.call`."""
        return await self._client.call(
            exchange, operation, body, message_id=message_id, user_id=self._user
        )


@dataclass(frozen=True, slots=True)
class ToSend:
    """One command, frozen. `then`: what its success means. `base`: the row as it counts as imported
    afterwards, None for the row itself.

    `look_up` makes the queries for what is held where it is refused: the resource of this
    generation, then of the next ones. `is_linked`: a person said which resource the row is, and
    nothing is known of it yet: it has to be there, for no command makes what somebody names.
    """

    kind: ImportKind
    external_id: str
    external_version: str
    message_id: UUID
    operation: str
    body: bytes = field(repr=False)
    then: Then
    base: Kept | None = field(repr=False)
    look_up: Callable[[], Iterable[tuple[str, dict[str, Any]]]] = field(repr=False)
    is_linked: bool = False


@dataclass(frozen=True, slots=True)
class Replied:
    """The reply, and after a conflict what is held: the resource, and which generation it is."""

    sent: ToSend
    answered: Reply
    held: dict[str, Any] | None = field(default=None, repr=False)
    generation_ahead: int = 0

    @property
    def problem(self) -> str | None:
        """The problem's code."""
        return None if self.answered.problem is None else str(self.answered.problem["code"])


async def send_all(
    client: Calls,
    slots: asyncio.Semaphore,
    commands: Sequence[ToSend],
    replied: Callable[[Replied], None],
) -> None:
    """Send them, `replied` being told of each. Raises NoReply after those that were answered.

    `slots`: one for each command in flight, of whatever else is sent meanwhile too.
    """

    async def one(command: ToSend) -> None:
        async with slots:
            replied(await _sent(client, command))

    results = await asyncio.gather(*map(one, commands), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


async def _sent(client: Calls, command: ToSend) -> Replied:
    if command.is_linked:
        operation, query = next(iter(command.look_up()))
        named = await ask(client, operation, query)
        if named.status != 200:
            return Replied(command, named)
    answered = await persisting(
        lambda: client.call(
            COMMANDS, command.operation, command.body, message_id=command.message_id
        )
    )
    problem = answered.problem
    if problem is None or problem["code"] not in CONFLICTS:
        return Replied(command, answered)
    for ahead, (operation, query) in enumerate(command.look_up()):
        found = await ask(client, operation, query)
        if found.status == 200:
            return Replied(command, answered, found.data, ahead)
        if problem["code"] == "version_conflict":
            break
    return Replied(command, answered)


async def ask(client: Calls, operation: str, query: Mapping[str, Any]) -> Reply:
    """A query of referrals. Raises NoReply."""
    return await persisting(lambda: client.call(QUERIES, operation, orjson.dumps(dict(query))))


async def persisting(make: Callable[[], Awaitable[Reply]]) -> Reply:
    """The reply to what is sent again where none comes. Raises NoReply."""
    for _ in range(TRIES):
        try:
            return await make()
        except TimeoutError:
            continue
        except (NobodyListens, *BROKER_ERRORS) as away:
            raise NoReply from away
    raise NoReply
