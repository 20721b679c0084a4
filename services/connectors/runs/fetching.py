"""Reading the lists: page by page, no session open meanwhile; what a complete list proves."""

import asyncio
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update

from contracts.connecting import ConnectionFailureCode, ImportKind
from messaging.telemetry import logs
from services.connectors.asking.answers import RunFailed
from services.connectors.models import Cursor, ExternalId, OdDefinition, StagedRow
from services.connectors.rules.clocks import cursor as cursor_time
from services.connectors.rules.pacing import is_resumed
from services.connectors.rules.paging import Asked, Drifted, Position, Took, ask, take
from services.connectors.rules.sweeping import Compared, identity_changed, is_gone
from services.connectors.runs.context import RunContext
from services.connectors.runs.leases import leased
from services.connectors.runs.progress import note
from services.connectors.runs.staging import STAGED, WAITING, Page, drop_staged
from services.connectors.runs.statistics import keep_statistics
from services.connectors.systems import Fetched, Phase

log = logs.get(__name__)

AT_A_TIME = 200


async def read_phases(context: RunContext) -> None:
    """Read every list of the pass that was not read to its end. Raises RunFailed."""
    await context.system.begin()
    for phase in context.system.phases:
        context.phase, context.offset = phase.name, 0
        await _read_phase(context, phase)
        if phase.identifies:
            await _check_identity(context, phase)
    context.phase = context.offset = None
    await _name_patients(context)
    for phase in context.system.phases:
        await _sweep(context, phase)


async def _read_phase(context: RunContext, phase: Phase) -> None:
    """Read a list from where it was left to its end.

    While a page is written down the next one is asked for already.
    """
    cursor = await _cursor(context, phase)
    if cursor.finished:
        return
    position = Position(cursor.row_offset, cursor.last_id, cursor.restarts, cursor.complete)
    since, coming = cursor.asked_from, _ask(context, phase, position, cursor.asked_from)
    try:
        while True:
            context.offset = position.offset
            fetched = await coming
            taken = Took(0, None, True) if phase.whole else take(position, fetched.ids)
            since = since if fetched.filtered else None
            following = taken.position
            if following is not None:
                coming = _ask(context, phase, following, since)
            await _commit_page(context, phase, position, fetched, taken)
            await keep_statistics(context)
            if following is None:
                return
            position = following
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


def _ask(
    context: RunContext, phase: Phase, position: Position, since: str | None
) -> asyncio.Task[Fetched]:
    asked = Asked(0) if phase.whole else ask(position)
    return asyncio.create_task(context.system.fetch(phase, asked, since))


async def _cursor(context: RunContext, phase: Phase) -> Cursor:
    """Where the phase goes on; from its start in a new pass, and where it was left too long."""
    async with leased(context.engine, context.claimed) as (work, _):
        found = await work.session.get(Cursor, _key(context, phase))
        if found is None:
            found = Cursor(
                org_id=context.org_id,
                connection_id=context.claimed.id,
                phase=phase.name,
                pass_id=context.pass_id,
                next_from=None,
            )
            _begin(found, context, phase, work.now)
            work.session.add(found)
        elif found.pass_id != context.pass_id or _was_left(found, work.now):
            _begin(found, context, phase, work.now)
        await note(work, context)
    return found


def _was_left(cursor: Cursor, now: datetime) -> bool:
    return not cursor.finished and not is_resumed(cursor.moved_at, now)


def _key(context: RunContext, phase: Phase) -> tuple[str, UUID, str]:
    return context.org_id, context.claimed.id, phase.name


def _begin(cursor: Cursor, context: RunContext, phase: Phase, now: datetime) -> None:
    cursor.pass_id = context.pass_id
    cursor.asked_from = cursor.next_from if phase.by_time and not context.pass_full else None
    cursor.row_offset, cursor.last_id, cursor.restarts = 0, None, 0
    cursor.complete, cursor.finished = True, False
    cursor.server_time = cursor.highest_stamp = None
    cursor.moved_at = now


async def _commit_page(
    context: RunContext, phase: Phase, position: Position, fetched: Fetched, taken: Took | Drifted
) -> None:
    """Changed rows, cursor and lease in one commit."""
    async with leased(context.engine, context.claimed) as (work, _):
        cursor = await work.session.get(Cursor, _key(context, phase))
        assert cursor is not None
        cursor.moved_at = work.now
        cursor.server_time = cursor.server_time or fetched.server_time
        if fetched.highest_stamp is not None:
            cursor.highest_stamp = max(cursor.highest_stamp or "", fetched.highest_stamp)
        if not fetched.filtered:
            cursor.asked_from = None
        if isinstance(taken, Drifted):
            _move(cursor, taken.position)
            log.info("rows moved between pages", operation=phase.name, count=len(fetched.ids))
            return
        await Page(context, work).stage(fetched.groups[taken.new :])
        for number, name in fetched.definitions.items():
            await work.session.merge(
                OdDefinition(org_id=context.org_id, def_num=number, item_name=name)
            )
        cursor.complete = taken.complete
        if taken.position is not None:
            _move(cursor, taken.position)
        else:
            _finish(cursor, ask(position).offset + len(fetched.ids), fetched.total, phase)
        await note(work, context)
    log.info("page read", operation=phase.name, count=len(fetched.ids), org_id=context.org_id)


def _move(cursor: Cursor, position: Position) -> None:
    cursor.row_offset, cursor.last_id = position.offset, position.last_id
    cursor.restarts, cursor.complete = position.restarts, position.complete


