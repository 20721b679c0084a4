"""The moves of an e-referral: every change of its status, with its event and a version of its own.

Attempts (`recording`) and commands (`handlers`) both move it with these, under its row's lock.
"""

import base64
from collections.abc import Mapping
from datetime import timedelta
from typing import Literal, assert_never

from contracts.ereferral import (
    EREFERRAL_CALL_REQUESTED,
    EREFERRAL_CANCELLED,
    EREFERRAL_DELIVERED,
    EREFERRAL_FAILED,
    EREFERRAL_HELD,
    EREFERRAL_OUTCOME_UNKNOWN,
    EREFERRAL_QUEUED,
    EREFERRAL_RETRY_SCHEDULED,
    EREFERRAL_SENT,
    CallTask,
    EreferralChange,
)
from contracts.ereferral_staff import PARTNER_CHANNEL_HELD, PARTNER_CHANNEL_RELEASED, PartnerChannel
from contracts.events import Event
from contracts.referral import EreferralStatus
from contracts.referral_partner import ContactMethod
from letters.letter import Message
from messaging.handlers.workspace import Workspace
from services.ereferral_dispatch.models import Ereferral, Lane
from services.ereferral_dispatch.resources import channel_resource, ereferral_change
from services.ereferral_dispatch.rules.cancelling import (
    AllTold,
    AskForCall,
    NobodyLeft,
    TellAt,
    Telling,
    next_to_tell,
    position_of_call,
)
from services.ereferral_dispatch.rules.channels import CALLS
from services.ereferral_dispatch.rules.outcomes import CallRequested, Outcome, Sent
from services.ereferral_dispatch.rules.routing import (
    NO_NUMBER,
    AskPerson,
    AwaitCall,
    ContactPoint,
    CouldNotTell,
    Finish,
    GiveUp,
    NextChannel,
    Retry,
    Step,
    lane_id,
)

CALL_AGAIN_AFTER = timedelta(hours=2)
FINAL = (
    EreferralStatus.DELIVERED,
    EreferralStatus.SENT,
    EreferralStatus.FAILED,
    EreferralStatus.CANCELLED,
)
"""Where an e-referral ends: nothing more is done unless a person or a cancel asks for it."""


def contact_point(row: Ereferral) -> ContactPoint:
    """The contact point that is being used."""
    return point_at(row, row.position)


def point_at(row: Ereferral, position: int) -> ContactPoint:
    """A contact point of the plan."""
    return row.plan[position]


def announce(
    row: Ereferral,
    workspace: Workspace,
    event: Event[EreferralChange],
    *,
    call: CallTask | None = None,
    information: str | None = None,
) -> None:
    """Publish an event about it as it is now: a version of its own."""
    row.version += 1
    row.updated_at = workspace.now
    workspace.concerns(row.patient_id)
    workspace.publish(event, ereferral_change(row, call, information, workspace.actor))


def follow(row: Ereferral, step: Step, outcome: Outcome, workspace: Workspace) -> None:
    """Bring it to where a step leads after an outcome."""
    match step:
        case Finish() if row.message is Message.CANCELLATION:
            was_told(row, workspace)
        case Finish():
            sent = isinstance(outcome, Sent)
            end(row, EreferralStatus.SENT if sent else EreferralStatus.DELIVERED, workspace)
        case Retry(after_seconds=seconds, counted=counted, declared=declared):
            row.tries += counted
            row.possible_repeat = row.possible_repeat or declared
            schedule_retry(row, seconds, workspace)
        case NextChannel(declared=declared):
            row.possible_repeat = row.possible_repeat or declared
            queue(row, row.position + 1, workspace)
        case AwaitCall() if isinstance(outcome, CallRequested):
            await_call(row, workspace, call_task(row, outcome))
        case AwaitCall():
            raise TypeError("a call is asked for with what it needs")
        case CouldNotTell():
            could_not_tell(row, workspace)
        case AskPerson():
            end(row, EreferralStatus.OUTCOME_UNKNOWN, workspace)
        case GiveUp():
            end(row, EreferralStatus.FAILED, workspace)
        case _:
            assert_never(step)


def note_receipt(row: Ereferral) -> None:
    """The partner has the referral by the present contact point, or may have it."""
    row.received = sorted({*row.received, row.position})


def forget_receipt(row: Ereferral) -> None:
    """The partner certainly has not received the referral by the present contact point."""
    row.received = [position for position in row.received if position != row.position]


def call_task(row: Ereferral, outcome: CallRequested) -> CallTask:
    """What the person who calls is given."""
    return CallTask(
        number=contact_point(row).address or None,
        script=outcome.script,
        letter=base64.b64encode(outcome.letter).decode(),
    )


def queue(row: Ereferral, position: int, workspace: Workspace) -> None:
    """Let its first attempt by a contact point be made as soon as its lane has room."""
    row.status = EreferralStatus.QUEUED
    row.position = position
    row.lane_id = lane_id(row.org_id, row.referral_partner_id, contact_point(row))
    row.tries = 0
    row.due_at = workspace.now
    row.call_due_at = None
    announce(row, workspace, EREFERRAL_QUEUED)


