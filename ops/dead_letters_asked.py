"""The work that a person asks `handoff dead-letters` for, done and told.

Each raises what `find_queue`, `open_letters` and `trail_database` raise, and CannotGoOn where
certain letters were named and there are none.
"""

import json
from collections import Counter
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any
from uuid import UUID

from messaging.replies.dead_letter import DeadLetter, Summary, summary_of
from messaging.replies.letter_choice import Choice, Group, by_cause, read_time
from messaging.telemetry import logs
from messaging.wire.lenient_pamqp import unreadable
from ops.catalogue import services_here
from ops.dead_letter_lines import COLUMNS, Results, letters, print_csv, print_safely, row_of
from ops.dead_letter_trail import Deed, open_trail, trail_database
from ops.dead_letters import (
    Opened,
    all_queues,
    discard,
    find_queue,
    letter_count,
    open_letters,
    replay,
)
from ops.environment import CannotGoOn, WrongArgument
from ops.system_role import Database

LONGEST_NUMBER = 9  # digits of a letter's number


@dataclass(frozen=True, slots=True)
class Chosen:
    """The letters of a queue that a person named."""

    queue: str
    choice: Choice

    def open(self) -> AbstractAsyncContextManager[Opened]:
        """The queue's dead letters, opened."""
        return open_letters(*find_queue(self.queue))

    def trail(self) -> Database | None:
        """Where what is done with them is written down; None where that is not here."""
        name, _ = find_queue(self.queue)
        logs.configure("handoff", None)
        return trail_database(name)

    async def summaries(self) -> list[Summary]:
        """Those that are there now."""
        async with self.open() as opened:
            return [one for one in await opened.box.summaries() if self.choice(one)]

    def check_found(self, count: int) -> None:
        """Raises CannotGoOn where certain letters were named and there are none."""
        choice = self.choice
        named = choice.message_id if choice.number is None else choice.number
        if named is not None and not count:
            raise CannotGoOn(f"{self.queue} has no dead letter {named}")


def choose(
    queue: str,
    *,
    message_id: str | None = None,
    number: int | None = None,
    operation: str | None = None,
    cause: str | None = None,
    client: str | None = None,
    org_id: str | None = None,
    since: str | None = None,
    until: str | None = None,
) -> Chosen:
    """The letters to which every option given applies.

    Raises WrongArgument where a time is none.
    """
    for name, text in {"--since": since, "--until": until}.items():
        if text is not None and read_time(text) is None:
            raise WrongArgument(f"{name}: a time with its zone, such as 2026-01-05T08:00:00Z")
    choice = Choice(
        message_id, number, operation, cause, client, org_id, read_time(since), read_time(until)
    )
    return Chosen(queue, choice)


def choose_one(queue: str, message: str) -> Chosen:
    """A letter by its message id or its number in the list."""
    if message.isdecimal() and len(message) <= LONGEST_NUMBER:
        return Chosen(queue, Choice(number=int(message)))
    return Chosen(queue, Choice(message_id=message))


async def count_all() -> None:
    """How many dead letters each queue of the services here has."""
    for name, queue in all_queues():
        if name in services_here():
            print(f"{queue.name:32} {letters(await letter_count(name, queue))}")


async def list_them(chosen: Chosen, limit: int, *, as_csv: bool) -> None:
    """One line for each; in a table, all of them."""
    found = await chosen.summaries()
    if as_csv:
        print_csv(map(row_of, found), COLUMNS)
        return
    print(f"{chosen.queue}: {letters(len(found))}")
    for letter in found[:limit]:
        print_safely(
            f"{letter.position:>4}  {letter.message_id or '(no message id)':36}  "
            f"{letter.problem_code or '(no reason)':20}  {letter.failed_at or '(no time)':27}  "
            f"{letter.operation or '(unknown)'}"
        )


async def group_them(chosen: Chosen, *, as_csv: bool) -> None:
    """One line for each operation and cause, the most frequent first."""
    found = by_cause(await chosen.summaries())
    if as_csv:
        print_csv(map(asdict, found), Group.__slots__)
        return
    print(f"{chosen.queue}: {letters(sum(group.count for group in found))}")
    for group in found:
        print_safely(
            f"{group.count:>6}  {group.cause:24}  {group.operation:36}  "
            f"{group.oldest or '(no time)'} … {group.newest or '(no time)'}  "
            f"such as {group.example}"
        )


async def show_it(chosen: Chosen, database: Database | None, *, with_body: bool) -> None:
    """A letter as JSON. Looking at its body is written down."""
    found = 0
    async with (
        chosen.open() as opened,
        open_trail(opened.box.queue, opened.url, database) as trail,
    ):
        async for letter in opened.box.each(chosen.choice):
            found += 1
            shown = _described(letter)
            if with_body:
                await trail.write(Deed.SHOW, letter)
                shown["body"] = letter.taken.body.decode(errors="replace")
            for line in json.dumps(shown, indent=2, ensure_ascii=False, default=str).split("\n"):
                print_safely(line)
    chosen.check_found(found)


def _described(letter: DeadLetter) -> dict[str, Any]:
    properties = letter.taken.header.properties
    return {
        "message_id": letter.message_id,
        "problem_code": letter.problem_code,
        "problem_detail": letter.problem_detail,
        "failed_at": letter.failed_at,
        "exchange": letter.exchange,
        "operation": letter.operation,
        "content_type": properties.content_type,
        "correlation_id": properties.correlation_id,
        "headers": letter.headers,
        "unreadable": unreadable(letter.taken),
        "body_bytes": len(letter.taken.body),
    }


async def replay_them(
    chosen: Chosen, database: Database | None, *, as_me: bool, as_csv: bool
) -> None:
    """Send them in again. Raises CannotGoOn at the end where some stayed."""
    results = Results(as_csv)
    stayed = 0
    async with (
        chosen.open() as opened,
        open_trail(opened.box.queue, opened.url, database) as trail,
    ):
        write = partial(trail.write, Deed.REPLAY)
        found = opened.box.each(chosen.choice)
        async for letter, done in replay(opened, found, write, as_me=as_me):
            stayed += done.why is not None
            said = f"stayed: {done.why}" if done.why else f"sent in again as {done.new_id}"
            results.tell(summary_of(letter), said)
    chosen.check_found(results.count)
    results.end(
        f"{results.count - stayed} of {letters(results.count)} of {chosen.queue} sent in again."
    )
    if stayed:
        raise CannotGoOn(f"{letters(stayed)} stayed.")


async def look(chosen: Chosen) -> Counter[UUID]:
    """Those that are there now, and how often."""
    return Counter([letter.identity for letter in await chosen.summaries()])


async def discard_them(
    chosen: Chosen, seen: Counter[UUID], database: Database | None, *, as_csv: bool
) -> None:
    """Give up those that were there when the person was asked."""
    results = Results(as_csv)

    def was_seen(letter: Summary) -> bool:
        seen[letter.identity] -= 1
        return seen[letter.identity] >= 0

    async with (
        chosen.open() as opened,
        open_trail(opened.box.queue, opened.url, database) as trail,
    ):
        async for letter in opened.box.each(was_seen):
            await discard(opened.box, letter, partial(trail.write, Deed.DISCARD))
            results.tell(summary_of(letter), "discarded")
    results.end(f"{letters(results.count)} of {chosen.queue} discarded.")
