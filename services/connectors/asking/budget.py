"""The budget of a credential in the database: one request at a time, over all replicas.

What asks first of all (write-backs) says so while it waits, and the others let it pass.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils import compat as uuid_utils

from contracts.events import NO_ORG
from services.connectors.rules.pacing import Spacing

BUSY_SECONDS = 90.0
"""A replica that is lost in the middle of a request holds its turn no longer than this."""
LOOK_EVERY_SECONDS = 0.05
LOOK_AT_MOST_SECONDS = 5.0
URGENT_SECONDS = 3.0

_ENTER = text(
    "INSERT INTO api_budget (org_id, credential, free_at) VALUES (:org, :credential, now()) "
    "ON CONFLICT DO NOTHING"
)
_TAKE = text(
    """
    UPDATE api_budget
    SET busy_token = :token, busy_until = now() + make_interval(secs => :busy)
    WHERE org_id = :org AND credential = :credential AND free_at <= now()
      AND (busy_until IS NULL OR busy_until <= now())
      AND (:first OR urgent_until IS NULL OR urgent_until <= now())
    RETURNING 1
    """
)
_WAIT = text(
    """
    SELECT EXTRACT(EPOCH FROM free_at - now()) FROM api_budget
    WHERE org_id = :org AND credential = :credential
    """
)
_HURRY = text(
    "UPDATE api_budget SET urgent_until = now() + make_interval(secs => :urgent) "
    "WHERE org_id = :org AND credential = :credential"
)
_GIVE_BACK = text(
    """
    UPDATE api_budget
    SET busy_token = NULL, busy_until = NULL,
        urgent_until = CASE WHEN :first THEN NULL ELSE urgent_until END,
        free_at = GREATEST(free_at, now() + make_interval(secs => :spacing))
    WHERE org_id = :org AND credential = :credential AND busy_token = :token
    """
)
_PAUSE = text(
    "UPDATE api_budget "
    "SET free_at = GREATEST(free_at, now() + make_interval(secs => :seconds)) "
    "WHERE org_id = :org AND credential = :credential"
)
_PAUSED = text(
    "SELECT EXTRACT(EPOCH FROM free_at - now()) FROM api_budget "
    "WHERE org_id = :org AND credential = :credential AND free_at > now()"
)


class SharedBudget:
    """Turns that are taken in the database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._entered: set[str] = set()

    @asynccontextmanager
    async def turn(self, credential: str, spacing: Spacing, *, first: bool) -> AsyncIterator[None]:
        """Wait for a turn and hold it meanwhile; without a spacing only for the end of a pause."""
        await self._enter(credential)
        key = {"org": NO_ORG, "credential": credential}
        if not spacing.seconds:
            await self._until_no_pause(key)
            yield
            return
        token = uuid_utils.uuid7()
        while not await self._take({**key, "token": token, "busy": BUSY_SECONDS, "first": first}):
            if first:
                await self._do(_HURRY, {**key, "urgent": URGENT_SECONDS})
            await asyncio.sleep(await self._wait(key))
        try:
            yield
        finally:
            given = {**key, "token": token, "spacing": spacing.seconds, "first": first}
            await asyncio.shield(self._do(_GIVE_BACK, given))

    async def pause(self, credential: str, seconds: float) -> None:
        """Let nobody ask for so long, on any replica."""
        await self._do(_PAUSE, {"org": NO_ORG, "credential": credential, "seconds": seconds})

    async def _enter(self, credential: str) -> None:
        if credential not in self._entered:
            await self._do(_ENTER, {"org": NO_ORG, "credential": credential})
            self._entered.add(credential)

    async def _until_no_pause(self, key: dict[str, str]) -> None:
        while True:
            async with self._engine.begin() as connection:
                left = await connection.scalar(_PAUSED, key)
            if left is None:
                return
            await asyncio.sleep(min(float(left) + 0.01, LOOK_AT_MOST_SECONDS))

    async def _take(self, given: Mapping[str, object]) -> bool:
        async with self._engine.begin() as connection:
            return (await connection.scalar(_TAKE, dict(given))) is not None

    async def _wait(self, key: dict[str, str]) -> float:
        async with self._engine.begin() as connection:
            left = await connection.scalar(_WAIT, key)
        return min(max(float(left or 0.0), LOOK_EVERY_SECONDS), LOOK_AT_MOST_SECONDS)

    async def _do(self, statement: TextClause, given: Mapping[str, object]) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(statement, dict(given))