def _finish(cursor: Cursor, rows: int, total: int | None, phase: Phase) -> None:
    cursor.finished = True
    cursor.complete = cursor.complete and (total is None or rows == total)
    if phase.by_time:
        cursor.next_from = cursor_time(cursor.server_time, cursor.highest_stamp) or cursor.next_from


async def _check_identity(context: RunContext, phase: Phase) -> None:
    """Raise RunFailed where this is another database: nothing of it is applied."""
    async with leased(context.engine, context.claimed) as (work, row):
        cursor = await work.session.get(Cursor, _key(context, phase))
        if cursor is None or not cursor.complete:
            return
        was_listed = ExternalId.seen_pass == context.pass_id
        listed_as = func.coalesce(StagedRow.identity, ExternalId.identity)
        counted = await work.session.execute(
            select(
                func.count(),
                func.count().filter(ExternalId.seen_pass.is_distinct_from(context.pass_id)),
                func.count().filter(was_listed, ExternalId.identity.is_distinct_from(listed_as)),
            )
            .select_from(ExternalId)
            .outerjoin(
                StagedRow,
                (StagedRow.org_id == ExternalId.org_id)
                & (StagedRow.connection_id == ExternalId.connection_id)
                & (StagedRow.kind == ExternalId.kind)
                & (StagedRow.external_id == ExternalId.external_id)
                & (StagedRow.state == STAGED),
            )
            .where(
                ExternalId.org_id == context.org_id,
                ExternalId.connection_id == context.claimed.id,
                ExternalId.kind.in_(phase.sweeps),
                ExternalId.version.is_not(None),
                ~ExternalId.gone,
                ~ExternalId.erased,
            )
        )
        if not identity_changed(Compared(*counted.one())):
            return
        await drop_staged(work.session, context)
        row.pass_id = None
    raise RunFailed(ConnectionFailureCode.IDENTITY_CHANGED)


async def _name_patients(context: RunContext) -> None:
    """Fetch each patient whom a staged row names and no list gave."""
    for external_id in await _unknown_patients(context):
        found = await context.system.named_patient(external_id)
        if found is None:
            continue
        async with leased(context.engine, context.claimed) as (work, _):
            await Page(context, work).stage([[found]])


async def _unknown_patients(context: RunContext) -> list[str]:
    mine = (StagedRow.org_id == context.org_id, StagedRow.connection_id == context.claimed.id)
    async with leased(context.engine, context.claimed) as (work, _):
        known = select(ExternalId.external_id).where(
            ExternalId.org_id == context.org_id,
            ExternalId.connection_id == context.claimed.id,
            ExternalId.kind == ImportKind.PATIENT,
        )
        named = await work.session.scalars(
            select(StagedRow.parent)
            .where(
                *mine,
                StagedRow.state.in_((STAGED, WAITING)),
                StagedRow.parent.is_not(None),
                StagedRow.parent.not_in(known),
            )
            .distinct()
        )
        return [one for one in named if one]


async def _sweep(context: RunContext, phase: Phase) -> None:
    """Count what a complete list lacked, and stage as gone what two lists in a row lacked."""
    if not phase.sweeps:
        return
    async with leased(context.engine, context.claimed) as (work, _):
        cursor = await work.session.get(Cursor, _key(context, phase))
        if cursor is None or not cursor.complete or cursor.asked_from is not None:
            return
        lacking = (
            ExternalId.org_id == context.org_id,
            ExternalId.connection_id == context.claimed.id,
            ExternalId.kind.in_(phase.sweeps),
            ExternalId.version.is_not(None),
            ~ExternalId.gone,
            ExternalId.seen_pass.is_distinct_from(context.pass_id),
        )
        await work.session.execute(
            update(ExternalId)
            .where(*lacking)
            .values(missed=ExternalId.missed + 1, seen_pass=context.pass_id)
            .execution_options(synchronize_session=False)
        )
        candidates = (
            await work.session.execute(
                select(ExternalId.kind, ExternalId.external_id, ExternalId.missed)
                .where(*lacking[:5], ExternalId.missed > 0)
                .order_by(ExternalId.kind, ExternalId.external_id)
            )
        ).all()
    for one in candidates:
        if is_gone(one.missed):
            await _gone(context, one.kind, one.external_id)


async def _gone(context: RunContext, kind: ImportKind, external_id: str) -> None:
    there = await context.system.is_there(kind, external_id)
    async with leased(context.engine, context.claimed) as (work, _):
        if there:
            await work.session.execute(
                update(ExternalId)
                .where(
                    ExternalId.org_id == context.org_id,
                    ExternalId.connection_id == context.claimed.id,
                    ExternalId.kind == kind,
                    ExternalId.external_id == external_id,
                )
                .values(missed=0)
            )
            return
        page = Page(context, work)
        await page.load_keys([(kind, external_id)])
        page.retire(kind, external_id)
        context.counts.add(kind, "gone")


async def all_complete(context: RunContext) -> bool:
    """Whether every list of the pass was read without rows moving to the end."""
    async with leased(context.engine, context.claimed) as (work, _):
        incomplete = await work.session.scalar(
            select(func.count())
            .select_from(Cursor)
            .where(
                Cursor.org_id == context.org_id,
                Cursor.connection_id == context.claimed.id,
                Cursor.pass_id == context.pass_id,
                ~Cursor.complete,
            )
        )
    return not incomplete
