"""The sweep that finds referrals whose answer is overdue, and says so once for each.

Works as the system role, across all orgs. Any number of replicas may run it: each takes what no
other one holds, and what another one has just marked is not found again.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import func, literal, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from contracts.referral import REFERRAL_OVERDUE, FulfilmentStatus, ReferralStatus
from messaging.database.errors import is_outage, why_away
from messaging.decision.loading import load
from messaging.handlers.workspace import Outgoing, Publishing, Rows, Workspace
from messaging.outbox import table as outbox
from messaging.pacing.waiting import pause
from messaging.telemetry import logs
from services.referrals.handlers.changes import next_version
from services.referrals.handlers.referral_record import (
    pointed_to,
    shown,
    write_down,
)
from services.referrals.models.referral import Referral

log = logs.get(__name__)

SWEEP_EVERY_SECONDS = 2.0
"""Of the 15 s within which the wire contract promises the event; most are left for thousands."""
ROWS_AT_A_TIME = 100
"""Locked for a fraction of a second, so that no command waits long; more are hardly quicker."""

# The very words of the partial index `referral_unanswered`: with a parameter in their place a
# prepared statement's general plan could not use it.
_UNANSWERED = (
    Referral.status == literal(ReferralStatus.ACTIVE, literal_execute=True),
    Referral.fulfilment_status == literal(FulfilmentStatus.REQUESTED, literal_execute=True),
    ~Referral.overdue,
)
_DUE = (
    select(Referral)
    .where(*_UNANSWERED, Referral.respond_by < func.now())
    .order_by(Referral.respond_by)
    .limit(ROWS_AT_A_TIME)
    .with_for_update(key_share=True, skip_locked=True)
)


async def mark_overdue(engine: AsyncEngine, publishing: Publishing) -> int:
    """Mark referrals that are unanswered past their time by the database's clock, with an event.

    At most 100, in one transaction. Returns how many there were.
    """
    async with (
        AsyncSession(engine, expire_on_commit=False, autoflush=False) as session,
        session.begin(),
    ):
        due = (await session.scalars(_DUE)).all()
        if not due:
            return 0
        now = (await session.execute(select(func.now()))).scalar_one()
        rows = Rows()
        await load(session, rows, ((row.org_id, need) for row in due for need in pointed_to(row)))
        outgoing: list[Outgoing] = []
        for row in due:
            outgoing += _mark(row, rows, publishing, now)
        session.add_all(rows.added)
        await session.flush()
        await outbox.put(session, outgoing)
    return len(due)


def _mark(row: Referral, rows: Rows, publishing: Publishing, now: datetime) -> list[Outgoing]:
    workspace = Workspace(rows, publishing, org_id=row.org_id, now=now)
    row.overdue = True
    next_version(row, workspace)
    write_down(row, workspace, REFERRAL_OVERDUE.name)
    workspace.publish(REFERRAL_OVERDUE, shown(row, workspace))
    return workspace.outgoing


async def keep_marking(
    engine: AsyncEngine,
    publishing: Publishing,
    stop: asyncio.Event,
    after_commit: Callable[[], None],
) -> None:
    """Sweep every two seconds, and without a pause while there is more, until `stop` is set.

    `after_commit` is called when there is something to say.
    """
    while not stop.is_set():
        try:
            count = await mark_overdue(engine, publishing)
        except Exception as error:
            if not is_outage(error):
                raise
            log.warning("overdue sweep put off", detail=why_away(error))
            count = 0
        if count:
            log.info("referrals overdue", count=count)
            after_commit()
        if count < ROWS_AT_A_TIME:
            await pause(stop, SWEEP_EVERY_SECONDS)
