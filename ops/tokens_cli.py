"""`handoff token`: who may ask the edge. A secret is shown once, when it is made."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops.one_line import ending_in_one_line

if TYPE_CHECKING:
    from pydantic import ValidationError

    from services.edge.tokens.token import Token

app = typer.Typer(no_args_is_help=True, help="Make, list, rotate and revoke the edge's tokens.")

_DURATION = re.compile(r"([1-9][0-9]{0,4})([mhd])", re.ASCII)
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_FIRST_WORDS = "Shown once, and kept nowhere:"

File = Annotated[
    Path | None, typer.Option("--file", help="The file of tokens; EDGE_TOKENS_FILE without it.")
]
Expires = Annotated[str, typer.Option(help="For how long, such as 90d, 12h or 30m.")]
Identity = Annotated[str, typer.Argument(metavar="ID", help="The token's id, as list shows it.")]


@app.command()
def create(
    client: Annotated[str, typer.Option(help="Who will hold it: a program, a practice's desk.")],
    org: Annotated[list[str], typer.Option(help="An org, or * for all; may come again.")],
    operation: Annotated[list[str], typer.Option(help="Such as referral.*; may come again.")],
    kind: Annotated[str, typer.Option(help="api, person (with --actor) or submit.")] = "api",
    actor: Annotated[str | None, typer.Option(help="The person, an opaque id.")] = None,
    expires: Expires = "90d",
    file: File = None,
) -> None:
    """Make a token and show it, once.

    Example: handoff token create --client desk --org demo --operation 'referral.*'
    """
    with ending_in_one_line(), _tokens(file) as tokens:
        from pydantic import ValidationError

        from messaging.intake.grants import EVERY_ORG, Grant
        from ops.environment import WrongArgument
        from services.edge.tokens import changes
        from services.edge.tokens.token import TokenKind

        unmatched = Grant(orgs=[], operations=operation).unmatched()
        if unmatched:
            raise WrongArgument(
                f"--operation {unmatched[0]}: no operation is called so; handoff operations lists "
                "them"
            )
        if kind not in set(TokenKind):
            raise WrongArgument("--kind is api, person or submit")
        if kind == TokenKind.SUBMIT and (len(org) != 1 or org == [EVERY_ORG]):
            raise WrongArgument("a token of kind submit is for one --org")
        try:
            written = changes.create(
                tokens,
                client=client,
                orgs=org,
                operations=operation,
                kind=TokenKind(kind),
                actor=actor,
                expires_at=datetime.now(UTC) + _duration("--expires", expires),
            )
        except ValidationError as wrong:
            raise WrongArgument(_words(wrong)) from None
    print(_FIRST_WORDS)
    print(written)


@app.command("list")
def list_tokens(file: File = None) -> None:
    """List the tokens, without their secrets: nobody has these but their holders.

    Example: handoff token list
    """
    with ending_in_one_line():
        from ops.environment import CannotGoOn
        from services.edge.tokens.file import TokensError, read_tokens

        path = _path(file)
        try:
            tokens = read_tokens(path)
        except TokensError as wrong:
            raise CannotGoOn(f"{path} {wrong}") from None
    now = datetime.now(UTC)
    print(f"{'id':8}  {'kind':6}  {'state':26}  client, orgs, operations")
    for token in tokens:
        who = token.client if token.actor is None else f"{token.client} ({token.actor})"
        what = f"{who}, {' '.join(token.orgs)}, {' '.join(token.operations)}"
        print(f"{token.id:8}  {token.kind:6}  {_state(token, now):26}  {what}")


@app.command()
def rotate(
    identity: Identity,
    overlap: Annotated[str, typer.Option(help="For how long the old one stays valid.")] = "7d",
    expires: Expires = "90d",
    file: File = None,
) -> None:
    """Make a token with the same rights and show it; the old one ends after the overlap.

    Example: handoff token rotate k3v9x0qa --overlap 7d
    """
    with ending_in_one_line(), _tokens(file) as tokens:
        from ops.environment import CannotGoOn
        from services.edge.tokens import changes

        now = datetime.now(UTC)
        try:
            written = changes.rotate(
                tokens,
                identity,
                now,
                overlap=_duration("--overlap", overlap),
                expires_at=now + _duration("--expires", expires),
            )
        except changes.NoSuchToken:
            raise CannotGoOn("There is no valid token of this id.") from None
    print(_FIRST_WORDS)
    print(written)


@app.command()
def revoke(identity: Identity, file: File = None) -> None:
    """End a token: within 2 s no edge takes it any more.

    Example: handoff token revoke k3v9x0qa
    """
    with ending_in_one_line(), _tokens(file) as tokens:
        from ops.environment import CannotGoOn
        from services.edge.tokens import changes

        try:
            changes.revoke(tokens, identity, datetime.now(UTC))
        except changes.NoSuchToken:
            raise CannotGoOn("There is no valid token of this id.") from None
    print("Revoked.")


@contextmanager
def _tokens(file: Path | None) -> "Iterator[list[Token]]":
    """The file's tokens, written when the block is left well. Raises CannotGoOn."""
    from ops.environment import CannotGoOn
    from services.edge.tokens.file import TokensError, changing

    path = _path(file)
    try:
        with changing(path) as tokens:
            yield tokens
    except TokensError as wrong:
        raise CannotGoOn(f"{path} {wrong}") from None
    except OSError as wrong:
        raise CannotGoOn(f"{path} cannot be written ({type(wrong).__name__})") from None


def _path(file: Path | None) -> Path:
    from ops.environment import WrongArgument, adopt_running_up

    adopt_running_up()
    given = file or os.environ.get("EDGE_TOKENS_FILE")
    if not given:
        raise WrongArgument("EDGE_TOKENS_FILE is not set: set it, or name the file with --file")
    return Path(given)


def _duration(option: str, text: str) -> timedelta:
    from ops.environment import WrongArgument

    found = _DURATION.fullmatch(text)
    if found is None:
        raise WrongArgument(f"{option} is a number and d, h or m, such as 90d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _words(wrong: "ValidationError") -> str:
    """Which part of a token is wrong."""
    first = wrong.errors(include_url=False, include_context=False, include_input=False)[0]
    place = f"--{str(first['loc'][0]).removesuffix('s')}: " if first["loc"] else ""
    return f"{place}{first['msg'].removeprefix('Value error, ')}"


def _state(token: "Token", now: datetime) -> str:
    from contracts.values import format_time

    if token.revoked_at is not None and token.revoked_at <= now:
        return f"revoked {format_time(token.revoked_at.replace(microsecond=0))[:16]}"
    if token.expires_at is None:
        return "valid"
    word = "until" if token.expires_at > now else "expired"
    return f"{word} {format_time(token.expires_at.replace(microsecond=0))[:16]}"
