"""`handoff dead-letters`: what was parked, why, and how it gets back to work or is given up.

Looking takes messages without acknowledging them and puts them back: it destroys nothing.
"""

import sys
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import aiormq.exceptions
from aiormq import spec
from uuid_utils.compat import uuid7

from messaging.replies.dead_letter import DeadLetter, identity
from messaging.replies.dead_letters import clients_headers
from messaging.replies.letter_box import LetterBox, LookedAtByAnother, letter_box
from messaging.replies.publisher import NotCarried, Publisher
from messaging.wire.connection import PERSISTENT, user_of
from messaging.wire.envelope import read_message_id
from messaging.wire.lenient_pamqp import unreadable
from messaging.wire.topology import ConsumedQueue
from ops.broker import broker, queue_state
from ops.catalogue import ServiceName, place_of
from ops.environment import CannotGoOn, WrongArgument, rabbitmq_url

_HOW_TO_IMPERSONATE = (
    "give that user the RabbitMQ tag impersonator, or replay with --as-me under its own grant"
)
_KEPT_PROPERTIES = (
    "content_type",
    "content_encoding",
    "priority",
    "correlation_id",
    "timestamp",
    "message_type",
    "app_id",
)


Writing = Callable[[DeadLetter, str], Awaitable[None]]
"""Writes down what is done with a letter, before that cannot be undone; the text is for a person.
Raises where it cannot, and then it is not done."""


def find_queue(name: str) -> tuple[ServiceName, ConsumedQueue]:
    """A consumed queue by its name or that of its dead letters, and whose it is.

    Raises WrongArgument, which lists the queues.
    """
    queues = all_queues()
    for owner, queue in queues:
        if name in (queue.name, queue.dead_letters):
            return owner, queue
    listed = ", ".join(queue.name for _, queue in queues)
    raise WrongArgument(f"There is no queue {name!r} with dead letters; there are: {listed}")


def all_queues() -> list[tuple[ServiceName, ConsumedQueue]]:
    """Every queue that a service consumes."""
    return [(name, queue) for name in ServiceName for queue in place_of(name).consumes]


@dataclass(frozen=True, slots=True)
class Opened:
    """A letter box, and the broker's URL, by which what is in it is sent in again."""

    box: LetterBox
    url: str


@asynccontextmanager
async def open_letters(name: ServiceName, queue: ConsumedQueue) -> AsyncIterator[Opened]:
    """Open the dead letters of a queue; while somebody else has them open, wait, and say so.

    Raises SettingError, and CannotGoOn where there is no broker or no such queue, or others do not
    leave it.
    """
    url = rabbitmq_url(name)
    async with broker(name, url, "handoff.dead_letters") as opened:
        if await queue_state(opened, queue.dead_letters) is None:
            raise _not_yet(name, queue)
        try:
            async with letter_box(opened, queue, waiting=_SaidOnce(queue)) as box:
                yield Opened(box, url)
        except LookedAtByAnother:
            msg = (
                f"Somebody else has the dead letters of {queue.name} open: try again when they end"
            )
            raise CannotGoOn(msg) from None


class _SaidOnce:
    """Says once that somebody else is waited for."""

    def __init__(self, queue: ConsumedQueue) -> None:
        self._queue = queue
        self._is_said = False

    def __call__(self) -> None:
        if not self._is_said:
            self._is_said = True
            print(
                f"Waiting: somebody else has the dead letters of {self._queue.name} open.",
                file=sys.stderr,
            )


async def letter_count(name: ServiceName, queue: ConsumedQueue) -> int:
    """How many there are. Raises as letter_box does."""
    url = rabbitmq_url(name)
    async with broker(name, url, "handoff.dead_letters") as opened:
        state = await queue_state(opened, queue.dead_letters)
    if state is None:
        raise _not_yet(name, queue)
    return state.depth


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a letter: it went in again under `new_id`, or stayed, and why."""

    new_id: UUID | None
    why: str | None


async def replay(
    opened: Opened, letters: AsyncIterable[DeadLetter], write: Writing, *, as_me: bool
) -> AsyncIterator[tuple[DeadLetter, Replayed]]:
    """Send letters in again by the queue's own exchange, each taken out once that is confirmed.

    Each goes in as the client that sent it, under that client's grant, for which RabbitMQ wants the
    tag `impersonator` on our user; `as_me`: under our own. Yields each with what became of it.
    """
    publisher = Publisher(opened.url, "handoff.replay")
    try:
        async for letter in letters:
            new_id = replay_id(letter)
            why = await _replay_one(opened, letter, new_id, publisher, write, as_me=as_me)
            yield letter, Replayed(None if why else new_id, why)
    finally:
        await publisher.close()


async def _replay_one(
    opened: Opened,
    letter: DeadLetter,
    new_id: UUID,
    publisher: Publisher,
    write: Writing,
    *,
    as_me: bool,
) -> str | None:
    box, us = opened.box, user_of(opened.url)
    user_id = us if as_me else letter.user_id
    # Never the one that a header names, which a client may have written: we may publish to more.
    exchange = box.queue.exchange
    if letter.operation is None:
        return "nothing says what it asked for"
    if odd := unreadable(letter.taken):
        return f"unreadable: {', '.join(odd)}: send it anew"
    try:
        await publisher.deliver(
            bytes(letter.taken.body),
            exchange=exchange,
            routing_key=letter.operation,
            properties=_replayed_properties(letter, new_id, user_id),
        )
    except NotCarried:
        return "it would not arrive as it is: send it anew"
    except aiormq.exceptions.ChannelPreconditionFailed:
        return f"{us} may not send as {user_id}: {_HOW_TO_IMPERSONATE}"
    except (aiormq.exceptions.PublishError, aiormq.exceptions.ChannelNotFoundEntity):
        return f"no queue takes it from {exchange} now"
    # Not written down, it stays; replayed again it has the same id and one effect.
    await write(letter, f"as {new_id}, ")
    await box.remove(letter)
    return None


async def discard(box: LetterBox, letter: DeadLetter, write: Writing) -> None:
    """Take a letter out for good."""
    await write(letter, "for good, ")
    await box.remove(letter)


def _not_yet(name: ServiceName, queue: ConsumedQueue) -> CannotGoOn:
    return CannotGoOn(
        f"{queue.dead_letters} is not on this broker: handoff serve {name} makes it when it starts"
    )


def _replayed_properties(
    letter: DeadLetter, new_id: UUID, user_id: str | None
) -> spec.Basic.Properties:
    """The message as its client sent it, under its new id.

    Without `reply_to`: who asked is gone, and what is refused without one is parked again.
    """
    original = letter.taken.header.properties
    headers = clients_headers(letter.headers)
    headers["replay_of"] = letter.message_id or ""
    kept = {name: getattr(original, name) for name in _KEPT_PROPERTIES}
    return spec.Basic.Properties(
        headers=headers,
        delivery_mode=PERSISTENT,
        message_id=str(new_id),
        user_id=user_id,
        **kept,
    )


def replay_id(letter: DeadLetter) -> UUID:
    """The id that it gets: of its identity, so that a replay that broke off can be repeated.

    The broker notes whole seconds: what it parks without an id may be several letters of one
    identity, and each has its effect.
    """
    if letter.by_broker and read_message_id(letter.taken) is None:
        return uuid7()
    return identity(letter)
