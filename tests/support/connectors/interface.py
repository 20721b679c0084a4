"""A program that asks our own Open Dental interface."""

import asyncio
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.support.services.referrals import Org

TOO_MANY = 429


@dataclass(frozen=True)
class Program:
    """Asks with one key; where it asks too often it waits, as it is told to."""

    session: aiohttp.ClientSession
    url: str
    org: Org
    key: str

    async def once(
        self, method: str, path: str, body: Any = None, **query: str
    ) -> tuple[int, Any, dict[str, str]]:
        """One request: the status, what the body says, the headers."""
        async with self.session.request(
            method,
            f"{self.url}{path}",
            headers={"Authorization": f"ODFHIR any/{self.key}", "Content-Type": "application/json"},
            params=query,
            json=body,
        ) as answer:
            said = await answer.json() if answer.content_length else None
            return answer.status, said, dict(answer.headers)

    async def ask(self, method: str, path: str, body: Any = None, **query: str) -> tuple[int, Any]:
        """As `once`, again after 429: the status and the body."""
        while True:
            status, said, headers = await self.once(method, path, body, **query)
            if status != TOO_MANY:
                return status, said
            await asyncio.sleep(int(headers["Retry-After"]))

    async def get(self, number: int) -> dict[str, Any]:
        """A referral that is there."""
        status, said = await self.ask("GET", f"/referrals/{number}")
        assert status == 200, said
        return dict(said)

    async def create(self, **fields: Any) -> dict[str, Any]:
        """A new referral."""
        status, said = await self.ask("POST", "/referrals", fields)
        assert status == 201, said
        return dict(said)

    async def change(self, number: int, **fields: Any) -> dict[str, Any]:
        """A referral, changed."""
        status, said = await self.ask("PUT", f"/referrals/{number}", fields)
        assert status == 200, said
        return dict(said)
