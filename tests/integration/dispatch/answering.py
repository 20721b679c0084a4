"""A partner who has a letter: its link, its code, and what they do with both."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from messaging.replies.client import Reply
from services.ereferral_dispatch.rules.answer_links import AnswerLinks
from tests.support.samples.letters import qr_codes_in, words_of
from tests.support.services.dispatch import SIGNING_KEY, Org

PUBLIC_URL = "https://answer.example.org"
LINKS = AnswerLinks(PUBLIC_URL, (SIGNING_KEY,), timedelta(days=180))


@dataclass(frozen=True)
class Partner:
    """Whoever holds a letter of that org, by what it shows."""

    org: Org
    ereferral: str
    url: str
    code: str

    @property
    def token(self) -> str:
        return self.url.rpartition("/")[2]

    async def verify(self, code: str | None = None, **said: Any) -> Reply:
        """Give the letter's code, or another."""
        given = self.code if code is None else code
        return await self.org.ask("answer_link.verify", answer_link=self.token, code=given, **said)

    async def guess(self) -> Reply:
        """Give a wrong code."""
        return await self.verify(f"{(int(self.code) + 1) % 1_000_000:06}")

    async def open(self, proof: str | None = None) -> Reply:
        """Look at what the link shows."""
        return await self.org.ask("answer_link.open", answer_link=self.token, proof=proof)

    async def proven(self) -> dict[str, Any]:
        """What it shows of the referral to whoever gave the code."""
        verified = await self.verify()
        assert verified.data["verified"], verified
        shown = (await self.open(verified.data["proof"])).data["referral"]
        assert isinstance(shown, dict)
        return shown

    async def answer(self, response: str, **said: Any) -> Reply:
        """Answer by the link."""
        link = (await self.org.ask("answer_link.list", ereferral_uuid=self.ereferral)).data
        actor = f"answer_link:{link['items'][0]['id']}"
        return await self.org.ask(
            "ereferral.record_response",
            headers={"actor": actor},
            ereferral_uuid=self.ereferral,
            response=response,
            **said,
        )

    async def inquire(self, note: str) -> Reply:
        """Ask by the link."""
        link = (await self.org.ask("answer_link.list", ereferral_uuid=self.ereferral)).data
        return await self.org.ask(
            "ereferral.request_information",
            headers={"actor": f"answer_link:{link['items'][0]['id']}"},
            ereferral_uuid=self.ereferral,
            note=note,
        )


def with_letter(org: Org, ereferral: str, letter: bytes) -> Partner:
    """Whoever has read that letter: the square with a camera, the code by eye."""
    [url] = qr_codes_in(letter, 200)
    _, _, behind = words_of(letter).partition("and enter the code ")
    return Partner(org, ereferral, url, behind[:7].replace(" ", ""))


def holding(org: Org, ereferral: str, epoch: int = 1) -> Partner:
    """Whoever has a letter that shows the link of that epoch."""
    letter = LINKS.derive(org.id, UUID(ereferral), epoch).letter
    return Partner(org, ereferral, letter.url, letter.code)
