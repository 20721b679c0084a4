"""The dead letters of one queue, looked at by one at a time and put back afterwards.

RabbitMQ cannot be asked what a queue holds: who looks takes all of it without acknowledging it, and
puts it back. Whoever came meanwhile would see a part; they wait instead, for an exclusive queue
that the broker lets one connection have, and takes from it when that ends. Of each letter a summary
is kept; whole, they are taken one at a time.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import aiormq.exceptions
from aiormq.abc import AbstractChannel, AbstractConnection, DeliveredMessage

from messaging.replies.dead_letter import DeadLetter, Summary, identity, read_letter, summary_of
from messaging.wire.topology import ConsumedQueue

WAIT_SECONDS = 60.0
"""How long another's look is waited for."""
LOOK_AGAIN_SECONDS = 0.25
TAKEN_WITHIN_SECONDS = 10.0


class LookedAtByAnother(Exception):
    """Somebody else has had these dead letters open all the time."""


class LetterBox:
    """The dead letters of one queue, taken from it while it is open and put back when it closes."""

    def __init__(self, channel: AbstractChannel, queue: ConsumedQueue) -> None:
        self._channel = channel
        self._tags: dict[int, int] = {}
        self._found: list[Summary] | None = None
        self.queue = queue

    async def summaries(self) -> list[Summary]:
        """What is there, oldest first, with its numbers; what comes later is not among it."""
        if self._found is None:
            self._found = await self._take_all()
        return self._found

    async def whole(self, summary: Summary) -> DeadLetter:
        """The letter itself. It is put back for that and taken again: nobody else can have it.

        Raises TimeoutError where it does not come again.
        """
        tag = self._tags[summary.position]
        await self._channel.basic_nack(tag, requeue=True, wait=True)
        async with asyncio.timeout(TAKEN_WITHIN_SECONDS):
            while True:
                taken = await self._take()
                if taken is None:
                    await asyncio.sleep(0.01)
                    continue
                letter = read_letter(summary.position, taken, self.queue)
                if identity(letter) == summary.identity:
                    self._tags[summary.position] = taken.delivery_tag or 0
                    return letter

    async def each(
        self, chosen: Callable[[Summary], bool] = lambda _: True
    ) -> AsyncIterator[DeadLetter]:
        """Those that are chosen, whole, one after the other."""
        for summary in await self.summaries():
            if chosen(summary):
                yield await self.whole(summary)

    async def remove(self, letter: DeadLetter) -> None:
        """Take it out for good."""
        await self._channel.basic_ack(letter.taken.delivery_tag or 0, wait=True)

    async def _take_all(self) -> list[Summary]:
        """All are taken, since the broker puts back in any order what it gets back: by their own
        times they keep their numbers.

        The queue is empty then, and not when as many came as the broker counts: since 4.0 its count
        is late by what was just put back.
        """
        found: list[tuple[Summary, int]] = []
        while (taken := await self._take()) is not None:
            letter = read_letter(0, taken, self.queue)
            found.append((summary_of(letter), taken.delivery_tag or 0))
        found.sort(key=lambda one: (one[0].failed_at or "", str(one[0].identity)))
        self._tags = {position: tag for position, (_, tag) in enumerate(found, 1)}
        return [replace(one, position=position) for position, (one, _) in enumerate(found, 1)]

    async def _take(self) -> DeliveredMessage | None:
        taken = await self._channel.basic_get(self.queue.dead_letters)
        return None if taken.delivery_tag is None else taken


def place_of_one(queue: ConsumedQueue) -> str:
    """The exclusive queue whose owner alone looks at the dead letters of `queue`."""
    return f"looking.{queue.dead_letters}"


@asynccontextmanager
async def letter_box(
    connection: AbstractConnection,
    queue: ConsumedQueue,
    *,
    waiting: Callable[[], None] = lambda: None,
    wait_seconds: float = WAIT_SECONDS,
) -> AsyncIterator[LetterBox]:
    """Open the dead letters of a queue; `waiting` is called while somebody else has them open.

    They are its connection's until that ends, which is to be soon. Raises LookedAtByAnother after
    `wait_seconds`, and aiormq's ChannelNotFoundEntity and ChannelAccessRefused.
    """
    await _take_place(connection, queue, waiting, wait_seconds)
    channel = await connection.channel()
    try:
        yield LetterBox(channel, queue)
    finally:
        if not channel.is_closed:
            await channel.basic_nack(0, multiple=True, requeue=True, wait=True)
            await channel.close()


async def _take_place(
    connection: AbstractConnection,
    queue: ConsumedQueue,
    waiting: Callable[[], None],
    wait_seconds: float,
) -> None:
    try:
        async with asyncio.timeout(wait_seconds):
            while True:
                channel = await connection.channel()
                try:
                    await channel.queue_declare(place_of_one(queue), exclusive=True)
                except aiormq.exceptions.ChannelLockedResource:
                    waiting()
                    await asyncio.sleep(LOOK_AGAIN_SECONDS)
                else:
                    return
    except TimeoutError:
        raise LookedAtByAnother(queue.dead_letters) from None