def schedule_retry(row: Ereferral, after_seconds: float, workspace: Workspace) -> None:
    """Let it be tried again by the same contact point."""
    row.status = EreferralStatus.RETRY_SCHEDULED
    row.due_at = workspace.now + timedelta(seconds=after_seconds)
    announce(row, workspace, EREFERRAL_RETRY_SCHEDULED)


def hold(row: Ereferral, workspace: Workspace) -> None:
    """Let it wait until the partner's channel is let go again."""
    row.status = EreferralStatus.HELD
    row.due_at = None
    announce(row, workspace, EREFERRAL_HELD)


def await_call(row: Ereferral, workspace: Workspace, task: CallTask | None) -> None:
    """Put it in front of a person who calls the partner."""
    row.status = EreferralStatus.AWAITING_CALL
    row.due_at = None
    row.call_due_at = workspace.now
    announce(row, workspace, EREFERRAL_CALL_REQUESTED, call=task)


End = Literal[
    EreferralStatus.SENT,
    EreferralStatus.DELIVERED,
    EreferralStatus.OUTCOME_UNKNOWN,
    EreferralStatus.FAILED,
    EreferralStatus.CANCELLED,
]
"""Where no more attempts are made, unless a person says so."""
_ENDS: Mapping[End, Event[EreferralChange]] = {
    EreferralStatus.SENT: EREFERRAL_SENT,
    EreferralStatus.DELIVERED: EREFERRAL_DELIVERED,
    EreferralStatus.OUTCOME_UNKNOWN: EREFERRAL_OUTCOME_UNKNOWN,
    EreferralStatus.FAILED: EREFERRAL_FAILED,
    EreferralStatus.CANCELLED: EREFERRAL_CANCELLED,
}


def end(row: Ereferral, status: End, workspace: Workspace) -> None:
    """Make no more attempts, unless a person says so."""
    row.status = status
    row.due_at = row.call_due_at = None
    row.forced = False
    announce(row, workspace, _ENDS[status])


def cancel_or_tell(row: Ereferral, workspace: Workspace) -> None:
    """Cancel it; where the partner has it, or may have it, once the partner was told.

    Without its package no cancellation can be composed: a person has to call.
    """
    if not row.received:
        end(row, EreferralStatus.CANCELLED, workspace)
        return
    row.message = Message.CANCELLATION
    if row.purged_at is None:
        _tell_next(row, workspace)
        return
    row.position = _position_of_call(row)  # It stays in its lane: no attempt will be made.
    row.not_told = [other for other in range(len(row.plan)) if other != row.position]
    await_call(row, workspace, None)


def was_told(row: Ereferral, workspace: Workspace) -> None:
    """The partner heard of the cancellation by the present contact point."""
    row.told = sorted({*row.told, row.position})
    row.not_told = [position for position in row.not_told if position != row.position]
    _tell_next(row, workspace)


def could_not_tell(row: Ereferral, workspace: Workspace) -> None:
    """The partner cannot hear of the cancellation by the present contact point."""
    row.not_told = sorted({*row.not_told, row.position})
    _tell_next(row, workspace)


def _tell_next(row: Ereferral, workspace: Workspace) -> None:
    telling = Telling(_channels(row), set(row.received), set(row.told), set(row.not_told))
    next_one = next_to_tell(telling)
    match next_one:
        case TellAt(position=position):
            queue(row, position, workspace)
        case AskForCall():
            queue(row, _position_of_call(row), workspace)
        case AllTold():
            end(row, EreferralStatus.CANCELLED, workspace)
        case NobodyLeft():
            end(row, EreferralStatus.FAILED, workspace)
        case _:
            assert_never(next_one)


def _position_of_call(row: Ereferral) -> int:
    """Where the plan has the partner's phone; a place for a call whose number nobody knows is added
    where there is none."""
    position = position_of_call(_channels(row))
    if position is not None:
        return position
    row.plan = [*row.plan, ContactPoint(CALLS, NO_NUMBER)]
    return len(row.plan) - 1


def _channels(row: Ereferral) -> list[ContactMethod]:
    return [point.channel for point in row.plan]


def hold_lane(lane: Lane, workspace: Workspace) -> None:
    """Stop a lane. What waits in it becomes `held` with the next sweep."""
    lane.held_at = workspace.now
    _announce_lane(lane, workspace, PARTNER_CHANNEL_HELD)


def release_lane(lane: Lane, workspace: Workspace) -> None:
    """Let a lane go again. What is held in it is queued with the next sweep."""
    lane.held_at = lane.probe_at = lane.failing_since = None
    lane.failures = 0
    lane.due_at = workspace.now
    _announce_lane(lane, workspace, PARTNER_CHANNEL_RELEASED)


def _announce_lane(lane: Lane, workspace: Workspace, event: Event[PartnerChannel]) -> None:
    lane.version += 1
    lane.updated_at = workspace.now
    workspace.publish(event, channel_resource(lane))
