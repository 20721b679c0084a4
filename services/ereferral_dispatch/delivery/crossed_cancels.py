"""Cancels that were heard at the same moment as the dispatch of their e-referral.

Two replicas that take one each do not see what the other is about to commit: the cancel is kept as
one that came first, and the dispatch does not find it. The sweep brings the two together.
"""

from typing import assert_never

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.referral import EreferralStatus
from messaging.handlers.workspace import Publishing
from messaging.outbox.system_work import SystemWork, system_work
from messaging.pacing.sweep import in_rounds
from services.ereferral_dispatch.delivery.attempt_ends import withdraw_call
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
_OPEN_CALLS = (
    select(Attempt)
    .where(
        Attempt.org_id == bindparam("org"),
        Attempt.ereferral_id == bindparam("ereferral"),
        Attempt.finished_at.is_(None),
    )
    .with_for_update(key_share=True)
)


async def cancel_crossed(engine: AsyncEngine, publishing: Publishing) -> int:
    """Cancel the e-referrals whose dispatch did not see the cancel that came with it; how many
    there were."""
    return await in_rounds(lambda: _settle_some(engine, publishing), AT_A_TIME)


async def _settle_some(engine: AsyncEngine, publishing: Publishing) -> int:
    async with system_work(engine, publishing) as work:
        crossed = (await work.session.execute(_CROSSED)).all()
        for row, early in crossed:
            row.cancel_requested_at, row.cancel_reason = early.requested_at, early.reason
            step = cancel_step(row.status, row.message, maybe_received=bool(row.received))
            match step:
                case CancelStep.NOTHING | CancelStep.DECIDE_AT_OUTCOME:
                    pass
                case CancelStep.CANCEL_NOW | CancelStep.TELL_PARTNER:
                    await _withdraw_calls(row, work)
                    cancel_or_tell(row, work.workspace(row.org_id, row.traceparent))
                case _:
                    assert_never(step)
    return len(crossed)


async def _withdraw_calls(row: Ereferral, work: SystemWork) -> None:
    """No worker is at it: an attempt that is open now is a call that nobody has made yet."""
    its_calls = {"org": row.org_id, "ereferral": row.id}
    for call in await work.session.scalars(_OPEN_CALLS, its_calls):
        withdraw_call(call, work.now)
