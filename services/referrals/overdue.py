"""The sweep that finds referrals whose answer is overdue, and says so once for each.

Works as the system role, across all orgs. Any number of replicas may run it: each takes what no
other one holds, and what another one has just marked is not found again.
"""

import asyncio
from collections.abc import Callable

from sqlalchemy import func, literal, select
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.referral import REFERRAL_OVERDUE, FulfilmentStatus, ReferralStatus
from messaging.decision.loading import load
from messaging.handlers.workspace import Publishing, Workspace
from messaging.outbox.system_work import system_work
from messaging.pacing.sweep import keep_sweeping
from messaging.telemetry import logs
from services.referrals.handlers.referral_resource import (
    pointed_to,
    shown,
)
from services.referrals.handlers.timeline import add_entry
from services.referrals.handlers.versions import next_version
from services.referrals.models.referral import Referral

log = logs.get(__name__)

SWEEP_EVERY_SECONDS = 2.0
"""The event comes within 15 s (docs/contract/wire.md#referrals); most are left for thousands."""
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
    async with system_work(engine, publishing) as work:
        due = (await work.session.scalars(_DUE)).all()
        names = ((row.org_id, need) for row in due for need in pointed_to(row))
        await load(work.session, work.rows, names)
        for row in due:
            _mark(row, work.workspace(row.org_id))
    return len(due)


def _mark(row: Referral, workspace: Workspace) -> None:
    row.overdue = True
    next_version(row, workspace)
    add_entry(row, workspace, REFERRAL_OVERDUE.name)
    workspace.publish(REFERRAL_OVERDUE, shown(row, workspace))


async def keep_marking(
    engine: AsyncEngine,
    publishing: Publishing,
    stop: asyncio.Event,
    after_commit: Callable[[], None],
) -> None:
    """Sweep every two seconds, and without a pause while there is more, until `stop` is set.

    `after_commit` is called when there is something to say.
    """

    async def once() -> bool:
        count = await mark_overdue(engine, publishing)
        if count:
            log.info("referrals overdue", count=count)
            after_commit()
        return count == ROWS_AT_A_TIME

    await keep_sweeping(once, stop, name="overdue referrals", every_seconds=SWEEP_EVERY_SECONDS)
