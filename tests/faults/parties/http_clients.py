"""Programs that write over HTTP, and repeat by their keys until they are answered."""

import asyncio
import secrets
from dataclasses import dataclass, field

import aiohttp

PAUSE_SECONDS = 0.1
ANSWER_WITHIN_SECONDS = 15.0
_AGAIN = (503, 504)
_PARTNER = {"first_name": "Ann", "last_name": "Archer"}


@dataclass
class HttpClient:
    """One program. `answered` has the id of the partner that each key made; `repeats` counts."""

    session: aiohttp.ClientSession
    url: str
    answered: dict[str, str] = field(default_factory=dict)
    repeats: int = 0

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
        try:
            async with (
                asyncio.timeout(ANSWER_WITHIN_SECONDS),
                self.session.post(
                    self.url, json=_PARTNER, headers={"Idempotency-Key": f'"{key}"'}
                ) as answer,
            ):
                said = await answer.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError):
            return None  # No answer at all: it may have been done.
        if answer.status in _AGAIN:
            return None
        assert answer.status == 201, f"{answer.status} {said.get('code')}"
        return str(said["id"])
