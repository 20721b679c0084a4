"""Sessions: who is logged in, kept by the browser in a signed cookie and by nobody else.

Pure: `now` is passed in, in seconds since 1970.
"""

import secrets
from dataclasses import dataclass, replace
from typing import Final

from services.edge.signing import Signer, read_unsigned

IDLE_SECONDS: Final = 30 * 60
LONGEST_SECONDS: Final = 12 * 60 * 60
TICKET_SECONDS: Final = 60 * 60
"""For how long a one-time link logs in."""
SECURE_COOKIE: Final = "__Host-desk"
LOOPBACK_COOKIE: Final = "desk"
"""Over plain HTTP on this machine: a browser takes no `__Host-` cookie there."""
_SESSION, _FORM, _TICKET = "desk session", "desk form", "desk ticket"


@dataclass(frozen=True, slots=True)
class Session:
    """A browser's session. `token_id` None: nobody is logged in yet."""

    token_id: str | None
    nonce: str
    began_at: int
    seen_at: int

    def lasts(self, now: float) -> bool:
        """Whether it was used within 30 min and began within 12 h."""
        return now - self.seen_at < IDLE_SECONDS and now - self.began_at < LONGEST_SECONDS

    def seen(self, now: float) -> "Session":
        """The same, used now."""
        return replace(self, seen_at=int(now))


def new_session(token_id: str | None, now: float) -> Session:
    """A session that begins."""
    return Session(token_id, secrets.token_urlsafe(16), int(now), int(now))


def token_id_in(cookie: str) -> str | None:
    """The token that a cookie is about, whoever wrote it: to know what it has to be bound to."""
    try:
        token_id = read_unsigned(cookie)[0]
    except (ValueError, LookupError, TypeError):
        return None
    return token_id if isinstance(token_id, str) else None


def sealed_session(signer: Signer, session: Session, token_sha256: str) -> str:
    """The cookie of a session: it ends with the token that it is bound to."""
    said = [session.token_id, session.nonce, session.began_at, session.seen_at]
    return signer.seal(_SESSION, said, token_sha256)


def opened_session(signer: Signer, cookie: str, token_sha256: str, now: float) -> Session | None:
    """The session of a cookie; None where it is not ours, or has ended."""
    try:
        session = Session(*signer.open(_SESSION, cookie, token_sha256))
    except (ValueError, TypeError):
        return None
    return session if session.lasts(now) else None


def form_token(signer: Signer, session: Session) -> str:
    """What each form of the session carries, and no other page can know (CSRF)."""
    return signer.mark(_FORM, session.nonce)


def is_form_token(signer: Signer, session: Session, given: str) -> bool:
    """Whether a form is the session's own."""
    return signer.is_mark(_FORM, session.nonce, given)


def new_ticket(signer: Signer, token_id: str, now: float) -> str:
    """A ticket that logs in once, for a token."""
    return signer.seal(_TICKET, [token_id, secrets.token_urlsafe(12), int(now) + TICKET_SECONDS])


class Tickets:
    """Takes each ticket once, in this replica."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._taken: dict[str, int] = {}

    def take(self, ticket: str, now: float) -> str | None:
        """The token's id; None where it is not ours, was used, or is too old."""
        try:
            token_id, nonce, ends_at = self._signer.open(_TICKET, ticket)
        except (ValueError, TypeError):
            return None
        self._taken = {known: until for known, until in self._taken.items() if until > now}
        if now >= ends_at or nonce in self._taken:
            return None
        self._taken[nonce] = ends_at
        return str(token_id)
