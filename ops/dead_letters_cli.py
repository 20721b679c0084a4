"""The sub-commands of `handoff dead-letters`: arguments in, lines out."""

import asyncio
from typing import Annotated

import typer

from ops.one_line import ending_in_one_line

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
        from ops import dead_letters_asked as asked

        if queue is None:
            asyncio.run(asked.count_all())
            return
        chosen = asked.choose(
            queue,
            operation=operation,
            cause=cause,
            client=client,
            org_id=org,
            since=since,
            until=until,
        )
        asyncio.run(asked.list_them(chosen, limit, as_csv=as_csv))


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
        from ops import dead_letters_asked as asked

        chosen = asked.choose(queue, org_id=org, since=since, until=until)
        asyncio.run(asked.group_them(chosen, as_csv=as_csv))


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
        from ops import dead_letters_asked as asked

        chosen = asked.choose_one(queue, message)
        database = chosen.trail() if body else None
        asyncio.run(asked.show_it(chosen, database, with_body=body))


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
        from ops import dead_letters_asked as asked

        chosen = asked.choose(
            queue,
            message_id=message_id,
            number=number,
            operation=operation,
            cause=cause,
            client=client,
            org_id=org,
            since=since,
            until=until,
        )
        asyncio.run(asked.replay_them(chosen, chosen.trail(), as_me=as_me, as_csv=as_csv))


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
        from ops import dead_letters_asked as asked
        from ops.dead_letter_lines import letters

        chosen = asked.choose(
            queue,
            message_id=message_id,
            number=number,
            operation=operation,
            cause=cause,
            client=client,
            org_id=org,
            since=since,
            until=until,
        )
        database = chosen.trail()
        seen = asyncio.run(asked.look(chosen))
        if not seen:
            chosen.check_found(0)
            print("Nothing to discard.")
            return
        if not yes:
            typer.confirm(f"Discard {letters(seen.total())} of {queue} for good?", abort=True)
        asyncio.run(asked.discard_them(chosen, seen, database, as_csv=as_csv))
