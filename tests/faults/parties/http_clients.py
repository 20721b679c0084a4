"""Programs that write over HTTP: those that repeat by their keys, and one that never asks again."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

PAUSE_SECONDS = 0.1
ANSWER_WITHIN_SECONDS = 15.0
_AGAIN = (503, 504)


def partner_of(key: str) -> dict[str, str]:
    """The partner that a request with this key makes; nobody else has any of these values."""
    return {
        "first_name": f"Ann-{key}",
        "last_name": f"Archer-{key}",
        "phone": f"+1202555{int(key, 16) % 10_000:04}",
        "email": f"ann.{key}@partner.example",
        "notes": f"Asked for by {key}",
    }


@dataclass
class HttpClient:
    """One program. `answered` has the id of the partner that each key made; `repeats` counts.

    `places`: the URLs of the replicas that there are now. It stays at one until that gives no
    answer; `moves` counts.
    """

    session: aiohttp.ClientSession
    places: Callable[[], Sequence[str]]
    answered: dict[str, str] = field(default_factory=dict)
    repeats: int = 0
    moves: int = 0
    _at: str = ""

    async def work(self, stop: asyncio.Event) -> None:
        """Write one partner after another; the last one, too, is repeated until it is answered."""
        while not stop.is_set():
            key = secrets.token_hex(8)
            self.answered[key] = await self.create(key)

    async def create(self, key: str) -> str:
        """The id of the partner of a key, asked for until there is an answer."""
        while True:
            made = await self._try(key)
            if made is not None:
                return made
            self.repeats += 1
            await asyncio.sleep(PAUSE_SECONDS)

    async def _try(self, key: str) -> str | None:
        self._at = self._at or self.places()[0]
        try:
            status, said = await ask(self.session, self._at, key)
        except (aiohttp.ClientError, TimeoutError):
            self._move()
            return None  # No answer at all: it may have been done.
        if status in _AGAIN:
            return None
        assert status == 201, f"{status} {said.get('code')}"
        return str(said["id"])

    def _move(self) -> None:
        others = [place for place in self.places() if place != self._at]
        if others:
            self._at = others[0]
            self.moves += 1


@dataclass
class Quitter:
    """A program that asks once with each key. `refused`: the keys that were answered 503; of the
    others anything may come."""

    session: aiohttp.ClientSession
    url: str
    refused: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    async def work(self) -> None:
        """Ask until cancelled."""
        while True:
            key = secrets.token_hex(8)
            status, said = await ask(self.session, self.url, key)
            if status == 503:
                assert said["code"] == "broker_unavailable"
            (self.refused if status == 503 else self.others).append(key)
            await asyncio.sleep(PAUSE_SECONDS)


async def ask(session: aiohttp.ClientSession, url: str, key: str) -> tuple[int, dict[str, Any]]:
    """Status and body of the answer to one request. Raises ClientError and TimeoutError."""
    async with (
        asyncio.timeout(ANSWER_WITHIN_SECONDS),
        session.post(url, json=partner_of(key), headers={"Idempotency-Key": f'"{key}"'}) as answer,
    ):
        return answer.status, await answer.json(content_type=None)
