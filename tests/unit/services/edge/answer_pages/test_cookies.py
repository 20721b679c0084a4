"""The cookie of an answer page."""

from collections.abc import Mapping
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from services.edge.answer_pages.cookies import Cookies, Held, read_link
from services.edge.signing import Signer

KEY = "k" * 32
HELD = Held("org_1", "01234-56789-ABCDE-FGHJK", "link-1", "proof")


def request(cookie: str = "", scheme: str = "http", name: str = "answer") -> Request:
    """A request with that cookie."""
    scope: Mapping[str, Any] = {
        "type": "http",
        "scheme": scheme,
        "server": ("127.0.0.1", 80),
        "path": "/r",
        "headers": [(b"cookie", f"{name}={cookie}".encode())],
    }
    return Request(dict(scope))


def test_what_is_held_is_known_again() -> None:
    """By the present key, and by the one before."""
    sealed = Cookies(Signer([KEY])).sealed(HELD)
    assert Cookies(Signer([KEY])).held(request(sealed)) == HELD
    assert Cookies(Signer(["n" * 32, KEY])).held(request(sealed)) == HELD
    assert Cookies(Signer(["n" * 32])).held(request(sealed)) is None


@pytest.mark.parametrize("cookie", ["", "x", "e30.x", "W10.x"])
def test_what_is_not_ours_is_nothing(cookie: str) -> None:
    """Nor does it fail."""
    assert Cookies(Signer([KEY])).held(request(cookie)) is None


def test_a_cookie_of_another_use_is_nothing() -> None:
    """Though it is signed by the same key."""
    signer = Signer([KEY])
    assert Cookies(signer).held(request(signer.seal("desk session", {"org_id": "o"}))) is None


def test_the_cookie_is_these_pages_alone() -> None:
    """No script reads it, no other site sends it; over HTTPS it never travels in clear text."""
    cookies = Cookies(Signer([KEY]))
    for scheme, begins, secure in (("http", "answer=", False), ("https", "__Secure-answer=", True)):
        response = Response()
        cookies.hold(request(scheme=scheme), response, HELD)
        said = response.headers["set-cookie"]
        assert said.startswith(begins)
        assert ("Secure" in said.split("; ")) is secure
        for part in ("HttpOnly", "SameSite=lax", "Path=/r"):
            assert part in said.split("; ")


def test_a_form_is_of_one_link() -> None:
    """Before and after the code alike; another link's form is not taken."""
    cookies = Cookies(Signer([KEY]))
    mark = cookies.form_token(HELD)
    assert cookies.is_form_token(Held(HELD.org_id, HELD.token), mark)
    assert not cookies.is_form_token(Held("org_2", HELD.token), mark)
    assert not cookies.is_form_token(HELD, "")


@pytest.mark.parametrize(
    ("org_id", "token", "fits"),
    [
        ("org_1", "01234-56789-abcde-fghjk", True),
        ("org_1", "", False),
        ("org/1", "0", False),
        ("o" * 65, "0", False),
        ("org_1", "0" * 61, False),
        ("org_1", "٠" * 20, False),
    ],
)
def test_what_can_be_no_link_is_not_held(org_id: str, token: str, fits: bool) -> None:
    """Whatever somebody writes into the address bar."""
    assert read_link(org_id, token) == (Held(org_id, token) if fits else None)
