"""The last commit of an attempt: its outcome, and what follows from it.

Everything here works as the system role, by the attempt's token: whoever does not hold it, or holds
it no longer, changes nothing.
"""

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from contracts.ereferral import AttemptOutcome, FailureCode
from contracts.events import EventType
from contracts.referral import EreferralStatus
from messaging import logs, metrics, outbox
from messaging.workspace import Publishing, Rows, Workspace
from services.ereferral_dispatch.claiming import Claimed, wake_lanes
from services.ereferral_dispatch.models import Attempt, Ereferral, Lane
from services.ereferral_dispatch.progress import (
    FINAL,
    announce,
    cancel_or_tell,
    contact_point,
    follow,
    hold,
    hold_lane,
    note_receipt,
    release_lane,
)
from services.ereferral_dispatch.rules.lanes import HoldRule, Streak, after_outcome, must_be_held
from services.ereferral_dispatch.rules.outcomes import (
    CallRequested,
    Delivered,
    Outcome,
    OutcomeUnknown,
    PermanentFailure,
    Sent,
    TransientFailure,
    may_have_been_received,
)
from services.ereferral_dispatch.rules.routing import (
    GiveUp,
    NextChannel,
    Retry,
    Standing,
    Step,
    next_step,
)
from services.ereferral_dispatch.senders.base import Message

log = logs.get(__name__)

LOST_AT_A_TIME = 100

_OUTCOMES: dict[type[Outcome], AttemptOutcome] = {
    Delivered: AttemptOutcome.DELIVERED,
    Sent: AttemptOutcome.SENT,
    TransientFailure: AttemptOutcome.TRANSIENT_FAILURE,
    PermanentFailure: AttemptOutcome.PERMANENT_FAILURE,
    OutcomeUnknown: AttemptOutcome.OUTCOME_UNKNOWN,
}

_NO_CALL = TransientFailure(FailureCode.WITHDRAWN, "Cancelled before the call was made.")

_ENSURE_LANE = text(
    """
    INSERT INTO lane (org_id, id, referral_partner_id, referral_partner_name, channel, address,
        due_at, failures, version, created_at, updated_at)
    VALUES (:org_id, :lane_id, :partner_id, :partner_name, :channel, :address,
        now(), 0, 0, now(), now())
    ON CONFLICT (org_id, id) DO UPDATE SET due_at = LEAST(lane.due_at, excluded.due_at)
    """
)
_EREFERRAL = (
    select(Ereferral)
    .where(Ereferral.org_id == bindparam("org_id"), Ereferral.id == bindparam("ereferral_id"))
    .with_for_update(key_share=True)
)
_ATTEMPT_AND_LANE = (
    select(Attempt, Lane, func.now())
    .join(Lane, Lane.org_id == Attempt.org_id)
    .where(
        Attempt.org_id == bindparam("org_id"),
        Attempt.ereferral_id == bindparam("ereferral_id"),
        Attempt.number == bindparam("number"),
        Lane.id == bindparam("lane_id"),
    )
)
_LANE_HAS_ROOM = text(
    """
    UPDATE lane l
    SET due_at = waiting.since
    FROM (SELECT min(due_at) AS since FROM ereferral
          WHERE org_id = :org_id AND lane_id = :lane_id AND due_at IS NOT NULL) AS waiting
    WHERE l.org_id = :org_id AND l.id = :lane_id AND waiting.since IS NOT NULL
      AND (l.due_at IS NULL OR l.due_at > waiting.since)
    """
)


