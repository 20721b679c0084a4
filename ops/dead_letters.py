"""`handoff dead-letters`: what was parked, why, and how it gets back to work or is given up.

Looking takes messages without acknowledging them and puts them back: it destroys nothing.
"""

import hashlib
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import aiormq.exceptions
from aiormq import spec
from aiormq.abc import AbstractChannel, DeliveredMessage
from uuid_utils.compat import uuid7

from contracts.values import format_time
from messaging.replies.dead_letters import clients_headers
from messaging.replies.publisher import NotCarried, Publisher
from messaging.wire.connection import PERSISTENT, user_of
from messaging.wire.envelope import read_message_id
from messaging.wire.lenient_pamqp import unreadable
from messaging.wire.topology import ConsumedQueue
from ops.broker import broker, queue_state
from ops.catalogue import ServiceName, place_of
from ops.environment import CannotGoOn, WrongArgument, rabbitmq_url

# The namespace (RFC 9562, section 6.6) of the ids that replayed messages get.
_REPLAYS = UUID("5d0c4a2e-63b1-5f0e-9a55-2b1c8d3f7e90")
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


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One parked message. `exchange` and `operation` (its routing key) say where it had come in.

    `position` counts from 1, the oldest. `user_id` is whom the broker had vouched for.
    `by_broker`: it gave the message up, not we. All but `taken` and `position` may be unknown.
    """

    position: int
    taken: DeliveredMessage
    message_id: str | None
    problem_code: str | None
    problem_detail: str | None
    failed_at: str | None
    exchange: str | None
    operation: str | None
    user_id: str | None
    by_broker: bool = False

    @property
    def headers(self) -> dict[str, Any]:
        """Its headers, as they are."""
        return dict(self.taken.header.properties.headers or {})


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


class LetterBox:
    """The dead letters of one queue, taken from it while it is open and put back when it closes."""

    def __init__(self, channel: AbstractChannel, url: str, queue: ConsumedQueue) -> None:
        self._channel = channel
        self.queue = queue
        self.url = url

    async def each(
        self, *, message_id: str | None = None, number: int | None = None
    ) -> AsyncIterator[DeadLetter]:
        """What is there now, oldest first; with `message_id` or `number` what they name alone.

        All are taken, since the broker puts back in any order what it gets back: by their own
        times they keep their numbers. The queue is empty then, and not when as many came as the
        broker counts: since 4.0 its count is late by what was just put back.
        """
        found: list[DeadLetter] = []
        while True:
            taken = await self._channel.basic_get(self.queue.dead_letters)
            if taken.delivery_tag is None:
                break
            found.append(read_letter(0, taken, self.queue))
        found.sort(key=lambda letter: (letter.failed_at or "", str(identity(letter))))
        for position, letter in enumerate(found, 1):
            named = message_id is None or _same_id(message_id, letter.message_id)
            if named and number in (None, position):
                yield replace(letter, position=position)

    async def remove(self, letter: DeadLetter) -> None:
        """Take it out for good."""
        await self._channel.basic_ack(letter.taken.delivery_tag or 0, wait=True)


@asynccontextmanager
async def letter_box(name: ServiceName, queue: ConsumedQueue) -> AsyncIterator[LetterBox]:
    """Open the dead letters of a queue.

    Raises SettingError, and CannotGoOn where there is no broker or no such queue.
    """
    url = rabbitmq_url(name)
    async with broker(name, url, "handoff.dead_letters") as opened:
        if await queue_state(opened, queue.dead_letters) is None:
            raise _not_yet(name, queue)
        channel = await opened.channel()
        try:
            yield LetterBox(channel, url, queue)
        finally:
            if not channel.is_closed:
                await channel.basic_nack(0, multiple=True, requeue=True, wait=True)


async def letter_count(name: ServiceName, queue: ConsumedQueue) -> int:
    """How many there are. Raises as letter_box does."""
    url = rabbitmq_url(name)
    async with broker(name, url, "handoff.dead_letters") as opened:
        state = await queue_state(opened, queue.dead_letters)
    if state is None:
        raise _not_yet(name, queue)
    return state.depth


async def replay(
    box: LetterBox, letters: AsyncIterable[DeadLetter], write: Writing, *, as_me: bool
) -> AsyncIterator[tuple[DeadLetter, str | None]]:
    """Send letters in again by the queue's own exchange, each taken out once that is confirmed.

    Each goes in as the client that sent it, under that client's grant, for which RabbitMQ wants the
    tag `impersonator` on our user; `as_me`: under our own. Yields each, with why it stayed if it
    did.
    """
    publisher = Publisher(box.url, "handoff.replay")
    try:
        async for letter in letters:
            why = await _replay_one(box, letter, publisher, write, as_me=as_me)
            yield letter, why
    finally:
        await publisher.close()


async def _replay_one(
    box: LetterBox, letter: DeadLetter, publisher: Publisher, write: Writing, *, as_me: bool
) -> str | None:
    new_id = replay_id(letter)
    us = user_of(box.url)
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


def _same_id(asked: str, held: str | None) -> bool:
    """A UUID is the same in upper case."""
    return held is not None and asked.lower() == held.lower()


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


def identity(letter: DeadLetter) -> UUID:
    """Always the same for the same dead letter.

    One message id has one effect, so letters of one id that say the same are one. Without an id
    each is one of its own: what we park alike, we park at moments that differ.
    """
    body = hashlib.sha256(letter.taken.body).hexdigest()
    named = read_message_id(letter.taken)
    of_its_own = named or (letter.message_id, letter.failed_at)
    said = (of_its_own, letter.operation, letter.user_id, body)
    return uuid5(_REPLAYS, "/".join(map(str, said)))


def replay_id(letter: DeadLetter) -> UUID:
    """The id that it gets: of its identity, so that a replay that broke off can be repeated.

    The broker notes whole seconds: what it parks without an id may be several letters of one
    identity, and each has its effect.
    """
    if letter.by_broker and read_message_id(letter.taken) is None:
        return uuid7()
    return identity(letter)


def read_letter(position: int, taken: DeliveredMessage, queue: ConsumedQueue) -> DeadLetter:
    """What a message among the dead letters of `queue` says of itself.

    One that the broker gave up, for its delivery limit or because we could not park it, has no
    reason of ours: whatever stands in its headers under those names was its client's own idea.
    """
    properties = taken.header.properties
    headers: dict[str, Any] = dict(properties.headers or {})
    death = _death_in(queue, headers.get("x-death"))
    message_id = read_message_id(taken)
    found = DeadLetter(
        position=position,
        taken=taken,
        message_id=str(message_id) if message_id else properties.message_id or None,
        problem_code=_text(headers.get("problem_code")),
        problem_detail=_text(headers.get("problem_detail")),
        failed_at=_text(headers.get("failed_at")),
        exchange=_text(headers.get("original_exchange")),
        operation=_text(headers.get("original_routing_key")),
        user_id=_text(headers.get("original_user_id")),
    )
    if death is None:
        return found
    return replace(
        found,
        problem_code=_text(death.get("reason")),
        problem_detail=None,
        failed_at=_text(death.get("time")),
        exchange=_text(death.get("exchange")),
        operation=_text(death.get("routing-keys")),
        user_id=properties.user_id or None,
        by_broker=True,
    )


def _death_in(queue: ConsumedQueue, deaths: Any) -> dict[str, Any] | None:
    """How the broker itself gave a message of the queue up; None where it did not."""
    for death in deaths if isinstance(deaths, list) else ():
        if isinstance(death, dict) and _text(death.get("queue")) == queue.name:
            return death
    return None


def _text(value: Any) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if isinstance(value, str) and value else None
