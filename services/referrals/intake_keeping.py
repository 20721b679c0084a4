"""The end of rows from outside: all of the rejected ones, the extra of those taken in.

So many days after somebody decided about them (`REFERRALS_INTAKE_RETENTION_DAYS`). What goes is a
version of its own, told by the event of its status once more: so subscribers forget it too. Works
as the system role, across all orgs.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.events import Event
from contracts.intake import INTAKE_ACCEPTED, INTAKE_LINKED, INTAKE_REJECTED, IntakeStatus
from contracts.intake import Intake as Resource
from contracts.replies import ReplyStatus
from contracts.text import ERASED
from messaging.decision.loading import load
from messaging.handlers.workspace import Publishing, Workspace
from messaging.outbox.system_work import system_work
from messaging.pacing.sweep import in_rounds, keep_sweeping
from messaging.telemetry import logs
from messaging.trail import audit
from services.referrals.handlers.intake_numbers import forget_given
from services.referrals.handlers.intake_resource import pointed_to, shown
from services.referrals.handlers.versions import next_version
from services.referrals.models.intake import Intake, IntakeFingerprint

log = logs.get(__name__)

SWEEP_EVERY_SECONDS = 3600.0
ROWS_AT_A_TIME = 100

TOLD_BY: dict[IntakeStatus, Event[Resource]] = {
    IntakeStatus.ACCEPTED: INTAKE_ACCEPTED,
    IntakeStatus.LINKED: INTAKE_LINKED,
    IntakeStatus.REJECTED: INTAKE_REJECTED,
}
"""The event by which a decided row is told once more, without what was taken from it."""


@dataclass(frozen=True, slots=True)
class Emptied:
    """How many rows lost what they said, and how many fingerprints were forgotten."""

    rows: int
    fingerprints: int


def empty(row: Intake, workspace: Workspace) -> bool:
    """Take all that a decided row says of a person; whether there was any of it."""
    said = (row.first_name, row.surname, row.search_text, row.extra, row.warnings)
    if said == (ERASED, ERASED, "", {}, []):
        return False
    row.first_name = row.surname = ERASED
    row.search_text = ""
    row.description = row.date_of_birth = row.telephone = row.mobile = row.email = None
    row.note = None
    _take_extra(row, workspace)
    return True


def _take_extra(row: Intake, workspace: Workspace) -> None:
    row.extra, row.warnings = {}, []
    forget_given(row)
    row.emptied_at = row.emptied_at or workspace.now
    next_version(row, workspace)
    workspace.publish(TOLD_BY[row.status], shown(row, workspace))


def _due(before: datetime) -> ColumnElement[bool]:
    return and_(Intake.emptied_at.is_(None), Intake.decided_at < before)


async def emptyable(engine: AsyncEngine, before: datetime) -> Emptied:
    """What `purge` would do now."""
    old = IntakeFingerprint.received_at < before
    async with engine.connect() as connection:
        rows = select(func.count()).select_from(Intake).where(_due(before))
        fingerprints = select(func.count()).select_from(IntakeFingerprint).where(old)
        return Emptied(
            await connection.scalar(rows) or 0, await connection.scalar(fingerprints) or 0
        )


async def purge(
    engine: AsyncEngine,
    publishing: Publishing,
    before: datetime,
    operator: audit.Operator | None = None,
) -> Emptied:
    """Empty what was decided before then, a hundred rows in a transaction; forget fingerprints.

    With an operator each row is an entry in the trail. May break off anywhere and run again: a row
    that somebody holds just now is left for the next time.
    """

    async def some_rows() -> int:
        return await _empty_some(engine, publishing, before, operator)

    async def some_fingerprints() -> int:
        return await _forget_some(engine, before)

    return Emptied(
        await in_rounds(some_rows, ROWS_AT_A_TIME),
        await in_rounds(some_fingerprints, ROWS_AT_A_TIME),
    )


async def _empty_some(
    engine: AsyncEngine,
    publishing: Publishing,
    before: datetime,
    operator: audit.Operator | None,
) -> int:
    chosen = (
        select(Intake)
        .where(_due(before))
        .order_by(Intake.decided_at)
        .limit(ROWS_AT_A_TIME)
        .with_for_update(key_share=True, skip_locked=True)
    )
    async with system_work(engine, publishing) as work:
        rows = (await work.session.scalars(chosen)).all()
        needs = ((row.org_id, need) for row in rows for need in pointed_to(row))
        await load(work.session, work.rows, needs)
        for row in rows:
            workspace = work.workspace(row.org_id)
            if row.status is IntakeStatus.REJECTED:
                empty(row, workspace)
            else:
                _take_extra(row, workspace)
        if operator is not None:
            entries = [_purged(operator, row, work.now) for row in rows]
            await audit.append(work.session, entries)
    return len(rows)


def _purged(operator: audit.Operator, row: Intake, now: datetime) -> audit.Entry:
    return operator.did(
        "intake.purge",
        at=now,
        org_id=row.org_id,
        status=ReplyStatus.ARCHIVED,
        record_id=row.id,
        patient_ids=() if row.patient_id is None else (row.patient_id,),
    )


async def _forget_some(engine: AsyncEngine, before: datetime) -> int:
    key = tuple_(IntakeFingerprint.org_id, IntakeFingerprint.fingerprint)
    some = (
        select(IntakeFingerprint.org_id, IntakeFingerprint.fingerprint)
        .where(IntakeFingerprint.received_at < before)
        .limit(ROWS_AT_A_TIME)
    )
    statement = delete(IntakeFingerprint).where(key.in_(some)).returning(IntakeFingerprint.org_id)
    async with engine.begin() as connection:
        return len((await connection.execute(statement)).all())


async def keep_emptying(
    engine: AsyncEngine,
    publishing: Publishing,
    stop: asyncio.Event,
    after_commit: Callable[[], None],
    *,
    kept: timedelta,
) -> None:
    """A round of `purge` every hour until `stop` is set.

    `after_commit` is called when there is something to say.
    """

    async def once() -> bool:
        async with engine.connect() as connection:
            now = (await connection.execute(select(func.now()))).scalar_one()
        emptied = await purge(engine, publishing, now - kept)
        if emptied.rows:
            log.info("intake retention", count=emptied.rows)
            after_commit()
        return False

    await keep_sweeping(once, stop, name="intake retention", every_seconds=SWEEP_EVERY_SECONDS)
