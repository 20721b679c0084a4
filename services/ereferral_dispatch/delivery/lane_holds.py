"""Bringing what waits in a lane to `held` when the lane is held, and back when it is let go.

Done by the sweep, a few hundred at a time: a lane may hold tens of thousands.
"""

from collections.abc import Callable

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from contracts.referral import EreferralStatus
from messaging.handlers.workspace import Outgoing, Publishing, Rows, Workspace
from messaging.outbox import table as outbox
from services.ereferral_dispatch.delivery.transitions import hold, queue
from services.ereferral_dispatch.models import Ereferral, Lane

AT_A_TIME = 500

_its_lane = (Lane.org_id == Ereferral.org_id) & (Lane.id == Ereferral.lane_id)


def _to_hold() -> Select[Ereferral]:
    return (
        select(Ereferral)
        .join(Lane, _its_lane)
        .where(Lane.held_at.is_not(None), Ereferral.due_at.is_not(None), ~Ereferral.forced)
    )


def _to_let_go() -> Select[Ereferral]:
    return (
        select(Ereferral)
        .join(Lane, _its_lane)
        .where(Lane.held_at.is_(None), Ereferral.status == EreferralStatus.HELD)
    )


def _queue_again(row: Ereferral, workspace: Workspace) -> None:
    queue(row, row.position, workspace)


async def settle_held(engine: AsyncEngine, publishing: Publishing) -> int:
    """Hold what waits in held lanes, queue what is held in others; how many e-referrals moved."""
    moved = 0
    for chosen, move in ((_to_hold(), hold), (_to_let_go(), _queue_again)):
        while True:
            count = await _move(engine, publishing, chosen, move)
            moved += count
            if count < AT_A_TIME:
                break
    return moved


async def _move(
    engine: AsyncEngine,
    publishing: Publishing,
    chosen: Select[Ereferral],
    move: Callable[[Ereferral, Workspace], None],
) -> int:
    async with (
        AsyncSession(engine, expire_on_commit=False, autoflush=False) as session,
        session.begin(),
    ):
        statement = chosen.order_by(Ereferral.org_id, Ereferral.id).limit(AT_A_TIME)
        rows = (
            await session.scalars(
                statement.with_for_update(key_share=True, skip_locked=True, of=Ereferral)
            )
        ).all()
        if not rows:
            return 0
        now = (await session.scalars(select(func.now()))).one()
        outgoing: list[Outgoing] = []
        for row in rows:
            workspace = Workspace(
                Rows(), publishing, org_id=row.org_id, now=now, traceparent=row.traceparent
            )
            move(row, workspace)
            outgoing += workspace.outgoing
        await session.flush()
        await outbox.put(session, outgoing)
    return len(rows)
