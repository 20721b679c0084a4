"""The one-time link to the desk."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.desk_link import one_time_link
from ops.environment import CannotGoOn
from services.edge.desk.sessions import Tickets
from services.edge.signing import Signer
from services.edge.tokens.changes import create
from services.edge.tokens.file import changing
from services.edge.tokens.token import TokenKind

KEY = "k" * 32


def variables(folder: Path, **changed: str) -> dict[str, str]:
    """The edge's, as `handoff up` tells them."""
    return {
        "EDGE_COOKIE_KEY": KEY,
        "EDGE_TOKENS_FILE": str(folder / "tokens.toml"),
        "EDGE_HTTP_PORT": "8000",
        **changed,
    }


def token(folder: Path, actor: str | None, **changed: Any) -> str:
    """A new token's id."""
    given = {
        "client": "desk",
        "orgs": ["demo"],
        "operations": ["*"],
        "kind": TokenKind.API if actor is None else TokenKind.PERSON,
        "actor": actor,
        "expires_at": datetime.now(UTC) + timedelta(days=1),
        **changed,
    }
    with changing(folder / "tokens.toml") as tokens:
        return create(tokens, **given)[4:12]


def test_the_newest_persons_token_is_meant(tmp_path: Path) -> None:
    """Or the newest of the person who is named; a program's never."""
    kim, lee = token(tmp_path, "kim"), token(tmp_path, "lee")
    token(tmp_path, None)
    token(tmp_path, "old", expires_at=datetime.now(UTC) - timedelta(days=1))
    for actor, known in ((None, lee), ("kim", kim)):
        link = one_time_link(variables(tmp_path), actor)
        address, _, ticket = link.rpartition("/")
        assert address == "http://127.0.0.1:8000/desk/~login"
        assert Tickets(Signer([KEY])).take(ticket, time.time()) == known
    with pytest.raises(CannotGoOn, match="no valid token of such a person"):
        one_time_link(variables(tmp_path), "old")


@pytest.mark.parametrize("name", ["EDGE_COOKIE_KEY", "EDGE_TOKENS_FILE", "EDGE_HTTP_PORT"])
def test_what_is_not_set_is_named(tmp_path: Path, name: str) -> None:
    """With what to do."""
    with pytest.raises(CannotGoOn, match=f"{name} is not set: run handoff up"):
        one_time_link(variables(tmp_path, **{name: ""}))
