"""The one-time link that logs a person in at the desk of the `handoff up` of this machine."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from ops.environment import CannotGoOn
from services.edge.desk.sessions import new_ticket
from services.edge.signing import Signer
from services.edge.tokens.file import TokensError, read_tokens
from services.edge.tokens.token import TokenKind

_NEEDED = ("EDGE_COOKIE_KEY", "EDGE_TOKENS_FILE", "EDGE_HTTP_PORT")


def desk_url(variables: Mapping[str, str]) -> str:
    """Where the desk is."""
    host = variables.get("EDGE_HTTP_HOST") or "127.0.0.1"
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104  # compared, not bound
    return f"http://{shown}:{variables['EDGE_HTTP_PORT']}/desk"


def one_time_link(variables: Mapping[str, str], actor: str | None = None) -> str:
    """A link for a person's token of the edge's file: the newest, or the newest of that person.

    It logs in once, within an hour. Raises CannotGoOn.
    """
    if missing := [name for name in _NEEDED if not variables.get(name)]:
        raise CannotGoOn(f"{missing[0]} is not set: run handoff up first, or set it as the edge's")
    path, now = Path(variables["EDGE_TOKENS_FILE"]), datetime.now(UTC)
    try:
        tokens = read_tokens(path)
    except TokensError as wrong:
        raise CannotGoOn(f"{path} {wrong}") from None
    people = [
        token
        for token in tokens
        if token.kind is TokenKind.PERSON and token.valid_at(now) and actor in (None, token.actor)
    ]
    if not people:
        raise CannotGoOn(
            "There is no valid token of such a person: handoff token create --kind person --actor "
            "NAME makes one"
        )
    ticket = new_ticket(Signer([variables["EDGE_COOKIE_KEY"]]), people[-1].id, now.timestamp())
    return f"{desk_url(variables)}/~login/{ticket}"
