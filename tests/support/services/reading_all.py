"""Reading a whole list by cursor while somebody else changes what is in it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messaging.replies.client import Reply

# A few seconds a list, on a busy machine some times that.
EXAMPLES = 12
Ask = Callable[..., Awaitable[Reply]]


class Write(StrEnum):
    """What somebody does to a list."""

    CREATE = "create"
    CHANGE = "change"
    END = "end"


Writes = Sequence[tuple[Write, int, UUID]]
"""Each with a number that chooses its row, and the id of a new one."""


class Writer(Protocol):
    """Who has rows in a list and changes them.

    `change` leaves a row in the list: it gets another name, or another place on the pages. `end`
    takes it out: it is archived, or no longer what the list is asked for. `n` chooses how.
    """

    async def create(self, id_: UUID) -> None:
        """Make a row of this id that the list shows."""

    async def change(self, id_: UUID, n: int) -> None:
        """Change it, and leave it in the list."""

    async def end(self, id_: UUID, n: int) -> None:
        """Take it out of the list."""


async def read_all(ask: Ask, operation: str, page_size: int = 50, **filters: Any) -> list[str]:
    """The ids of the whole list, in the order in which they come."""
    return [
        id_ async for stretch in stretches(ask, operation, page_size, **filters) for id_ in stretch
    ]


async def stretches(ask: Ask, operation: str, page_size: int, **filters: Any) -> Any:
    """Stretch after stretch, each the ids in it."""
    cursor: str | None = ""
    while cursor is not None:
        answered = await ask(operation, cursor=cursor, page_size=page_size, **filters)
        assert answered.status == 200, answered
        assert answered.data.keys() == {"items", "page_size", "next_cursor"}
        assert answered.data["page_size"] == page_size
        cursor = answered.data["next_cursor"]
        items = answered.data["items"]
        assert len(items) == page_size or (cursor is None and len(items) < page_size)
        yield [item["id"] for item in items]


async def read_while_written(
    ask: Ask,
    operation: str,
    filters: dict[str, Any],
    writer: Writer,
    *,
    page_size: int,
    there: Sequence[UUID],
    meanwhile: Sequence[Writes],
) -> None:
    """Reads it all; with each stretch, at the same time, the next of `meanwhile` is written.

    Fails where a row comes twice, or one that is there throughout does not come.
    """
    for id_ in there:
        await writer.create(id_)
    listed, throughout, made = set(there), set(there), set(there)

    async def write(writes: Writes) -> None:
        for what, n, new in writes:
            chosen = sorted(listed)[n % len(listed)] if listed else None
            if what is Write.CREATE and new not in made:
                made.add(new)
                await writer.create(new)
                listed.add(new)
            elif what is Write.CHANGE and chosen is not None:
                await writer.change(chosen, n)
            elif what is Write.END and chosen is not None:
                listed.discard(chosen)
                throughout.discard(chosen)
                await writer.end(chosen, n)

    seen: Counter[UUID] = Counter()
    pending = list(meanwhile)
    reading = stretches(ask, operation, page_size, **filters)
    while True:
        writing = asyncio.create_task(write(pending.pop(0) if pending else ()))
        stretch = await anext(reading, None)
        await writing
        if stretch is None:
            break
        seen.update(map(UUID, stretch))
    assert [id_ for id_, times in seen.items() if times > 1] == []
    assert throughout - seen.keys() == set()
    assert seen.keys() - made == set()


_WRITES = st.lists(
    st.tuples(st.sampled_from(Write), st.integers(0, 30), st.uuids(allow_nil=True)), max_size=3
)


async def for_every_way(
    check: Callable[[int, list[UUID], list[Writes]], Coroutine[Any, Any, None]],
    examples: int = EXAMPLES,
) -> None:
    """Run it with sizes of a stretch, rows there and writes meanwhile that hypothesis thinks of.

    Hypothesis is synchronous and has a thread of its own; the clients live in the loop.
    """
    loop = asyncio.get_running_loop()

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        page_size=st.integers(1, 3),
        there=st.lists(st.uuids(allow_nil=True), max_size=8, unique=True),
        meanwhile=st.lists(_WRITES, max_size=6),
    )
    def run(page_size: int, there: list[UUID], meanwhile: list[Writes]) -> None:
        asyncio.run_coroutine_threadsafe(check(page_size, there, meanwhile), loop).result()

    await asyncio.to_thread(run)
