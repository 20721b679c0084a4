"""The sub-commands of `handoff dead-letters`: arguments in, lines out."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ops.one_line import ending_in_one_line

if TYPE_CHECKING:
    from uuid import UUID

    from ops.dead_letters import DeadLetter, LetterBox
    from ops.system_role import Database

LONGEST_NUMBER = 9  # digits of a letter's number

app = typer.Typer(
    no_args_is_help=True,
    help="Messages that a service could not take: look at them, send them in again, give them up.",
)


@app.callback()
def _of_running_up() -> None:
    from ops.environment import adopt_running_up

    adopt_running_up()


Queue = Annotated[str, typer.Argument(help="The queue that they were meant for.")]
MessageId = Annotated[str | None, typer.Option(help="Those of this id alone; without it: all.")]
Number = Annotated[
    int | None, typer.Option(min=1, help="That of this number in the list alone; without it: all.")
]


@app.command("list")
def list_letters(
    queue: Annotated[str | None, typer.Argument(help="Without it: how many each has.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to list.")] = 100,
) -> None:
    """Count dead letters and list why each was parked. Looking changes nothing.

    Example: handoff dead-letters list referrals.commands
    """
    with ending_in_one_line():
        if queue is None:
            asyncio.run(_count_all())
        else:
            asyncio.run(_list(queue, limit))


@app.command()
def show(
    queue: Queue,
    message: Annotated[str, typer.Argument(help="Its message id, or its number in the list.")],
    body: Annotated[bool, typer.Option("--body", help="The body too: it is patient data.")] = False,
) -> None:
    """Show one dead letter with its headers; its body only where that is asked for.

    Example: handoff dead-letters show referrals.commands 1
    """
    with ending_in_one_line():
        database = _trail_database(queue) if body else None
        asyncio.run(_show(queue, message, database, with_body=body))


@app.command()
def replay(
    queue: Queue,
    message_id: MessageId = None,
    number: Number = None,
    as_me: Annotated[
        bool, typer.Option("--as-me", help="Under our own grant, not its client's.")
    ] = False,
) -> None:
    """Send dead letters in again, as new messages, by the way that they first came.

    Example: handoff dead-letters replay referrals.commands --message-id 01930000-…
    """
    with ending_in_one_line():
        chosen = _Chosen(queue, message_id, number)
        asyncio.run(_replay(chosen, _trail_database(queue), as_me=as_me))


@app.command()
def discard(
    queue: Queue,
    message_id: MessageId = None,
    number: Number = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Give dead letters up for good.

    Example: handoff dead-letters discard referrals.commands --message-id 01930000-…
    """
    with ending_in_one_line():
        chosen = _Chosen(queue, message_id, number)
        database = _trail_database(queue)
        seen = asyncio.run(_look(chosen))
        if not seen:
            chosen.check_found(0)
            print("Nothing to discard.")
            return
        if not yes:
            typer.confirm(f"Discard {_letters(seen.total())} of {queue} for good?", abort=True)
        asyncio.run(_discard(chosen, seen, database))


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What a person named: a queue's letters, or those of an id or a number alone."""

    queue: str
    message_id: str | None
    number: int | None

    def open(self) -> "AbstractAsyncContextManager[LetterBox]":
        """Raises as find_queue and letter_box do."""
        from ops.dead_letters import find_queue, letter_box

        return letter_box(*find_queue(self.queue))

    def each(self, box: "LetterBox") -> "AsyncIterator[DeadLetter]":
        return box.each(message_id=self.message_id, number=self.number)

    def check_found(self, count: int) -> None:
        """Raises CannotGoOn where certain letters were named and there are none."""
        from ops.environment import CannotGoOn

        named = self.message_id if self.number is None else self.number
        if named is not None and not count:
            raise CannotGoOn(f"{self.queue} has no dead letter {named}")


def _print_safely(line: str) -> None:
    """Print a line in which a client may have put what a terminal would act on."""
    print("".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in line))


def _trail_database(queue_name: str) -> "Database | None":
    from messaging.telemetry import logs
    from ops.dead_letter_trail import trail_database
    from ops.dead_letters import find_queue

    name, _ = find_queue(queue_name)
    logs.configure("handoff", None)
    return trail_database(name)


async def _count_all() -> None:
    from ops.dead_letters import all_queues, letter_count

    for name, queue in all_queues():
        print(f"{queue.name:32} {_letters(await letter_count(name, queue))}")


async def _list(queue_name: str, limit: int) -> None:
    from ops.dead_letters import find_queue, letter_box

    name, queue = find_queue(queue_name)
    async with letter_box(name, queue) as box:
        found = [letter async for letter in box.each()]
    print(f"{queue.name}: {_letters(len(found))}")
    for letter in found[:limit]:
        _print_safely(
            f"{letter.position:>4}  {letter.message_id or '(no message id)':36}  "
            f"{letter.problem_code or '(no reason)':20}  {letter.failed_at or '(no time)':27}  "
            f"{letter.operation or '(unknown)'}"
        )


async def _show(
    queue_name: str, message: str, database: "Database | None", *, with_body: bool
) -> None:
    from ops.dead_letter_trail import Deed, open_trail

    number = int(message) if message.isdecimal() and len(message) <= LONGEST_NUMBER else None
    chosen = _Chosen(queue_name, message if number is None else None, number)
    found = 0
    async with chosen.open() as box, open_trail(box.queue, box.url, database) as trail:
        async for letter in chosen.each(box):
            found += 1
            shown = _described(letter)
            if with_body:
                await trail.write(Deed.SHOW, letter)
                shown["body"] = letter.taken.body.decode(errors="replace")
            for line in json.dumps(shown, indent=2, ensure_ascii=False, default=str).split("\n"):
                _print_safely(line)
    chosen.check_found(found)


def _described(letter: "DeadLetter") -> dict[str, Any]:
    from messaging.wire.lenient_pamqp import unreadable

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


async def _replay(chosen: _Chosen, database: "Database | None", *, as_me: bool) -> None:
    from ops.dead_letter_trail import Deed, open_trail
    from ops.dead_letters import replay
    from ops.environment import CannotGoOn

    count, stayed = 0, 0
    async with chosen.open() as box, open_trail(box.queue, box.url, database) as trail:
        write = partial(trail.write, Deed.REPLAY)
        async for letter, why in replay(box, chosen.each(box), write, as_me=as_me):
            count += 1
            if why is not None:
                stayed += 1
                _print_safely(f"{letter.message_id or 'one without a message id'} stayed: {why}")
    chosen.check_found(count)
    print(f"{count - stayed} of {_letters(count)} of {chosen.queue} sent in again.")
    if stayed:
        raise CannotGoOn(f"{_letters(stayed)} stayed.")


async def _look(chosen: _Chosen) -> "Counter[UUID]":
    from ops.dead_letters import identity

    async with chosen.open() as box:
        return Counter([identity(letter) async for letter in chosen.each(box)])


async def _discard(chosen: _Chosen, seen: "Counter[UUID]", database: "Database | None") -> None:
    """Those that were there when the person was asked."""
    from ops.dead_letter_trail import Deed, open_trail
    from ops.dead_letters import discard, identity

    count = 0
    async with chosen.open() as box, open_trail(box.queue, box.url, database) as trail:
        async for letter in box.each():
            if seen[identity(letter)] > 0:
                await discard(box, letter, partial(trail.write, Deed.DISCARD))
                seen[identity(letter)] -= 1
                count += 1
    print(f"{_letters(count)} of {chosen.queue} discarded.")


def _letters(count: int) -> str:
    return f"{count} dead letter{'' if count == 1 else 's'}"
