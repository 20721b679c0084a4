"""The doors of the desk: logging in, being known again, logging out."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from services.edge.desk import sessions
from services.edge.desk.forms import Form
from services.edge.desk.sessions import Session, Tickets
from services.edge.problems import EdgeCode, HttpProblem, refusal
from services.edge.signing import Signer
from services.edge.tokens.register import TokenRegister
from services.edge.tokens.token import Token, TokenKind

REFRESH_HEADER: Final = "Desk-Refresh"
"""A page that reads itself again says so: nobody used it by that."""
_SEEN_EVERY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Entered:
    """Whose request it is. `token` None: nobody's yet, who has a form's session alone."""

    token: Token | None
    session: Session


class Doors:
    """Knows people by their cookie; each time the token behind it has to be in force."""

    def __init__(self, signer: Signer, tokens: TokenRegister) -> None:
        self._signer = signer
        self._tokens = tokens
        self._tickets = Tickets(signer)

    def enter(self, request: Request) -> Entered:
        """Whose request it is; a session begins where there is none."""
        cookie = request.cookies.get(_cookie_name(request), "")
        now = time.time()
        token_id = sessions.token_id_in(cookie)
        token = None if token_id is None else self._person(self._tokens.find(token_id, _clock()))
        if token_id is not None and token is None:
            return Entered(None, sessions.new_session(None, now))
        bound_to = token.sha256 if token is not None else ""
        session = sessions.opened_session(self._signer, cookie, bound_to, now)
        if session is None:
            return Entered(None, sessions.new_session(None, now))
        return Entered(token, session)

    def holder(self, written: str) -> Token | None:
        """The person's token that somebody pasted; None where it is none."""
        return self._person(self._tokens.holder_of(f"Bearer {written.strip()}", _clock()))

    def holder_of_ticket(self, ticket: str) -> Token | None:
        """Who a one-time link logs in; None where it does not."""
        token_id = self._tickets.take(ticket, time.time())
        return None if token_id is None else self._person(self._tokens.find(token_id, _clock()))

    def let_in(self, request: Request, response: Response, token: Token) -> None:
        """Begin the session of a person who has shown their token."""
        session = sessions.new_session(token.id, time.time())
        self._set(request, response, session, token.sha256)

    def keep(self, request: Request, response: Response, entered: Entered) -> None:
        """Let the browser hold the session, used now. A page's own reading is no use of it."""
        now, token = time.time(), entered.token
        if REFRESH_HEADER in request.headers:
            return
        new = _cookie_name(request) not in request.cookies or token is None
        if new or now - entered.session.seen_at >= _SEEN_EVERY_SECONDS:
            bound_to = token.sha256 if token is not None else ""
            self._set(request, response, entered.session.seen(now), bound_to)

    def let_out(self, request: Request, response: Response) -> None:
        """Forget the session."""
        name = _cookie_name(request)
        secure = name == sessions.SECURE_COOKIE
        response.delete_cookie(name, secure=secure, httponly=True, samesite="lax")

    def form_token(self, entered: Entered) -> str:
        """What each form on a page of the session carries."""
        return sessions.form_token(self._signer, entered.session)

    def check_form(self, request: Request, entered: Entered, form: Form) -> None:
        """Raises HttpProblem 403 where a form is not of a page of ours, in this session."""
        site = request.headers.get("sec-fetch-site", "same-origin")
        ours = sessions.is_form_token(self._signer, entered.session, form.get("_csrf"))
        if site != "same-origin" or not ours:
            raise refusal(
                EdgeCode.FORBIDDEN, ("body",), "This form is not of a page that is open here."
            )

    def _set(self, request: Request, response: Response, session: Session, bound_to: str) -> None:
        name = _cookie_name(request)
        response.set_cookie(
            name,
            sessions.sealed_session(self._signer, session, bound_to),
            path="/",
            secure=name == sessions.SECURE_COOKIE,
            httponly=True,
            samesite="lax",
        )

    @staticmethod
    def _person(token: Token | None) -> Token | None:
        return token if token is not None and token.kind is TokenKind.PERSON else None


def check_encrypted(request: Request) -> None:
    """Raises HttpProblem 403 where a token or a patient would travel in clear text."""
    if request.url.scheme != "https" and not _on_this_machine(request):
        raise refusal(
            EdgeCode.FORBIDDEN,
            ("header", "Host"),
            "The desk is opened by https://, or on this machine.",
        )


def safe_next(wanted: str, below: str = "/desk/") -> str | None:
    """A path of ours to go on to; None where it is another's, or none."""
    parts = urlsplit(wanted)
    ours = not (parts.scheme or parts.netloc) and wanted.startswith(below)
    clean = wanted.isascii() and wanted.isprintable() and "\\" not in wanted
    return wanted if ours and clean else None


def not_logged_in() -> HttpProblem:
    """The refusal of a login."""
    return refusal(EdgeCode.UNAUTHENTICATED, ("body", "token"), "This is no valid person's token.")


def _cookie_name(request: Request) -> str:
    https = request.url.scheme == "https"
    return sessions.SECURE_COOKIE if https else sessions.LOOPBACK_COOKIE


def _on_this_machine(request: Request) -> bool:
    """Whether both ends are, by address and by the name that was asked for."""
    return request.client is not None and all(
        _is_loopback(host) for host in (request.client.host, request.url.hostname or "")
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _clock() -> datetime:
    return datetime.now(UTC)
