"""A partner who has a letter, and the browser without JavaScript in which it follows the link."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import aiohttp

from services.ereferral_dispatch.rules.answer_links import AnswerLinks
from tests.support.samples.letters import qr_codes_in, words_of
from tests.support.services.both import Both
from tests.support.services.desk import HtmlForm, Shown, read_page
from tests.support.services.dispatch import SIGNING_KEY
from tests.support.services.edge import RunningEdge
from tests.support.services.referrals import Org
from tests.support.waiting import until

_FORM = "application/x-www-form-urlencoded"
_NUMBERS = itertools.count(1)


def new_address() -> str:
    """An address of this machine that nobody has asked from."""
    number = next(_NUMBERS)
    return f"127.{1 + number // 65_536}.{number // 256 % 256}.{number % 256}"


@dataclass(frozen=True)
class Letter:
    """A letter that a partner has, by what it shows, and the referral that it is of."""

    referral: dict[str, Any]
    url: str
    code: str

    @property
    def ereferral(self) -> str:
        """The e-referral's id."""
        return str(self.referral["ereferral_uuid"])

    @property
    def token(self) -> str:
        """The last part of the address."""
        return self.url.rpartition("/")[2]

    @property
    def wrong_code(self) -> str:
        """Another code than the letter's."""
        return f"{(int(self.code) + 1) % 1_000_000:06}"


@dataclass(frozen=True)
class Post:
    """Letters of one org, brought by mail."""

    both: Both
    edge: RunningEdge
    org: Org

    async def letter(self, local: str, **practice: Any) -> Letter:
        """A referral whose letter a mail relay has, and of which no more is known."""
        return self.link(await self._sent(local, **practice))

    async def read_letter(self, local: str, **practice: Any) -> Letter:
        """The same, its square scanned by a camera and its code read by eye."""
        referral = await self._sent(local, **practice)
        [mail] = self.both.dispatch.mail.to(f"{local}@partner.example")
        [url] = qr_codes_in(mail.letter, 200)
        _, _, behind = words_of(mail.letter).partition("and enter the code ")
        return Letter(referral, url, behind[:7].replace(" ", ""))

    def link(self, referral: dict[str, Any], epoch: int = 1) -> Letter:
        """What the letter of a referral shows, which is derived."""
        links = AnswerLinks(self.edge.url, (SIGNING_KEY,), timedelta(days=180))
        shown = links.derive(self.org.id, UUID(referral["ereferral_uuid"]), epoch).letter
        return Letter(referral, shown.url, shown.code)

    async def ereferral(self, letter: Letter) -> dict[str, Any]:
        """The e-referral as dispatch has it."""
        found = await self.both.ask_dispatch(
            self.org, "ereferral.get", ereferral_uuid=letter.ereferral
        )
        return dict(found.data)

    async def shows(self, letter: Letter, **wanted: Any) -> dict[str, Any]:
        """The referral, once it shows this."""
        found: dict[str, Any] = {}

        async def heard() -> bool:
            asked = await self.org.ask("referral.get", referral_uuid=letter.referral["id"])
            found.update(asked.data)
            return all(found[name] == value for name, value in wanted.items())

        await until(heard)
        return found

    async def cancel(self, letter: Letter) -> None:
        """The practice takes it back."""
        shown = (await self.org.ask("referral.get", referral_uuid=letter.referral["id"])).data
        cancelled = await self.org.ask(
            "referral.cancel",
            referral_uuid=letter.referral["id"],
            base_version=shown["version"],
            reason="Moved away",
        )
        assert cancelled.status == 200, cancelled

        async def told() -> bool:
            return bool((await self.ereferral(letter))["status"] == "cancelled")

        await until(told)

    async def _sent(self, local: str, **practice: Any) -> dict[str, Any]:
        address = f"{local}@partner.example"
        partner = await self.org.ereferral_partner(
            email=address, ereferral_endpoint=f"mailto:{address}"
        )
        await self.org.practice(phone="+12025550101", **practice)
        patient = await self.org.patient(name="Sample van der Patient")
        draft = await self.org.referral(
            referral_partner_uuid=partner["id"], patient_uuid=patient["id"], priority="urgent"
        )
        sent = await self.org.ask(
            "referral.send", referral_uuid=draft["id"], base_version=draft["version"]
        )
        assert sent.status == 202, sent
        await self.both.ereferral(self.org, sent.data, "sent")
        return dict(sent.data)


@dataclass
class Browser:
    """A browser without JavaScript, at an address of its own. `seen`: every URL that it asked."""

    session: aiohttp.ClientSession
    base: str
    address: str = field(default_factory=new_address)
    cookies: dict[str, str] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    async def ask(
        self,
        method: str,
        path: str,
        said: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        follow: bool = True,
    ) -> Shown:
        """A request, and where it leads to; `said` are a form's fields."""
        given = {
            "Sec-Fetch-Site": "same-origin",
            "X-Forwarded-For": self.address,
            **(headers or {}),
        }
        given["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        data = None if said is None else urlencode(said).encode()
        if data is not None:
            given["Content-Type"] = _FORM
        self.seen.append(path)
        async with self.session.request(
            method, self.base + path, headers=given, data=data, allow_redirects=False
        ) as answer:
            body = await answer.read()
            for name, morsel in answer.cookies.items():
                self.cookies[name] = morsel.value
        found = {name.lower(): value for name, value in answer.headers.items()}
        if follow and answer.status == 303:
            return await self.ask("GET", found["location"])
        return read_page(answer.status, found, body, path)

    async def open(self, letter: Letter) -> Shown:
        """Follow the letter's link."""
        return await self.ask("GET", urlsplit(letter.url).path)

    async def press(
        self,
        form: HtmlForm,
        written: Mapping[str, str] | None = None,
        *,
        follow: bool = True,
        **typed: str,
    ) -> Shown:
        """Send a form with what was written or typed in it."""
        new = {**(written or {}), **typed}
        kept = [(name, value) for name, value in form.said if name not in new]
        return await self.ask("POST", form.action, [*kept, *new.items()], follow=follow)

    async def enter(self, letter: Letter) -> Shown:
        """Follow the link and give the code."""
        page = await self.open(letter)
        return await self.press(form_in(page, "code"), code=letter.code)


def form_in(page: Shown, name: str) -> HtmlForm:
    """The page's form of this name."""
    found = [form for form in page.forms if form.id == name]
    assert found, f"no form {name}: {page.status} {page.text}"
    return found[0]


def forms_of(page: Shown) -> list[str]:
    """The names of the page's forms."""
    return [form.id for form in page.forms]


def browser(edge: RunningEdge) -> Browser:
    """A browser that nobody has used."""
    return Browser(edge.session, edge.url)
