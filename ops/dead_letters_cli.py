"""The sub-commands of `handoff dead-letters`: arguments in, lines out."""

import asyncio
import json
from collections import Counter
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ops.one_line import ending_in_one_line

if TYPE_CHECKING:
    from uuid import UUID

    from messaging.replies.dead_letter import DeadLetter, Summary
    from messaging.replies.letter_choice import Choice
    from ops.dead_letters import Opened
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
MessageId = Annotated[str | None, typer.Option(help="Those of this id alone.")]
Number = Annotated[int | None, typer.Option(min=1, help="That of this number in the list alone.")]
Operation = Annotated[str | None, typer.Option(help="Those that asked for this operation alone.")]
Cause = Annotated[
    str | None, typer.Option(help="Those parked for this cause alone, such as forbidden.")
]
OfClient = Annotated[str | None, typer.Option("--client", help="Those of this client alone.")]
Org = Annotated[str | None, typer.Option(help="Those about this org alone.")]
Since = Annotated[
    str | None, typer.Option(help="Those parked from then on, such as 2026-01-05T08:00:00Z.")
]
Until = Annotated[str | None, typer.Option(help="Those parked before then.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="A table for other programs.")]


@app.command("list")
def list_letters(
    queue: Annotated[str | None, typer.Argument(help="Without it: how many each has.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to list; --csv lists all.")] = 100,
    operation: Operation = None,
    cause: Cause = None,
    client: OfClient = None,
    org: Org = None,
    since: Since = None,
    until: Until = None,
    as_csv: AsCsv = False,
) -> None:
    """Count dead letters and list why each was parked. Looking changes nothing.

    Example: handoff dead-letters list referrals.commands
    """
    with ending_in_one_line():
        if queue is None:
            asyncio.run(_count_all())
            return
        chosen = _chosen(queue, None, None, operation, cause, client, org, since, until)
        asyncio.run(_list(chosen, limit, as_csv=as_csv))


@app.command()
def groups(
    queue: Queue,
    org: Org = None,
    since: Since = None,
    until: Until = None,
    as_csv: AsCsv = False,
) -> None:
    """Group dead letters by what they asked for and why they were parked, most first.

    Example: handoff dead-letters groups referrals.commands
    """
    with ending_in_one_line():
        chosen = _chosen(queue, None, None, None, None, None, org, since, until)
        asyncio.run(_group(chosen, as_csv=as_csv))


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
    operation: Operation = None,
    cause: Cause = None,
    client: OfClient = None,
    org: Org = None,
    since: Since = None,
    until: Until = None,
    as_me: Annotated[
        bool, typer.Option("--as-me", help="Under our own grant, not its client's.")
    ] = False,
    as_csv: AsCsv = False,
) -> None:
    """Send dead letters in again, as new messages, by the way that they first came.

    All of them, or those to which every option given applies. Each has a line that says what became
    of it.

    Example: handoff dead-letters replay referrals.commands --cause forbidden
    """
    with ending_in_one_line():
        chosen = _chosen(queue, message_id, number, operation, cause, client, org, since, until)
        asyncio.run(_replay(chosen, _trail_database(queue), as_me=as_me, as_csv=as_csv))


@app.command()
def discard(
    queue: Queue,
    message_id: MessageId = None,
    number: Number = None,
    operation: Operation = None,
    cause: Cause = None,
    client: OfClient = None,
    org: Org = None,
    since: Since = None,
    until: Until = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_csv: AsCsv = False,
) -> None:
    """Give dead letters up for good: all, or those to which every option given applies.

    Example: handoff dead-letters discard referrals.commands --message-id 01930000-…
    """
    with ending_in_one_line():
        chosen = _chosen(queue, message_id, number, operation, cause, client, org, since, until)
        database = _trail_database(queue)
        seen = asyncio.run(_look(chosen))
        if not seen:
            chosen.check_found(0)
            print("Nothing to discard.")
            return
        if not yes:
            typer.confirm(f"Discard {_letters(seen.total())} of {queue} for good?", abort=True)
        asyncio.run(_discard(chosen, seen, database, as_csv=as_csv))


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The letters of a queue that a person named."""

    queue: str
    choice: "Choice"

    def open(self) -> "AbstractAsyncContextManager[Opened]":
        """Raises as find_queue and open_letters do."""
        from ops.dead_letters import find_queue, open_letters

        return open_letters(*find_queue(self.queue))

    def check_found(self, count: int) -> None:
        """Raises CannotGoOn where certain letters were named and there are none."""
        from ops.environment import CannotGoOn

        choice = self.choice
        named = choice.message_id if choice.number is None else choice.number
        if named is not None and not count:
            raise CannotGoOn(f"{self.queue} has no dead letter {named}")


def _chosen(
    queue: str,
    message_id: str | None,
    number: int | None,
    operation: str | None,
    cause: str | None,
    client: str | None,
    org: str | None,
    since: str | None,
    until: str | None,
) -> _Chosen:
    """Raises WrongArgument."""
    from messaging.replies.letter_choice import Choice, read_time
    from ops.environment import WrongArgument

    times = {"--since": since, "--until": until}
    for name, text in times.items():
        if text is not None and read_time(text) is None:
            raise WrongArgument(f"{name}: a time with its zone, such as 2026-01-05T08:00:00Z")
    choice = Choice(
        message_id, number, operation, cause, client, org, read_time(since), read_time(until)
    )
    return _Chosen(queue, choice)


def _print_safely(line: str) -> None:
    """Print a line in which a client may have put what a terminal would act on."""
    print(_safe(line))


def _safe(line: str) -> str:
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in line)


def _trail_database(queue_name: str) -> "Database | None":
    from messaging.telemetry import logs
    from ops.dead_letter_trail import trail_database
    from ops.dead_letters import find_queue

    name, _ = find_queue(queue_name)
    logs.configure("handoff", None)
    return trail_database(name)


async def _count_all() -> None:
    from ops.catalogue import services_here
    from ops.dead_letters import all_queues, letter_count

    for name, queue in all_queues():
        if name not in services_here():
            continue
        print(f"{queue.name:32} {_letters(await letter_count(name, queue))}")


async def _summaries(chosen: _Chosen) -> "list[Summary]":
    async with chosen.open() as opened:
        return [one for one in await opened.box.summaries() if chosen.choice(one)]


async def _list(chosen: _Chosen, limit: int, *, as_csv: bool) -> None:
    found = await _summaries(chosen)
    if as_csv:
        _print_csv([_row_of(one) for one in found], list(_COLUMNS))
        return
    print(f"{chosen.queue}: {_letters(len(found))}")
    for letter in found[:limit]:
        _print_safely(
            f"{letter.position:>4}  {letter.message_id or '(no message id)':36}  "
            f"{letter.problem_code or '(no reason)':20}  {letter.failed_at or '(no time)':27}  "
            f"{letter.operation or '(unknown)'}"
        )


async def _group(chosen: _Chosen, *, as_csv: bool) -> None:
    from messaging.replies.letter_choice import Group, by_cause

    found = by_cause(await _summaries(chosen))
    if as_csv:
        _print_csv([asdict(one) for one in found], list(Group.__slots__))
        return
    print(f"{chosen.queue}: {_letters(sum(group.count for group in found))}")
    for group in found:
        _print_safely(
            f"{group.count:>6}  {group.cause:24}  {group.operation:36}  "
            f"{group.oldest or '(no time)'} … {group.newest or '(no time)'}  "
            f"such as {group.example}"
        )


async def _show(
    queue_name: str, message: str, database: "Database | None", *, with_body: bool
) -> None:
    from messaging.replies.letter_choice import Choice
    from ops.dead_letter_trail import Deed, open_trail

    number = int(message) if message.isdecimal() and len(message) <= LONGEST_NUMBER else None
    choice = Choice(message_id=message if number is None else None, number=number)
    chosen = _Chosen(queue_name, choice)
    found = 0
    async with (
        chosen.open() as opened,
        open_trail(opened.box.queue, opened.url, database) as trail,
    ):
        async for letter in opened.box.each(choice):
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


async def _replay(
    chosen: _Chosen, database: "Database | None", *, as_me: bool, as_csv: bool
) -> None:
    from messaging.replies.dead_letter import summary_of
    from ops.dead_letter_trail import Deed, open_trail
    from ops.dead_letters import replay
    from ops.environment import CannotGoOn

    results = _Results(as_csv)
    stayed = 0
    async with (
        chosen.open() as opened,
        open_trail(opened.box.queue, opened.url, database) as trail,
    ):
        write = partial(trail.write, Deed.REPLAY)
        letters = opened.box.each(chosen.choice)
        async for letter, done in replay(opened, letters, write, as_me=as_me):
            stayed += done.why is not None
            said = f"stayed: {done.why}" if done.why else f"sent in again as {done.new_id}"
            results.tell(summary_of(letter), said)
    chosen.check_found(results.count)
    results.end(
        f"{results.count - stayed} of {_letters(results.count)} of {chosen.queue} sent in again."
    )
    if stayed:
        raise CannotGoOn(f"{_letters(stayed)} stayed.")


async def _look(chosen: _Chosen) -> "Counter[UUID]":
    return Counter([letter.identity for letter in await _summaries(chosen)])


async def _discard(
    chosen: _Chosen, seen: "Counter[UUID]", database: "Database | None", *, as_csv: bool
) -> None:
    """Those that were there when the person was asked."""
    from messaging.replies.dead_letter import summary_of
    from ops.dead_letter_trail import Deed, open_trail
    from ops.dead_letters import discard

    results = _Results(as_csv)

    def was_seen(letter: "Summary") -> bool:
        seen[letter.identity] -= 1
        return seen[letter.identity] >= 0

    async with (
        chosen.open() as opened,
        open_trail(opened.box.queue, opened.url, database) as trail,
    ):
        async for letter in opened.box.each(was_seen):
            await discard(opened.box, letter, partial(trail.write, Deed.DISCARD))
            results.tell(summary_of(letter), "discarded")
    results.end(f"{_letters(results.count)} of {chosen.queue} discarded.")


class _Results:
    """What became of each letter, as it becomes known: lines for a person, or a table."""

    def __init__(self, as_csv: bool) -> None:
        self._as_csv = as_csv
        self.count = 0

    def tell(self, letter: "Summary", result: str) -> None:
        """One letter's line."""
        if self._as_csv:
            row = {**_row_of(letter), "result": result}
            _print_csv([row], [*_COLUMNS, "result"], with_header=self.count == 0)
        else:
            _print_safely(f"{letter.message_id or 'one without a message id'} {result}")
        self.count += 1

    def end(self, words: str) -> None:
        """All are told. In a table the words go to stderr, where they do not disturb it."""
        typer.echo(words, err=self._as_csv)


_COLUMNS = {
    "number": "position",
    "message_id": "message_id",
    "operation": "operation",
    "cause": "problem_code",
    "failed_at": "failed_at",
    "client": "user_id",
    "org_id": "org_id",
    "bytes": "size",
}


def _row_of(letter: "Summary") -> dict[str, Any]:
    return {column: getattr(letter, name) for column, name in _COLUMNS.items()}


def _print_csv(rows: list[dict[str, Any]], columns: list[str], *, with_header: bool = True) -> None:
    """RFC 4180. What a client wrote is no formula, whichever program opens it."""
    import csv
    import sys

    writer = csv.DictWriter(sys.stdout, columns)
    if with_header:
        writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})


def _cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = _safe(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") and text != "-" else text


def _letters(count: int) -> str:
    return f"{count} dead letter{'' if count == 1 else 's'}"
