"""A person at the desk, as a browser without JavaScript has them: a cookie, pages, forms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp

from services.edge.desk.sessions import LOOPBACK_COOKIE
from services.edge.tokens.token import TokenKind
from tests.support.services.edge import RunningEdge

PERSON = "u-17"


@dataclass
class HtmlForm:
    """A form of a page: where it goes, and what it says before anybody types."""

    action: str
    id: str
    said: list[tuple[str, str]] = field(default_factory=list)

    def value(self, name: str) -> str:
        """What a field says. Raises StopIteration where there is none."""
        return next(value for known, value in self.said if known == name)


@dataclass
class Shown:
    """An answer of the desk. `text` is what a person reads, in one line."""

    status: int
    headers: Mapping[str, str]
    html: str
    url: str
    forms: list[HtmlForm] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    text: str = ""

    def form(self, operation: str, id_part: str = "") -> HtmlForm:
        """The one form that sends an operation."""
        found = [
            form
            for form in self.forms
            if ("_operation", operation) in form.said and id_part in form.id
        ]
        assert found, f"no form for {operation}: {self.text}"
        return found[0]

    def does(self, operation: str) -> bool:
        """Whether there is a form that sends it."""
        return any(("_operation", operation) in form.said for form in self.forms)


class _Reader(HTMLParser):
    def __init__(self, shown: Shown) -> None:
        super().__init__()
        self._shown = shown
        self._words: list[str] = []
        self._form: HtmlForm | None = None
        self._select: str | None = None
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One element."""
        said = {name: value or "" for name, value in attrs}
        if tag == "a":
            self._shown.links.append(said.get("href", ""))
        if tag == "form":
            self._form = HtmlForm(said.get("action", ""), said.get("id", ""))
            self._shown.forms.append(self._form)
        if self._form is None:
            return
        name = said.get("name", "")
        if tag == "input" and name:
            boxes = said.get("type") in ("checkbox", "radio")
            if not boxes or "checked" in said:
                self._form.said.append((name, said.get("value", "")))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in said:
            self._form.said.append((self._select, said.get("value", "")))
        elif tag == "textarea":
            self._form.said.append((name, ""))
            self._area = name

    def handle_endtag(self, tag: str) -> None:
        """Its end."""
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        """Its text."""
        if self._area is not None and self._form is not None:
            self._form.said[-1] = (self._area, self._form.said[-1][1] + data)
        self._words.append(data)

    def close(self) -> None:
        """All is read."""
        super().close()
        self._shown.text = " ".join(" ".join(self._words).split())


def read_page(status: int, headers: Mapping[str, str], body: bytes, url: str) -> Shown:
    """An answer as a browser without JavaScript reads it. `headers` are by name in lower case."""
    shown = Shown(status, headers, body.decode("utf-8", "replace"), url)
    if headers.get("content-type", "").startswith("text/html"):
        reader = _Reader(shown)
        reader.feed(shown.html)
        reader.close()
    return shown


@dataclass
class Visitor:
    """A person with a session, or with none yet."""

    session: aiohttp.ClientSession
    base: str
    org_id: str
    token: str
    cookie: str = ""

    async def ask(
        self,
        method: str,
        path: str,
        said: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        follow: bool = True,
    ) -> Shown:
        """A request with the cookie, and where it leads to; `said` are a form's fields."""
        given = {"Sec-Fetch-Site": "same-origin", **(headers or {})}
        if self.cookie:
            given["Cookie"] = f"{LOOPBACK_COOKIE}={self.cookie}"
        data = None
        if said is not None:
            data = urlencode(said).encode()
            given.setdefault("Content-Type", "application/x-www-form-urlencoded")
        url = f"{self.base}{path}"
        async with self.session.request(
            method, url, headers=given, data=data, allow_redirects=False
        ) as answer:
            body = await answer.read()
            if LOOPBACK_COOKIE in answer.cookies:
                self.cookie = answer.cookies[LOOPBACK_COOKIE].value
        found = {name.lower(): value for name, value in answer.headers.items()}
        if follow and answer.status == 303:
            leads = urlsplit(found["location"])
            query = f"?{leads.query}" if leads.query else ""
            return await self.ask("GET", leads.path + query)
        return read_page(answer.status, found, body, path)

    async def open(self, path: str = "") -> Shown:
        """A page of the org."""
        return await self.ask("GET", f"/desk/{self.org_id}{path}")

    async def press(self, form: HtmlForm, *, follow: bool = True, **typed: Any) -> Shown:
        """Send a form with what was typed in it."""
        said = [(name, value) for name, value in form.said if name not in typed]
        for name, value in typed.items():
            said += [(name, one) for one in (value if isinstance(value, list) else [value])]
        return await self.ask("POST", form.action, said, follow=follow)

    async def log_in(self) -> Shown:
        """Paste the token."""
        page = await self.ask("GET", "/desk")
        return await self.press(page.forms[0], token=self.token)


async def at_the_desk(edge: RunningEdge, org_id: str, **changed: Any) -> Visitor:
    """A person who is logged in and may do everything in the org, unless `changed` says so."""
    given = {"kind": TokenKind.PERSON, "actor": PERSON, **changed}
    token = edge.token(org_id, **given)
    visitor = Visitor(edge.session, edge.url, org_id, token)
    shown = await visitor.log_in()
    assert shown.status == 200, shown
    return visitor
