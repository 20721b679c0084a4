"""The last commit of an attempt: its outcome, and what follows from it.

Everything here works as the system role, by the attempt's token: whoever does not hold it, or holds
it no longer, changes nothing.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.ereferral import EREFERRAL_ATTEMPT_FAILED, AttemptOutcome, FailureCode
from contracts.referral import EreferralStatus
from letters.letter import Message
from messaging.handlers.workspace import Publishing, Rows, Workspace
from messaging.outbox import table as outbox
from messaging.pacing.sweep import in_rounds
from messaging.telemetry import logs, metrics
from services.ereferral_dispatch.delivery.attempt_ends import (
    correct_as_opened,
    finish,
    withdraw_call,
)
from services.ereferral_dispatch.delivery.claiming import Claimed
from services.ereferral_dispatch.delivery.outcome_rows import (
    Locked,
    lock_lane,
    read_locked,
    write_lane,
    write_locked,
)
from services.ereferral_dispatch.delivery.relay_holds import RelayUse, hold_relay
from services.ereferral_dispatch.delivery.transitions import (
    FINAL,
    announce,
    cancel_or_tell,
    contact_point,
    end,
    follow,
    forget_receipt,
    hold,
    hold_lane,
    note_receipt,
    release_lane,
)
from services.ereferral_dispatch.models import Attempt, Ereferral
from services.ereferral_dispatch.rules.lanes import HoldRule, Streak, after_outcome, must_be_held
from services.ereferral_dispatch.rules.opening import is_withdrawn, proves_arrival
from services.ereferral_dispatch.rules.outcomes import (
    CallRequested,
    Delivered,
    Outcome,
    OutcomeUnknown,
    PermanentFailure,
    RelayUnusable,
    Sent,
    TransientFailure,
    may_have_been_received,
    recorded_as,
)
from services.ereferral_dispatch.rules.routing import (
    CouldNotTell,
    GiveUp,
    NextChannel,
    Retry,
    Standing,
    Step,
    next_step,
)

log = logs.get(__name__)

LOST_AT_A_TIME = 100

_ENSURE_LANE = text(
    """
    INSERT INTO lane (org_id, id, referral_partner_id, referral_partner_name, channel, address,
        due_at, failures, version, created_at, updated_at)
    VALUES (:org_id, :lane_id, :partner_id, :partner_name, :channel, :address,
        now(), 0, 0, now(), now())
    ON CONFLICT (org_id, id) DO UPDATE SET due_at = LEAST(lane.due_at, excluded.due_at)
    """
)
# What is corrected was a mail's: a portal's late answer only ever says that it has arrived.
_OTHERS = text(
    """
    SELECT count(*) FROM attempt
    WHERE org_id = :org_id AND ereferral_id = :ereferral_id AND number <> :number
      AND channel = :channel AND may_have_been_received
    """
)
_LOST = (
    select(Ereferral.org_id, Ereferral.id, Attempt.number)
    .join(Attempt, (Attempt.org_id == Ereferral.org_id) & (Attempt.ereferral_id == Ereferral.id))
    .where(Attempt.finished_at.is_(None), Attempt.lease_until <= func.now())
    .order_by(Ereferral.org_id, Ereferral.id)
    .limit(LOST_AT_A_TIME)
    .with_for_update(key_share=True, skip_locked=True, of=Ereferral)
)
# The lane that the attempt ran in has room again. Where the e-referral has come to its end, so may
# go what waits for it: the messages about its referral to this partner, in whichever lanes.
_LOOK_AT_LANES = text(
    """
    UPDATE lane l
    SET due_at = waiting.since
    FROM (
        SELECT lane_id, min(since) AS since
        FROM (
            SELECT lane_id, due_at AS since FROM ereferral
            WHERE org_id = :org_id AND lane_id = :lane_id AND due_at IS NOT NULL
            UNION ALL
            SELECT lane_id, now() FROM ereferral
            WHERE :has_ended AND org_id = :org_id AND referral_id = :referral_id
              AND referral_partner_id = :partner_id AND due_at IS NOT NULL
        ) AS due
        GROUP BY lane_id
    ) AS waiting
    WHERE l.org_id = :org_id AND l.id = waiting.lane_id
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
    relay: RelayUse | None = None

    async def record(self, claimed: Claimed, outcome: Outcome) -> bool:
        """Record an attempt's outcome, what follows, and its events. False: it was too late.

        A late report may still correct what the sweep could only call unknown.
        """
        async with self.engine.begin() as connection:
            locked = await read_locked(
                connection, claimed.org_id, claimed.ereferral_id, claimed.number
            )
            attempt = locked.attempt
            if attempt.token != claimed.token:
                return False
            if attempt.finished_at is not None and not _may_correct(locked.row, attempt, outcome):
                return False
            await self._settle(connection, locked, outcome, claimed.traceparent)
        kind = "call_requested" if isinstance(outcome, CallRequested) else recorded_as(outcome)
        metrics.ATTEMPTS.labels(str(claimed.channel), str(kind)).inc()
        return True

    async def settle_lost(self) -> int:
        """Settle attempts whose lease ran out: their workers died or froze. How many there were."""
        return await in_rounds(self._settle_some_lost, LOST_AT_A_TIME)

    async def _settle_some_lost(self) -> int:
        settled = 0
        async with self.engine.begin() as connection:
            for lost in (await connection.execute(_LOST)).all():
                # Its worker may have recorded it, or renewed its lease, before it was locked here.
                locked = await read_locked(connection, lost.org_id, lost.id, lost.number)
                attempt = locked.attempt
                if attempt.finished_at is None and _is_over(attempt.lease_until, locked.now):
                    traceparent = locked.row.traceparent
                    await self._settle(connection, locked, _lost_outcome(attempt), traceparent)
                    settled += 1
        return settled

    async def _settle(
        self,
        connection: AsyncConnection,
        locked: Locked,
        outcome: Outcome,
        traceparent: str | None,
    ) -> None:
        row, attempt, now = locked.row, locked.attempt, locked.now
        workspace = Workspace(
            Rows(), self.publishing, org_id=row.org_id, now=now, traceparent=traceparent
        )
        left_lane = row.lane_id
        held = await self._judge_lane(connection, locked, outcome, workspace)
        if row.message is Message.REFERRAL:
            if may_have_been_received(outcome):
                note_receipt(row)
            elif attempt.finished_at is not None and await _was_the_only_one(connection, attempt):
                forget_receipt(row)
        if isinstance(outcome, CallRequested):
            attempt.lease_until = None  # From here on it is a person's.
        else:
            finish(attempt, outcome, now)
        step = self._step(row, outcome)
        if isinstance(step, (Retry, NextChannel, CouldNotTell, GiveUp)) or isinstance(
            outcome, (TransientFailure, PermanentFailure)
        ):
            # A mail whose outcome nobody knows has not been shown to fail.
            announce(row, workspace, EREFERRAL_ATTEMPT_FAILED)
        _go_on(row, step, outcome, workspace, lane_is_held=held)
        if _was_opened_meanwhile(row, attempt):
            _deliver(row, attempt, outcome, workspace)
        if row.status is EreferralStatus.CANCELLED and attempt.finished_at is None:
            withdraw_call(attempt, now)
        if row.lane_id != left_lane:
            await _ensure_lane(connection, row)
        await write_locked(connection, locked)
        await _look_at_lanes(connection, row, left_lane)
        outgoing = workspace.outgoing
        if isinstance(outcome, RelayUnusable) and self.relay is not None:
            outgoing += await hold_relay(
                connection,
                self.relay.name,
                outcome,
                attempt_started_at=attempt.started_at,
                probe_every_seconds=self.probe_every_seconds,
                publishing=self.publishing,
            )
        await outbox.put(connection, outgoing)

    def _step(self, row: Ereferral, outcome: Outcome) -> Step:
        standing = Standing(
            channel=contact_point(row).channel,
            tries=row.tries,
            channels_left=len(row.plan) - row.position - 1,
            maybe_received=bool(row.received),
            cancelling=row.message is Message.CANCELLATION,
        )
        return next_step(
            standing, outcome, self.schedule_seconds, random.random(), self.probe_every_seconds
        )

    async def _judge_lane(
        self, connection: AsyncConnection, locked: Locked, outcome: Outcome, workspace: Workspace
    ) -> bool:
        """Count the lane's failures in a row; hold it or let it go. Whether it is held now."""
        lane = locked.lane
        if lane is not None and lane.held_at is None:
            before = Streak(lane.failures, lane.failing_since)
            if after_outcome(before, outcome, workspace.now) == before:
                return False  # The usual case: nothing to write, so nobody waits for its row.
        lane = await lock_lane(connection, locked.row.org_id, locked.row.lane_id)
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
        await write_lane(connection, lane)
        return lane.held_at is not None


