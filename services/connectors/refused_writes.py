"""Writes that wait for a person: the other side refused them, or its status contradicts ours.

Such a write rests: it is due at no time. It is made again once they have said so.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.connecting import RowCode, RowResolution
from messaging.outbox.system_work import SystemWork, system_work
from services.connectors.handlers.referral_news import THERE
from services.connectors.home import PUBLISHING
from services.connectors.models import ExternalId, OutgoingRow, StagedRow
from services.connectors.runs.staging import DONE, REFUSED, new_staged, tell_row

AT_A_TIME = 100
_WAIT = (RowCode.REFUSED_THERE, RowCode.STATUS_CONTRADICTS)


def about(outgoing: OutgoingRow | type[OutgoingRow]) -> tuple[ColumnElement[bool], ...]:
    """The staged row of what a write is about."""
    return (
        StagedRow.org_id == outgoing.org_id,
        StagedRow.connection_id == outgoing.connection_id,
        StagedRow.kind == outgoing.kind,
        StagedRow.external_id == outgoing.external_id,
    )


def is_waiting(row: StagedRow) -> bool:
    """Whether a person has yet to say what becomes of writes about this row."""
    return row.code in _WAIT and row.resolved_at is None


def is_ignored(row: StagedRow) -> bool:
    """Whether a person wants no writes about this row, as it stands."""
    return row.code in _WAIT and row.resolution is RowResolution.IGNORE


def staged_for(outgoing: OutgoingRow, known: ExternalId, now: datetime) -> StagedRow:
    """A staged row of what a write is about, where there is none yet."""
    row = new_staged(
        outgoing.org_id, outgoing.connection_id, outgoing.kind, outgoing.external_id, now
    )
    row.parent, row.rank = known.parent, known.rank
    return row


async def tell_refused(
    engine: AsyncEngine, outgoing: OutgoingRow, known: ExternalId, fields: Sequence[str]
) -> None:
    """A person has to look: what is wrong with a write no waiting mends."""
    async with system_work(engine, PUBLISHING) as work:
        row = await work.session.scalar(select(StagedRow).where(*about(outgoing)))
        if row is None:
            row = staged_for(outgoing, known, work.now)
            work.session.add(row)
        if row.body is None:
            row.external_version, row.state = f"write {outgoing.external_version}", REFUSED
            row.uuid = row.resolution = row.resolved_at = row.told = None
            row.version += 1
            row.updated_at = work.now
        tell_row(work, row, RowCode.REFUSED_THERE, fields)
        await _rest(work, outgoing)


async def rest(engine: AsyncEngine, outgoing: OutgoingRow) -> None:
    """Let a write rest until a person has decided about its row."""
    async with system_work(engine, PUBLISHING) as work:
        await _rest(work, outgoing)


async def _rest(work: SystemWork, outgoing: OutgoingRow) -> None:
    mine = await work.session.get(OutgoingRow, (outgoing.org_id, outgoing.message_id))
    if mine is not None:
        mine.due_at = mine.lease_until = None


async def take_up(engine: AsyncEngine) -> bool:
    """Let writes be made that rested, where a person has said so or their row has changed since;
    what is ignored is over. Whether there were any."""
    over = (
        StagedRow.code.is_(None),
        StagedRow.code.not_in([code.value for code in _WAIT]),
        StagedRow.resolved_at.is_not(None),
    )
    async with system_work(engine, PUBLISHING) as work:
        found = await work.session.execute(
            select(OutgoingRow, StagedRow)
            .outerjoin(StagedRow, and_(*about(OutgoingRow)))
            .where(OutgoingRow.target == THERE, OutgoingRow.due_at.is_(None))
            .where(or_(*over))
            .limit(AT_A_TIME)
            .with_for_update(skip_locked=True, of=OutgoingRow)
        )
        rows: Sequence[tuple[OutgoingRow, StagedRow | None]] = [(one[0], one[1]) for one in found]
        for outgoing, row in rows:
            if row is not None and is_ignored(row):
                await work.session.delete(outgoing)
            else:
                outgoing.due_at, outgoing.tries = work.now, 0
    return bool(rows)


async def end_writes(work: SystemWork, outgoing: OutgoingRow) -> None:
    """A status was written: this write is over, and so are those of the referral that rest."""
    refused = await work.session.scalar(
        select(StagedRow)
        .where(*about(outgoing), StagedRow.code == RowCode.REFUSED_THERE.value)
        .where(StagedRow.resolved_at.is_(None))
    )
    if refused is not None:
        refused.state, refused.resolved_at = DONE, work.now
        refused.version += 1
        refused.updated_at = work.now
    rests = OutgoingRow.due_at.is_(None)
    await work.session.execute(
        delete(OutgoingRow)
        .where(
            OutgoingRow.org_id == outgoing.org_id,
            OutgoingRow.connection_id == outgoing.connection_id,
            OutgoingRow.kind == outgoing.kind,
            OutgoingRow.external_id == outgoing.external_id,
            OutgoingRow.target == THERE,
            or_(OutgoingRow.message_id == outgoing.message_id, rests),
        )
        .execution_options(synchronize_session=False)
    )
