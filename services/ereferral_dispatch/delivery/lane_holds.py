"""Bringing what waits in a lane to `held` when the lane is held, and back when it is let go.

Done by the sweep, a few hundred at a time: a lane may hold tens of thousands.
"""

from collections.abc import Callable

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.referral import EreferralStatus
from messaging.handlers.workspace import Publishing, Workspace
from messaging.outbox.system_work import system_work
from messaging.pacing.sweep import in_rounds
from services.ereferral_dispatch.delivery.transitions import hold, queue
from services.ereferral_dispatch.models import Ereferral, Lane

AT_A_TIME = 500

_its_lane = (Lane.org_id == Ereferral.org_id) & (Lane.id == Ereferral.lane_id)


_IN_LANES = (
    select(Ereferral)
    .join(Lane, _its_lane)
    .order_by(Ereferral.org_id, Ereferral.id)
    .limit(AT_A_TIME)
    .with_for_update(key_share=True, skip_locked=True, of=Ereferral)
)
_TO_HOLD = _IN_LANES.where(
    Lane.held_at.is_not(None), Ereferral.due_at.is_not(None), ~Ereferral.forced
)
_TO_LET_GO = _IN_LANES.where(Lane.held_at.is_(None), Ereferral.status == EreferralStatus.HELD)


def _queue_again(row: Ereferral, workspace: Workspace) -> None:
    queue(row, row.position, workspace)


async def move_held(engine: AsyncEngine, publishing: Publishing) -> int:
    """Hold what waits in held lanes, queue what is held in others; how many e-referrals moved."""
    held = await in_rounds(lambda: _move(engine, publishing, _TO_HOLD, hold), AT_A_TIME)
    let_go = await in_rounds(lambda: _move(engine, publishing, _TO_LET_GO, _queue_again), AT_A_TIME)
    return held + let_go


async def _move(
    engine: AsyncEngine,
    publishing: Publishing,
    chosen: Select[Ereferral],
    move: Callable[[Ereferral, Workspace], None],
) -> int:
    async with system_work(engine, publishing) as work:
        rows = (await work.session.scalars(chosen)).all()
        for row in rows:
            move(row, work.workspace(row.org_id, row.traceparent))
    return len(rows)