def _go_on(
    row: Ereferral, step: Step, outcome: Outcome, workspace: Workspace, *, lane_is_held: bool
) -> None:
    """Where an attempt leads, and what a cancel that came meanwhile makes of it."""
    cancelled = row.cancel_requested_at is not None and row.message is Message.REFERRAL
    if cancelled and isinstance(step, (Retry, NextChannel, GiveUp)):
        cancel_or_tell(row, workspace)
    elif isinstance(step, Retry) and lane_is_held:
        row.possible_repeat = row.possible_repeat or step.declared
        hold(row, workspace)
    else:
        follow(row, step, outcome, workspace)
        if cancelled:
            cancel_or_tell(row, workspace)


def _was_opened_meanwhile(row: Ereferral, attempt: Attempt) -> bool:
    """Whether the partner opened its answer link while the attempt was under way: what that proves
    was left for the outcome to decide."""
    return (
        row.opened_at is not None
        and row.opened_at >= attempt.started_at
        and not is_withdrawn(row.status, row.message, row.cancel_requested_at)
        and proves_arrival(row.status, maybe_received=bool(row.received))
    )


def _deliver(row: Ereferral, attempt: Attempt, outcome: Outcome, workspace: Workspace) -> None:
    if attempt.finished_at is None:
        withdraw_call(attempt, workspace.now)
    elif may_have_been_received(outcome):
        correct_as_opened(attempt, workspace.now)
    end(row, EreferralStatus.DELIVERED, workspace)