@dataclass(frozen=True, slots=True)
class Recorder:
    """Records what becomes of attempts. `schedule_seconds` is the retry schedule of a channel."""

    engine: AsyncEngine
    publishing: Publishing
    schedule_seconds: Sequence[float]
    hold_rule: HoldRule
    probe_every_seconds: float

    async def record(self, claimed: Claimed, outcome: Outcome) -> bool:
        """Record an attempt's outcome, what follows, and its events. False: it was too late.

        A late report may still correct what the sweep could only call unknown.
        """
        async with self._transaction() as session:
            key = {"org_id": claimed.org_id, "ereferral_id": claimed.ereferral_id}
            row = (await session.scalars(_EREFERRAL, key)).one()
            # Read once its e-referral is locked: as the sweep, if it was first, has left it.
            found = await session.execute(
                _ATTEMPT_AND_LANE,
                {**key, "number": claimed.number, "lane_id": row.lane_id},
            )
            attempt, _, now = found.one()
            if attempt.token != claimed.token:
                return False
            if attempt.finished_at is not None and not _may_correct(row, attempt, outcome):
                return False
            await self._settle(session, row, attempt, outcome, now)
        kind = _OUTCOMES.get(type(outcome), "call_requested")
        metrics.ATTEMPTS.labels(str(claimed.channel), str(kind)).inc()
        return True

    async def settle_lost(self) -> int:
        """Settle attempts whose lease ran out: their workers died or froze. How many there were."""
        async with self._transaction() as session:
            lost = await session.execute(
                select(Ereferral, Attempt)
                .join(
                    Attempt,
                    (Attempt.org_id == Ereferral.org_id) & (Attempt.ereferral_id == Ereferral.id),
                )
                .where(Attempt.finished_at.is_(None), Attempt.lease_until <= func.now())
                .order_by(Ereferral.org_id, Ereferral.id)
                .limit(LOST_AT_A_TIME)
                .with_for_update(key_share=True, skip_locked=True, of=Ereferral)
            )
            now = (await session.scalars(select(func.now()))).one()
            settled = 0
            for row, attempt in lost.all():
                # Its worker may have recorded it, or renewed its lease, before it was locked here.
                await session.refresh(attempt, with_for_update=True)
                if attempt.finished_at is None and _is_over(attempt.lease_until, now):
                    await self._settle(session, row, attempt, _lost_outcome(attempt), now)
                    settled += 1
        return settled

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncSession]:
        async with (
            AsyncSession(self.engine, expire_on_commit=False, autoflush=False) as session,
            session.begin(),
        ):
            yield session

    async def _settle(
        self,
        session: AsyncSession,
        row: Ereferral,
        attempt: Attempt,
        outcome: Outcome,
        now: datetime,
    ) -> None:
        workspace = Workspace(
            Rows(), self.publishing, org_id=row.org_id, now=now, traceparent=row.traceparent
        )
        left_lane = row.lane_id
        held = await self._judge_lane(session, row, outcome, workspace)
        _finish_attempt(attempt, outcome, now)
        step = self._step(row, outcome)
        if may_have_been_received(outcome) and row.message == Message.REFERRAL:
            note_receipt(row)
        if isinstance(step, (Retry, NextChannel, GiveUp)) or isinstance(
            outcome, (TransientFailure, PermanentFailure)
        ):
            # A mail whose outcome nobody knows has not been shown to fail.
            announce(row, workspace, EventType.EREFERRAL_ATTEMPT_FAILED)
        _go_on(row, step, outcome, workspace, lane_is_held=held)
        if row.status == EreferralStatus.CANCELLED and attempt.finished_at is None:
            _finish_attempt(attempt, _NO_CALL, now)
        connection = await session.connection()
        if row.lane_id != left_lane:
            await _ensure_lane(connection, row)
        await session.flush()
        await connection.execute(_LANE_HAS_ROOM, {"org_id": row.org_id, "lane_id": left_lane})
        if row.status in FINAL:
            await wake_lanes(connection, row.org_id, row.referral_id, row.referral_partner_id)
        await outbox.put(session, workspace.outgoing)

    def _step(self, row: Ereferral, outcome: Outcome) -> Step:
        standing = Standing(
            channel=contact_point(row).channel,
            tries=row.tries,
            channels_left=len(row.plan) - row.position - 1,
            maybe_received=bool(row.received),
            cancelling=row.message == Message.CANCELLATION,
        )
        return next_step(standing, outcome, self.schedule_seconds, random.random())

    async def _judge_lane(
        self, session: AsyncSession, row: Ereferral, outcome: Outcome, workspace: Workspace
    ) -> bool:
        """Count the lane's failures in a row; hold it or let it go. Whether it is held now."""
        key = (row.org_id, row.lane_id)
        lane = await session.get_one(Lane, key)
        before = Streak(lane.failures, lane.failing_since)
        if after_outcome(before, outcome, workspace.now) == before and lane.held_at is None:
            return False  # The usual case: nothing to write, so nobody waits for the lane's row.
        await session.refresh(lane, with_for_update={"key_share": True})
        streak = after_outcome(Streak(lane.failures, lane.failing_since), outcome, workspace.now)
        lane.failures, lane.failing_since = streak.failures, streak.since
        if lane.held_at is not None and isinstance(outcome, (Delivered, Sent)):
            release_lane(lane, workspace)
        elif lane.held_at is None and must_be_held(streak, outcome, self.hold_rule, workspace.now):
            lane.probe_at = workspace.now + timedelta(seconds=self.probe_every_seconds)
            hold_lane(lane, workspace)
        if lane.held_at is not None and lane.probe_at is not None:
            # A lane that was full has no time of its own, and nor has what is held in it.
            lane.due_at = min(lane.due_at or lane.probe_at, lane.probe_at)
        return lane.held_at is not None


def _go_on(
    row: Ereferral, step: Step, outcome: Outcome, workspace: Workspace, *, lane_is_held: bool
) -> None:
    """Where an attempt leads, and what a cancel that came meanwhile makes of it."""
    cancelled = row.cancel_requested_at is not None and row.message == Message.REFERRAL
    if cancelled and isinstance(step, (Retry, NextChannel, GiveUp)):
        cancel_or_tell(row, workspace)
    elif isinstance(step, Retry) and lane_is_held:
        hold(row, workspace)
    else:
        follow(row, step, outcome, workspace)
        if cancelled:
            cancel_or_tell(row, workspace)


def _finish_attempt(attempt: Attempt, outcome: Outcome, now: datetime) -> None:
    if isinstance(outcome, CallRequested):
        attempt.lease_until = None  # From here on it is a person's.
        return
    attempt.finished_at = now
    attempt.outcome = _OUTCOMES[type(outcome)]
    attempt.code = outcome.code
    attempt.detail = None if isinstance(outcome, (Delivered, Sent)) else outcome.detail


def _is_over(lease_until: datetime | None, now: datetime) -> bool:
    return lease_until is not None and lease_until <= now


def _lost_outcome(attempt: Attempt) -> Outcome:
    if attempt.sending_at is None:
        return TransientFailure(FailureCode.WORKER_LOST, "Given up before anything left.")
    return OutcomeUnknown(FailureCode.WORKER_LOST, "The worker was lost while sending.")


async def _ensure_lane(connection: AsyncConnection, row: Ereferral) -> None:
    """The lane of the present contact point, to be looked at now."""
    point = contact_point(row)
    await connection.execute(
        _ENSURE_LANE,
        {
            "org_id": row.org_id,
            "lane_id": row.lane_id,
            "partner_id": row.referral_partner_id,
            "partner_name": row.referral_partner_name,
            "channel": point.channel,
            "address": point.address,
        },
    )


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
