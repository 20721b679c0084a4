"""Changes of the file by `handoff token`: create, rotate, revoke. Secrets are shown once."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.edge.tokens.token import Token, TokenKind, new_secret, sha256_of


class NoSuchToken(Exception):
    """There is no token of that id, or it is no longer valid."""


def create(
    tokens: list[Token],
    *,
    client: str,
    orgs: Sequence[str],
    operations: Sequence[str],
    kind: TokenKind,
    actor: str | None,
    expires_at: datetime | None,
) -> str:
    """Add a token and return it as its holder needs it. Raises pydantic's ValidationError."""
    identity, written = new_secret()
    tokens.append(
        Token(
            id=identity,
            sha256=sha256_of(written),
            client=client,
            orgs=list(orgs),
            operations=list(operations),
            kind=kind,
            actor=actor,
            expires_at=expires_at,
        )
    )
    return written


def rotate(
    tokens: list[Token],
    identity: str,
    now: datetime,
    *,
    overlap: timedelta,
    expires_at: datetime | None,
) -> str:
    """Add a token with the same rights; the old one ends after `overlap`, or sooner as it would.

    The client stays the same, and so do its idempotency keys. Raises NoSuchToken.
    """
    place = _valid(tokens, identity, now)
    old, ends = tokens[place], now + overlap
    new_id, written = new_secret()
    changed = {"id": new_id, "sha256": sha256_of(written), "expires_at": expires_at}
    tokens.append(old.model_copy(update=changed))
    if old.expires_at is None or ends < old.expires_at:
        tokens[place] = old.model_copy(update={"expires_at": ends})
    return written


def revoke(tokens: list[Token], identity: str, now: datetime) -> None:
    """End a token now. Raises NoSuchToken."""
    place = _valid(tokens, identity, now)
    tokens[place] = tokens[place].model_copy(update={"revoked_at": now})


def _valid(tokens: list[Token], identity: str, now: datetime) -> int:
    for place, token in enumerate(tokens):
        if token.id == identity and token.valid_at(now):
            return place
    raise NoSuchToken(identity)