async def _was_the_only_one(connection: AsyncConnection, attempt: Attempt) -> bool:
    """Whether no other attempt by the same contact point may have been received."""
    others = await connection.execute(
        _OTHERS,
        {
            "org_id": attempt.org_id,
            "ereferral_id": attempt.ereferral_id,
            "number": attempt.number,
            "channel": attempt.channel,
        },
    )
    return int(others.scalar_one()) == 0


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


async def _look_at_lanes(connection: AsyncConnection, row: Ereferral, left_lane: UUID) -> None:
    await connection.execute(
        _LOOK_AT_LANES,
        {
            "org_id": row.org_id,
            "lane_id": left_lane,
            "has_ended": row.status in FINAL,
            "referral_id": row.referral_id,
            "partner_id": row.referral_partner_id,
        },
    )


def _may_correct(row: Ereferral, attempt: Attempt, outcome: Outcome) -> bool:
    """Whether a late report may still say what the sweep could only call unknown.

    Once, while nobody has resolved it, and while it is the newest attempt.
    """
    return (
        attempt.outcome is AttemptOutcome.OUTCOME_UNKNOWN
        and attempt.code is FailureCode.WORKER_LOST
        and attempt.number == row.attempts_made
        and (
            row.status is EreferralStatus.OUTCOME_UNKNOWN
            or (row.status is EreferralStatus.RETRY_SCHEDULED and isinstance(outcome, Delivered))
        )
        and not isinstance(outcome, OutcomeUnknown)
    )
