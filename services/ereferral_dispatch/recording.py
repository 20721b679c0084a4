"""The commits of an attempt after it was claimed: its point of no return, and its outcome.

Everything here works as the system role, by the attempt's token: whoever does not hold it, or holds
it no longer, changes nothing.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from contracts.ereferral import AttemptOutcome, FailureCode
from contracts.events import EventType
from contracts.referral import EreferralStatus
from contracts.referral_partner import ContactMethod
from messaging import logs, metrics, outbox
from messaging.workspace import Publishing, Rows, Workspace
from services.ereferral_dispatch.claiming import Claimed, wake_lanes
from services.ereferral_dispatch.models import Attempt, Composed, Ereferral
from services.ereferral_dispatch.rules.outcomes import (
    Delivered,
    Outcome,
    OutcomeUnknown,
    PermanentFailure,
    Sent,
    TransientFailure,
    may_have_been_received,
)
from services.ereferral_dispatch.rules.routing import (
    AskPerson,
    ContactPoint,
    Finish,
    GiveUp,
    NextChannel,
    Retry,
    Standing,
    Step,
    after_lost_worker,
    lane_id,
    next_step,
)
from services.ereferral_dispatch.senders.base import AttemptWithdrawn
from services.ereferral_dispatch.shapes import ereferral_resource

log = logs.get(__name__)

_NOBODYS_FAILURE = (FailureCode.WORKER_LOST, FailureCode.STOPPED)

_OUTCOMES: dict[type[Outcome], AttemptOutcome] = {
    Delivered: AttemptOutcome.DELIVERED,
    Sent: AttemptOutcome.SENT,
    TransientFailure: AttemptOutcome.TRANSIENT_FAILURE,
    PermanentFailure: AttemptOutcome.PERMANENT_FAILURE,
    OutcomeUnknown: AttemptOutcome.OUTCOME_UNKNOWN,
}

_ENSURE_LANE = text(
    """
    INSERT INTO lane (org_id, id, referral_partner_id, channel, address, due_at)
    VALUES (:org_id, :lane_id, :partner_id, :channel, :address, now())
    ON CONFLICT (org_id, id) DO UPDATE SET due_at = LEAST(lane.due_at, excluded.due_at)
    """
)
_LANE_HAS_ROOM = text(
    """
    UPDATE lane l
    SET due_at = LEAST(l.due_at, (
        SELECT min(e.due_at) FROM ereferral e
        WHERE e.org_id = l.org_id AND e.lane_id = l.id AND e.due_at IS NOT NULL))
    WHERE l.org_id = :org_id AND l.id = :lane_id
    """
)


@dataclass(frozen=True, slots=True)
class Recorder:
    """Records what becomes of attempts. `schedule_seconds` is the retry schedule of a channel."""

    engine: AsyncEngine
    publishing: Publishing
    schedule_seconds: Sequence[float]

    async def pass_point_of_no_return(
        self, claimed: Claimed, content: bytes, send_timeout_seconds: float
    ) -> None:
        """From now on something may leave. Keeps what was composed, for every retry to send.

        Raises AttemptWithdrawn where the attempt is over, or its lease would end while sending.
        """
        async with self.engine.begin() as connection:
            passed = await connection.execute(
                update(Attempt)
                .where(
                    Attempt.org_id == claimed.org_id,
                    Attempt.ereferral_id == claimed.ereferral_id,
                    Attempt.number == claimed.number,
                    Attempt.token == claimed.token,
                    Attempt.finished_at.is_(None),
                    Attempt.sending_at.is_(None),
                    Attempt.lease_until > func.now() + timedelta(seconds=send_timeout_seconds),
                )
                .values(sending_at=func.now())
            )
            if passed.rowcount != 1:
                raise AttemptWithdrawn
            if claimed.content is None:
                await connection.execute(
                    insert(Composed).values(
                        org_id=claimed.org_id,
                        ereferral_id=claimed.ereferral_id,
                        channel=claimed.channel,
                        content=content,
                    )
                )

    async def record(self, claimed: Claimed, outcome: Outcome) -> bool:
        """Record an attempt's outcome, what follows, and its events. False: it was too late.

        A late report may still correct what the sweep could only call unknown.
        """
        async with (
            AsyncSession(self.engine, expire_on_commit=False, autoflush=False) as session,
            session.begin(),
        ):
            key = (claimed.org_id, claimed.ereferral_id)
            row = await session.get_one(Ereferral, key, with_for_update={"key_share": True})
            attempt = await session.get_one(Attempt, (*key, claimed.number))
            if attempt.token != claimed.token:
                return False
            if attempt.finished_at is not None and not _may_correct(row, attempt, outcome):
                return False
            await self._settle(session, row, attempt, outcome)
        metrics.ATTEMPTS.labels(str(claimed.channel), _OUTCOMES[type(outcome)]).inc()
        return True

    async def settle_lost(self) -> int:
        """Settle attempts whose lease ran out: their workers died or froze. How many there were."""
        async with (
            AsyncSession(self.engine, expire_on_commit=False, autoflush=False) as session,
            session.begin(),
        ):
            lost = await session.execute(
                select(Ereferral, Attempt)
                .join(
                    Attempt,
                    (Attempt.org_id == Ereferral.org_id) & (Attempt.ereferral_id == Ereferral.id),
                )
                .where(Attempt.finished_at.is_(None), Attempt.lease_until <= func.now())
                .order_by(Ereferral.org_id, Ereferral.id)
                .limit(100)
                .with_for_update(key_share=True, skip_locked=True, of=Ereferral)
            )
            count = 0
            for row, attempt in lost:
                outcome: Outcome = (
                    TransientFailure(FailureCode.WORKER_LOST, "Given up before anything left.")
                    if attempt.sending_at is None
                    else OutcomeUnknown(
                        FailureCode.WORKER_LOST, "The worker was lost while sending."
                    )
                )
                await self._settle(session, row, attempt, outcome)
                count += 1
        return count

    async def _settle(
        self, session: AsyncSession, row: Ereferral, attempt: Attempt, outcome: Outcome
    ) -> None:
        now: datetime = await session.scalar(select(func.now())) or row.updated_at
        attempt.finished_at = now
        attempt.outcome = _OUTCOMES[type(outcome)]
        attempt.code = outcome.code
        attempt.detail = None if isinstance(outcome, (Delivered, Sent)) else outcome.detail
        left_lane = row.lane_id
        workspace = Workspace(
            Rows(), self.publishing, org_id=row.org_id, now=now, traceparent=row.traceparent
        )
        step = self._step(row, outcome)
        row.maybe_received = row.maybe_received or may_have_been_received(outcome)
        if isinstance(step, (Retry, NextChannel, GiveUp)):
            # An attempt of a mail whose outcome nobody knows has not been shown to fail.
            _publish(row, workspace, EventType.EREFERRAL_ATTEMPT_FAILED)
        _take(row, step, outcome, now)
        _publish(row, workspace, _EVENT_OF_STATUS[EreferralStatus(row.status)])
        connection = await session.connection()
        if row.lane_id != left_lane:
            await _ensure_lane(connection, row)
        await session.flush()
        await _wake(connection, row, left_lane)
        await outbox.put(session, workspace.outgoing)

    def _step(self, row: Ereferral, outcome: Outcome) -> Step:
        if isinstance(outcome, TransientFailure) and outcome.code in _NOBODYS_FAILURE:
            return after_lost_worker()
        standing = Standing(
            channel=ContactMethod(row.plan[row.position]["channel"]),
            tries=row.tries,
            channels_left=len(row.plan) - row.position - 1,
            maybe_received=row.maybe_received,
        )
        return next_step(standing, outcome, self.schedule_seconds, random.random())


_EVENT_OF_STATUS = {
    EreferralStatus.QUEUED: EventType.EREFERRAL_QUEUED,
    EreferralStatus.RETRY_SCHEDULED: EventType.EREFERRAL_RETRY_SCHEDULED,
    EreferralStatus.SENT: EventType.EREFERRAL_SENT,
    EreferralStatus.DELIVERED: EventType.EREFERRAL_DELIVERED,
    EreferralStatus.OUTCOME_UNKNOWN: EventType.EREFERRAL_OUTCOME_UNKNOWN,
    EreferralStatus.FAILED: EventType.EREFERRAL_FAILED,
}


def _take(row: Ereferral, step: Step, outcome: Outcome, now: datetime) -> None:
    """Bring the e-referral to where a step leads."""
    row.due_at = None
    match step:
        case Finish():
            delivered = isinstance(outcome, Delivered)
            row.status = EreferralStatus.DELIVERED if delivered else EreferralStatus.SENT
        case Retry(after_seconds=seconds, counted=counted):
            row.status = EreferralStatus.RETRY_SCHEDULED
            row.due_at = now + timedelta(seconds=seconds)
            row.tries += counted
        case NextChannel(declared=declared):
            row.status = EreferralStatus.QUEUED
            row.due_at = now
            row.position += 1
            row.tries = 0
            row.possible_repeat = row.possible_repeat or declared
            row.lane_id = lane_id(row.org_id, row.referral_partner_id, _point(row))
        case AskPerson():
            row.status = EreferralStatus.OUTCOME_UNKNOWN
        case GiveUp():
            row.status = EreferralStatus.FAILED
        case _:
            assert_never(step)


def _publish(row: Ereferral, workspace: Workspace, event: EventType) -> None:
    """Each event is a version of its own."""
    row.version += 1
    row.updated_at = workspace.now
    workspace.publish(event, ereferral_resource(row))


def _point(row: Ereferral) -> ContactPoint:
    point = row.plan[row.position]
    return ContactPoint(ContactMethod(point["channel"]), point["address"])


async def _ensure_lane(connection: AsyncConnection, row: Ereferral) -> None:
    """The lane of the present contact point, to be looked at now."""
    point = _point(row)
    await connection.execute(
        _ENSURE_LANE,
        {
            "org_id": row.org_id,
            "lane_id": row.lane_id,
            "partner_id": row.referral_partner_id,
            "channel": point.channel,
            "address": point.address,
        },
    )


async def _wake(connection: AsyncConnection, row: Ereferral, left_lane: UUID) -> None:
    """Let the lanes be looked at that may go on now."""
    here = {"org_id": row.org_id, "lane_id": left_lane}
    await connection.execute(_LANE_HAS_ROOM, here)
    if row.status in _ENDED:
        await wake_lanes(connection, row.org_id, row.referral_id, row.referral_partner_id)


_ENDED = (EreferralStatus.DELIVERED, EreferralStatus.SENT, EreferralStatus.FAILED)


def _may_correct(row: Ereferral, attempt: Attempt, outcome: Outcome) -> bool:
    """Whether a late report may still say what the sweep could only call unknown.

    Once, while nobody has resolved it, and while it is the newest attempt.
    """
    return (
        attempt.outcome == AttemptOutcome.OUTCOME_UNKNOWN
        and attempt.code == FailureCode.WORKER_LOST
        and attempt.number == row.attempts_made
        and (
            row.status == EreferralStatus.OUTCOME_UNKNOWN
            or (row.status == EreferralStatus.RETRY_SCHEDULED and isinstance(outcome, Delivered))
        )
        and not isinstance(outcome, OutcomeUnknown)
    )
