"""A run as a person at the command line watches it: how far it is, and what came of it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from contracts.connecting import System
from ops.connections.finding import one
from ops.connections.waiting import command
from ops.environment import CannotGoOn
from ops.system_role import Database
from services.connectors.models import Connection, Run, StagedRow

LOOK_EVERY_SECONDS = 1.0
NOBODY_AFTER_SECONDS = 10.0
MADE = ("created", "updated")
WHERE_THEY_ARE = "The desk, or import_row.list, shows the rows that wait for a person and why"


@dataclass(frozen=True, slots=True)
class Seen:
    """A connection at one moment, with its newest run and how many rows are still to be applied."""

    connection: Connection
    run: Run | None
    staged: int
    now: datetime

    @property
    def is_running(self) -> bool:
        """Whether a replica holds it."""
        until = self.connection.lease_until
        return until is not None and until > self.now

    @property
    def is_due(self) -> bool:
        """Whether a run is to begin, or to go on, as soon as a replica takes it."""
        next_ = self.connection.next_run_at
        return next_ is not None and next_ <= self.now


async def look(engine: AsyncEngine, connection: Connection) -> Seen:
    """Look at a connection once. Raises CannotGoOn where it was removed meanwhile."""
    org_id, id_ = connection.org_id, connection.id
    async with AsyncSession(engine) as session:
        now = (await session.scalars(select(func.now()))).one()
        row = await session.get(Connection, (org_id, id_))
        if row is None or row.removed_at is not None:
            raise CannotGoOn(f"{connection.name} of {org_id} was removed")
        run = None if row.run_id is None else await session.get(Run, (org_id, row.run_id))
        staged = await session.scalar(
            select(func.count())
            .select_from(StagedRow)
            .where(
                StagedRow.org_id == org_id,
                StagedRow.connection_id == id_,
                StagedRow.state == "staged",
            )
        )
        return Seen(row, run, staged or 0, now)


def progress(seen: Seen) -> str | None:
    """How far a run is that goes on now; None where none does.

    Until it has read anything it waits for the other side to answer.
    """
    run = seen.run
    if not seen.is_running or run is None or run.finished_at is not None:
        return None
    doing = "applying" if run.phase is None else f"reading {run.phase}"
    if run.phase is None and not run.counts:
        doing = "connecting"
    since = run.started_at.isoformat(timespec="seconds")
    counted = f"{_sum(run, 'fetched'):,} rows read, {_sum(run, *MADE):,} made or changed"
    return f"{doing}: {counted}, {seen.staged:,} to be applied, since {since}"


async def watched(database: Database, org_id: str, name: str) -> AsyncIterator[str]:
    """A line whenever something changed, until the run that is due or goes on has ended.

    Raises CannotGoOn where it failed, and where there is nothing to watch.
    """
    async with database.engine("connection") as engine:
        with database.telling_why():
            row = await one(database, engine, org_id, name)
        if row.system is System.OPENDENTAL_SERVER:
            raise CannotGoOn(f"{name} is an interface of ours: it has no runs")
        said, waited = None, 0.0
        while True:
            with database.telling_why():
                seen = await look(engine, row)
            if not (seen.is_running or seen.is_due):
                yield _end(seen)
                return
            line = progress(seen) or _waiting(name, waited)
            if line != said:
                said = line
                yield line
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            waited = waited + LOOK_EVERY_SECONDS if not seen.is_running else 0.0


def _waiting(name: str, waited_seconds: float) -> str:
    """A replica takes a run that is due within a second or two, where one runs."""
    if waited_seconds < NOBODY_AFTER_SECONDS:
        return f"{name}: its run is about to begin"
    return (
        f"{name}: its run does not begin: does handoff serve connectors run, with a place free "
        "(CONNECTORS_CONCURRENCY)?"
    )


def _end(seen: Seen) -> str:
    """What came of the last run. Raises CannotGoOn where it failed or was put off."""
    row, run = seen.connection, seen.run
    next_ = row.next_run_at.isoformat(timespec="seconds") if row.next_run_at else "never"
    if row.code is not None:
        where = "" if row.phase is None else f" at {row.phase}"
        raise CannotGoOn(
            f"{row.name} failed{where}: {row.code}; its next run: {next_}. Try {command(row)}"
        )
    if run is None or run.finished_at is None or not _succeeded(row, run.finished_at):
        raise CannotGoOn(
            f"{row.name} was put off: referrals does not reply. What was read is kept; its next "
            f"run: {next_}"
        )
    refused, waiting = _sum(run, "refused"), _sum(run, "waiting")
    said = (
        f"{row.name} is done: {_sum(run, 'fetched'):,} rows read, {_sum(run, *MADE):,} made or "
        f"changed, {refused:,} refused, {waiting:,} waiting; its next run: {next_}"
    )
    return f"{said}. {WHERE_THEY_ARE}" if refused or waiting else said


def _succeeded(row: Connection, finished_at: datetime) -> bool:
    return row.last_success_at is not None and row.last_success_at >= finished_at


def _sum(run: Run, *outcomes: str) -> int:
    """The rows of all kinds with one of these outcomes."""
    by_kind: dict[str, dict[str, Any]] = run.counts
    return sum(of_kind.get(one, 0) for of_kind in by_kind.values() for one in outcomes)
