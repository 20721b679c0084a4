"""Cancels that were heard at the same moment as the dispatch of their e-referral.

Two replicas that take one each do not see what the other is about to commit: the cancel is kept as
one that came first, and the dispatch does not find it. The sweep brings the two together.
"""

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from contracts.ereferral import AttemptOutcome, FailureCode
from contracts.referral import EreferralStatus
from messaging.handlers.workspace import Publishing, Rows, Workspace
from messaging.outbox import table as outbox
from services.ereferral_dispatch.delivery.transitions import cancel_or_tell
from services.ereferral_dispatch.models import Attempt, EarlyCancel, Ereferral
from services.ereferral_dispatch.rules.cancelling import CancelStep, cancel_step

AT_A_TIME = 100

_CROSSED = (
    select(Ereferral, EarlyCancel)
    .join(
        EarlyCancel,
        (EarlyCancel.org_id == Ereferral.org_id) & (EarlyCancel.ereferral_id == Ereferral.id),
    )
    .where(Ereferral.cancel_requested_at.is_(None), Ereferral.status != EreferralStatus.CANCELLED)
    .order_by(Ereferral.org_id, Ereferral.id)
    .limit(AT_A_TIME)
    .with_for_update(key_share=True, skip_locked=True, of=Ereferral)
)


async def settle_crossed(engine: AsyncEngine, publishing: Publishing) -> int:
    """Cancel what its cancel and its dispatch passed by; how many there were."""
    async with (
        AsyncSession(engine, expire_on_commit=False, autoflush=False) as session,
        session.begin(),
    ):
        crossed = (await session.execute(_CROSSED)).all()
        if not crossed:
            return 0
        now = (await session.scalars(select(func.now()))).one()
        connection = await session.connection()
        for row, early in crossed:
            workspace = Workspace(
                Rows(), publishing, org_id=row.org_id, now=now, traceparent=row.traceparent
            )
            row.cancel_requested_at, row.cancel_reason = early.requested_at, early.reason
            step = cancel_step(row.status, row.message, maybe_received=bool(row.received))
            if step in (CancelStep.CANCEL_NOW, CancelStep.TELL_PARTNER):
                await _close_open_call(connection, row)
                cancel_or_tell(row, workspace)
            await outbox.put(session, workspace.outgoing)
        await session.flush()
    return len(crossed)


async def _close_open_call(connection: AsyncConnection, row: Ereferral) -> None:
    """Withdraw a call that was asked for and not made: nobody else's attempt is open now."""
    await connection.execute(
        update(Attempt)
        .where(
            Attempt.org_id == row.org_id,
            Attempt.ereferral_id == row.id,
            Attempt.finished_at.is_(None),
        )
        .values(
            finished_at=func.now(),
            outcome=AttemptOutcome.TRANSIENT_FAILURE,
            code=FailureCode.WITHDRAWN,
            detail="Withdrawn before the call was made.",
        )
    )
