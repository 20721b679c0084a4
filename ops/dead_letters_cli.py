"""The sub-commands of `handoff dead-letters`: arguments in, lines out."""

import asyncio
import json
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ops.one_line import ending_in_one_line

if TYPE_CHECKING:
    from ops.system_role import Database

app = typer.Typer(
    no_args_is_help=True,
    help="Messages that a service could not take: look at them, send them in again, give them up.",
)


@app.callback()
def _of_running_up() -> None:
    from ops.environment import adopt_running_up

    adopt_running_up()


Queue = Annotated[str, typer.Argument(help="The queue that they were meant for.")]
MessageId = Annotated[str | None, typer.Option(help="This one alone; without it: all.")]


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
    as_me: Annotated[
        bool, typer.Option("--as-me", help="Under our own grant, not its client's.")
    ] = False,
) -> None:
    """Send dead letters in again, as new messages, by the way that they first came.

    Example: handoff dead-letters replay referrals.commands --message-id 01930000-…
    """
    with ending_in_one_line():
        asyncio.run(_replay(queue, message_id, _trail_database(queue), as_me=as_me))


@app.command()
def discard(
    queue: Queue,
    message_id: MessageId = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Give dead letters up for good.

    Example: handoff dead-letters discard referrals.commands --message-id 01930000-…
    """
    with ending_in_one_line():
        database = _trail_database(queue)
        count = asyncio.run(_count(queue, message_id))
        if not count:
            print("Nothing to discard.")
            return
        if not yes:
            typer.confirm(f"Discard {_letters(count)} of {queue} for good?", abort=True)
        asyncio.run(_discard(queue, message_id, count, database))


def _print_safely(line: str) -> None:
    """Print a line in which a client may have put what a terminal would act on."""
    print("".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in line))


def _trail_database(queue_name: str) -> "Database | None":
    from messaging import logs
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
    from ops.dead_letters import find_queue, letter_box, letter_count

    name, queue = find_queue(queue_name)
    print(f"{queue.name}: {_letters(await letter_count(name, queue))}")
    async with letter_box(name, queue) as box:
        for letter in await box.take(limit=limit):
            _print_safely(
                f"{letter.position:>4}  {letter.message_id or '(no message id)':36}  "
                f"{letter.problem_code or '(no reason)':20}  {letter.failed_at or '(no time)':27}  "
                f"{letter.operation or '(unknown)'}"
            )


async def _show(
    queue_name: str, message: str, database: "Database | None", *, with_body: bool
) -> None:
    from messaging.reading import unreadable
    from ops.dead_letter_trail import Deed, open_trail
    from ops.dead_letters import find_queue, letter_box
    from ops.environment import CannotGoOn

    name, queue = find_queue(queue_name)
    async with letter_box(name, queue) as box, open_trail(queue, box.url, database) as trail:
        letters = await (
            box.take(limit=int(message)) if message.isdecimal() else box.take(message_id=message)
        )
        wanted = [one for one in letters if not message.isdecimal() or one.position == int(message)]
        if not wanted:
            raise CannotGoOn(f"{queue.name} has no dead letter {message}")
        for letter in wanted:
            properties = letter.taken.header.properties
            shown: dict[str, Any] = {
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
            if with_body:
                await trail.write(Deed.SHOW, letter)
                shown["body"] = letter.taken.body.decode(errors="replace")
            for line in json.dumps(shown, indent=2, ensure_ascii=False, default=str).split("\n"):
                _print_safely(line)


async def _replay(
    queue_name: str, message_id: str | None, database: "Database | None", *, as_me: bool
) -> None:
    from ops.dead_letter_trail import Deed, open_trail
    from ops.dead_letters import find_queue, letter_box, replay
    from ops.environment import CannotGoOn

    name, queue = find_queue(queue_name)
    async with letter_box(name, queue) as box, open_trail(queue, box.url, database) as trail:
        letters = await box.take(message_id=message_id)
        if message_id is not None and not letters:
            raise CannotGoOn(f"{queue.name} has no dead letter {message_id}")
        stayed = await replay(box, letters, partial(trail.write, Deed.REPLAY), as_me=as_me)
    done = len(letters) - len(stayed)
    print(f"{done} of {_letters(len(letters))} of {queue.name} sent in again.")
    for letter, why in stayed:
        _print_safely(f"{letter.message_id or 'one without a message id'} stayed: {why}")
    if stayed:
        raise CannotGoOn(f"{_letters(len(stayed))} stayed.")


async def _count(queue_name: str, message_id: str | None) -> int:
    from ops.dead_letters import find_queue, letter_box, letter_count

    name, queue = find_queue(queue_name)
    if message_id is None:
        return await letter_count(name, queue)
    async with letter_box(name, queue) as box:
        return len(await box.take(message_id=message_id))


async def _discard(
    queue_name: str, message_id: str | None, count: int, database: "Database | None"
) -> None:
    from ops.dead_letter_trail import Deed, open_trail
    from ops.dead_letters import discard, find_queue, letter_box

    name, queue = find_queue(queue_name)
    async with letter_box(name, queue) as box, open_trail(queue, box.url, database) as trail:
        # Oldest first: what has come since the question was asked is left alone.
        letters = await box.take(message_id=message_id, limit=count)
        await discard(box, letters, partial(trail.write, Deed.DISCARD))
    print(f"{_letters(len(letters))} of {queue.name} discarded.")


def _letters(count: int) -> str:
    return f"{count} dead letter{'' if count == 1 else 's'}"
