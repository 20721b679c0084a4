"""The end of what is not kept for ever: what refused rows say, and old runs.

Works as the system role, across all orgs. That a row waits, and why, stays.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncEngine

from messaging.pacing.sweep import in_rounds, keep_sweeping
from services.connectors.models import Run, StagedRow

AT_A_TIME = 500
KEPT = timedelta(days=30)
EVERY_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Purged:
    """How many rows were emptied, and how many runs went."""

    rows: int
    runs: int


async def keep_purging(engine: AsyncEngine, stop: asyncio.Event) -> None:
    """Empty what was refused 30 days ago and remove runs as old, once an hour until `stop`."""

    async def once() -> bool:
        async with engine.connect() as connection:
            now = (await connection.execute(select(func.now()))).scalar_one()
        await purge(engine, now - KEPT)
        return False

    await keep_sweeping(once, stop, name="refused rows", every_seconds=EVERY_SECONDS)


def _full(before: datetime) -> ColumnElement[bool]:
    return and_(
        StagedRow.state == "refused", StagedRow.body.is_not(None), StagedRow.updated_at < before
    )


def _old(before: datetime) -> ColumnElement[bool]:
    return and_(Run.finished_at.is_not(None), Run.finished_at < before)


async def purgeable(engine: AsyncEngine, before: datetime) -> Purged:
    """What `purge` would do now."""
    async with engine.connect() as connection:
        rows = await connection.scalar(
            select(func.count()).select_from(StagedRow).where(_full(before))
        )
        runs = await connection.scalar(select(func.count()).select_from(Run).where(_old(before)))
    return Purged(rows or 0, runs or 0)


async def purge(engine: AsyncEngine, before: datetime) -> Purged:
    """Empty and remove them, some hundred in a transaction, beside running services."""

    async def empty_some() -> int:
        some = select(StagedRow.org_id, StagedRow.id).where(_full(before)).limit(AT_A_TIME)
        async with engine.begin() as connection:
            emptied = await connection.execute(
                update(StagedRow)
                .where(tuple_(StagedRow.org_id, StagedRow.id).in_(some))
                .values(body=None)
                .returning(StagedRow.id)
            )
            return len(emptied.all())

    async def remove_some() -> int:
        some = select(Run.org_id, Run.id).where(_old(before)).limit(AT_A_TIME)
        async with engine.begin() as connection:
            removed = await connection.execute(
                delete(Run).where(tuple_(Run.org_id, Run.id).in_(some)).returning(Run.id)
            )
            return len(removed.all())

    rows = await in_rounds(empty_some, AT_A_TIME)
    return Purged(rows, await in_rounds(remove_some, AT_A_TIME))
