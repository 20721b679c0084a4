"""A run from its claim to its end: what it brought, or why it failed and when the next one is."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.connecting import ConnectionFailureCode as Code
from contracts.connecting import System
from contracts.connection import CONNECTION_FAILED, CONNECTION_RECOVERED, CONNECTION_SYNCED
from messaging.outbox.system_work import SystemWork
from messaging.telemetry import logs
from services.connectors import metrics
from services.connectors.asking.answers import RunFailed
from services.connectors.config import ReadOptions
from services.connectors.models import Connection, OdCounter, Run, StagedRow
from services.connectors.planning.steps import Around, Known, Row, Step
from services.connectors.resources import connection_resource
from services.connectors.rules.pacing import NEEDS_PERSON, is_sweep_due, next_run_at
from services.connectors.runs.applying import apply_all
from services.connectors.runs.commands import Calls, NoReply
from services.connectors.runs.context import MapRow, RunContext
from services.connectors.runs.fetching import all_complete, read_phases
from services.connectors.runs.leases import Claimed, leased, new_token
from services.connectors.runs.settling import send_again
from services.connectors.runs.staging import DONE
from services.connectors.sealing import CannotOpen, Sealer
from services.connectors.systems import ReadSystem

log = logs.get(__name__)

PUT_OFF = timedelta(minutes=1)
"""After our own broker or referrals was away."""

Plan = Callable[[Row, Known | None, Around], Step]
Afterwards = Callable[[RunContext, Calls], Awaitable[None]]
"""The last step of a run, when all that was read is applied."""


class Opened:
    """A connection with its system, as a run works with it."""

    def __init__(
        self,
        system: ReadSystem,
        plan: Plan,
        mapped: MapRow,
        options: ReadOptions,
        afterwards: Afterwards | None = None,
    ) -> None:
        self.system, self.plan, self.mapped, self.options = system, plan, mapped, options
        self.afterwards = afterwards


async def run_once(
    engine: AsyncEngine,
    claimed: Claimed,
    sealer: Sealer,
    open_system: Callable[[Connection], Opened],
    client: Calls,
) -> None:
    """One run. Raises LeaseLost where somebody else has the connection by now."""
    begun = await _begin(engine, claimed, sealer, open_system)
    if begun is None:
        return
    context, opened = begun
    try:
        await send_again(context, client)
        await read_phases(context)
        await apply_all(context, client)
        if opened.afterwards is not None:
            await opened.afterwards(context, client)
    except RunFailed as why:
        await _fail(context, opened.options, why.code)
    except CannotOpen:
        await _fail(context, opened.options, Code.SECRET_UNAVAILABLE)
    except NoReply:
        await _put_off(context)
    else:
        await _succeed(context, opened.options)


async def _begin(
    engine: AsyncEngine,
    claimed: Claimed,
    sealer: Sealer,
    open_system: Callable[[Connection], Opened],
) -> tuple[RunContext, Opened] | None:
    """The pass that goes on or begins, and a new run of it; None where it has failed already."""
    async with leased(engine, claimed) as (work, row):
        if row.pass_id is None:
            row.pass_id = new_token()
            row.pass_full = row.full_asked or is_sweep_due(row.last_sweep_at, work.now)
            row.full_asked = False
        run = Run(
            org_id=row.org_id,
            id=new_token(),
            connection_id=row.id,
            is_full=row.pass_full,
            started_at=work.now,
            counts={},
            version=1,
            created_at=work.now,
            updated_at=work.now,
        )
        row.run_id = run.id
        work.session.add(run)
        pass_id, pass_full = row.pass_id, row.pass_full
        counter = await work.session.get(OdCounter, row.org_id)
        # Our interface shows Open Dental's rows under their numbers, and nobody else's.
        has_interface = row.system is System.OPENDENTAL and counter is not None
    try:
        opened = open_system(row)
    except RunFailed as why:
        async with leased(engine, claimed) as (work, row):
            _failed(work, row, await work.session.get(Run, (row.org_id, run.id)), why.code, None)
        return None
    context = RunContext(
        engine,
        claimed,
        opened.system,
        sealer,
        opened.plan,
        opened.mapped,
        pass_id,
        pass_full,
        run.id,
        has_interface,
    )
    return context, opened


async def _succeed(context: RunContext, options: ReadOptions) -> None:
    complete = await all_complete(context)
    async with leased(context.engine, context.claimed) as (work, row):
        run = await work.session.get(Run, (context.org_id, context.run_id))
        row.counts = context.counts.as_json()
        row.complete, row.skew_seconds = complete, context.counts.skew_seconds
        row.last_success_at = work.now
        if context.pass_full and complete:
            row.last_sweep_at = work.now
        row.pass_id = row.lease_token = row.lease_until = None
        row.code = row.phase = row.row_offset = row.failing_since = None
        row.failures, row.needs_person = 0, False
        asked = row.next_run_at
        if run is None or asked is None or asked <= run.started_at:
            # Else another run was asked for while this one went on.
            row.next_run_at = next_run_at(work.now, options.interval, 0, None)
        was_told, row.told = row.told, False
        if run is not None:
            run.complete = complete
        _finish(work, run, context)
        _next(work, row)
        waiting = await _waiting(work, row)
        workspace = work.workspace(row.org_id)
        workspace.publish(CONNECTION_SYNCED, connection_resource(row, waiting=waiting))
        if was_told:
            _next(work, row)
            workspace.publish(CONNECTION_RECOVERED, connection_resource(row, waiting=waiting))
    log.info("connection synced", org_id=context.org_id, status="complete" if complete else "")


async def _fail(context: RunContext, options: ReadOptions, code: Code) -> None:
    async with leased(context.engine, context.claimed) as (work, row):
        run = await work.session.get(Run, (context.org_id, context.run_id))
        row.phase, row.row_offset = context.phase, context.offset
        if code is Code.IDENTITY_CHANGED:
            row.pass_id = None
        _finish(work, run, context)
        _failed(work, row, run, code, options)


def _failed(
    work: SystemWork, row: Connection, run: Run | None, code: Code, options: ReadOptions | None
) -> None:
    row.failures += 1
    row.failing_since = row.failing_since or work.now
    row.code, row.needs_person = code, code in NEEDS_PERSON
    interval = options.interval if options is not None else timedelta(hours=1)
    row.next_run_at = next_run_at(work.now, interval, row.failures, code)
    row.lease_token = row.lease_until = None
    if run is not None:
        run.code, run.finished_at = code, work.now
        run.phase, run.row_offset = row.phase, row.row_offset
    _next(work, row)
    if not row.told:
        row.told = True
        work.workspace(row.org_id).publish(CONNECTION_FAILED, connection_resource(row))
    log.warning("run failed", org_id=row.org_id, code=code.value, operation=row.phase)


async def _put_off(context: RunContext) -> None:
    """Our own side is away: what is staged waits, and nobody is told that theirs failed."""
    async with leased(context.engine, context.claimed) as (work, row):
        row.next_run_at = work.now + PUT_OFF
        row.lease_token = row.lease_until = None
        _finish(work, await work.session.get(Run, (context.org_id, context.run_id)), context)
    log.warning("run put off: referrals does not reply", org_id=context.org_id)


def _finish(work: SystemWork, run: Run | None, context: RunContext) -> None:
    for kind, counted in context.counts.by_kind.items():
        for outcome, number in counted.items():
            metrics.ROWS.labels(context.system_name, kind, outcome).inc(number)
    if run is not None:
        run.finished_at = run.updated_at = work.now
        run.phase = run.row_offset = None
        run.counts = context.counts.as_json()
        run.skew_seconds = context.counts.skew_seconds
        run.version += 1


def _next(work: SystemWork, row: Connection) -> None:
    row.version += 1
    row.updated_at = work.now


async def _waiting(work: SystemWork, row: Connection) -> int:
    counted = await work.session.scalar(
        select(func.count())
        .select_from(StagedRow)
        .where(
            StagedRow.org_id == row.org_id,
            StagedRow.connection_id == row.id,
            StagedRow.state != DONE,
        )
    )
    return counted or 0
