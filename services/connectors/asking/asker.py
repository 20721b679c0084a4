"""Asking within a budget, and again where that may help."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any, Protocol

from services.connectors.asking.answers import (
    Answered,
    Outcome,
    RunFailed,
    Stopped,
    Unanswered,
)
from services.connectors.asking.http import Http
from services.connectors.rules.pacing import (
    RETRY_WAITS_SECONDS,
    Spacing,
    retry_wait_seconds,
)


class Budget(Protocol):
    """Whose turn it is to ask, over all replicas and connections of one credential."""

    def turn(self, credential: str, spacing: Spacing, *, first: bool) -> Any:
        """An asynchronous context in which one request is made. `first`: before those that are
        not."""

    async def pause(self, credential: str, seconds: float) -> None:
        """Nobody asks with this credential for so long."""


class NoBudget:
    """No limit whatsoever, for systems in the same house."""

    @asynccontextmanager
    async def turn(self, credential: str, spacing: Spacing, *, first: bool) -> AsyncIterator[None]:
        yield

    async def pause(self, credential: str, seconds: float) -> None:
        """Nobody else asks."""


def credential_hash(*secrets: str) -> str:
    """What a budget is kept under: it tells nothing of the credential."""
    return sha256("\n".join(secrets).encode()).hexdigest()


class Asker:
    """Requests with one credential. `headers` go with each; `sleep` and `chance` are for tests."""

    def __init__(
        self,
        http: Http,
        budget: Budget,
        credential: str,
        spacing: Spacing,
        *,
        waits_seconds: tuple[float, ...] = RETRY_WAITS_SECONDS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._http = http
        self._budget = budget
        self._credential = credential
        self._spacing = spacing
        self._waits = waits_seconds
        self._sleep = sleep
        self._chance = chance

    async def once(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
        first: bool = False,
    ) -> Outcome:
        """One request in its turn. Where the other side asks for a pause, nobody asks meanwhile."""
        async with self._budget.turn(self._credential, self._spacing, first=first):
            outcome = await self._http.ask(
                method, url, headers=headers, query=query, body=body, form=form
            )
            if isinstance(outcome, Unanswered) and outcome.retry_after_seconds:
                wish = retry_wait_seconds(1, outcome.retry_after_seconds, 0.0, (0.0,)) or 0.0
                await self._budget.pause(self._credential, wish)
        return outcome

    async def again(self, make: Callable[[], Awaitable[Outcome]]) -> Answered:
        """Make a request until it is answered, at most as often as there are waits.

        Raises RunFailed.
        """
        tries = 0
        while True:
            outcome = await make()
            if isinstance(outcome, Answered):
                return outcome
            if isinstance(outcome, Stopped):
                raise RunFailed(outcome.code)
            tries += 1
            wait = retry_wait_seconds(
                tries, outcome.retry_after_seconds, self._chance(), self._waits
            )
            if wait is None:
                raise RunFailed(outcome.code)
            await self._sleep(wait)
