"""The cookie of an answer page: which link a browser holds, and that its code was given.

With it the token leaves the address bar. It is signed: the link's id in it is who an audit trail
names.
"""

import re
from dataclasses import asdict, dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from services.edge.signing import Signer

PATH: Final = "/r"
SECURE_COOKIE: Final = "__Secure-answer"
LOOPBACK_COOKIE: Final = "answer"
"""Over plain HTTP on this machine: a browser takes no `__Secure-` cookie there."""
_LINK, _FORM = "answer link", "answer form"
_ORG_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TOKEN = re.compile(r"[A-Za-z0-9-]{1,60}")


@dataclass(frozen=True, slots=True)
class Held:
    """A link that a browser holds. `token`: as it was written. With the code came the others:

    `link_id`, and `proof`, by which dispatch shows more for 30 minutes.
    """

    org_id: str
    token: str
    link_id: str | None = None
    proof: str | None = None


def read_link(org_id: str, token: str) -> Held | None:
    """The link of a URL; None where there can be none."""
    fits = _ORG_ID.fullmatch(org_id) and _TOKEN.fullmatch(token)
    return Held(org_id, token) if fits else None


class Cookies:
    """Lets a browser hold a link, and knows it again."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def held(self, request: Request) -> Held | None:
        """The link that the browser holds; None where it holds none that is ours."""
        try:
            return Held(**self._signer.open(_LINK, request.cookies.get(_name(request), "")))
        except (ValueError, TypeError):
            return None

    def hold(self, request: Request, response: Response, held: Held) -> None:
        """Let the browser hold it, until it is closed."""
        name = _name(request)
        response.set_cookie(
            name,
            self.sealed(held),
            path=PATH,
            secure=name == SECURE_COOKIE,
            httponly=True,
            samesite="lax",
        )

    def sealed(self, held: Held) -> str:
        """What the browser keeps of it."""
        return self._signer.seal(_LINK, asdict(held))

    def let_go(self, request: Request, response: Response) -> None:
        """Let the browser forget what it holds."""
        name = _name(request)
        secure = name == SECURE_COOKIE
        response.delete_cookie(name, PATH, secure=secure, httponly=True, samesite="lax")

    def form_token(self, held: Held) -> str:
        """What each form on the link's page carries, and no other page can know (CSRF)."""
        return self._signer.mark(_FORM, f"{held.org_id}/{held.token}")

    def is_form_token(self, held: Held, given: str) -> bool:
        """Whether a form is of the page of the link that the browser holds."""
        return self._signer.is_mark(_FORM, f"{held.org_id}/{held.token}", given)


def _name(request: Request) -> str:
    return SECURE_COOKIE if request.url.scheme == "https" else LOOPBACK_COOKIE
