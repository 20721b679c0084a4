"""The handlers of staff's commands for an e-referral that needs a person."""

from collections.abc import Sequence
from typing import assert_never

from contracts.clock import early_errors, time_errors
from contracts.ereferral import (
    CANCEL_EREFERRAL,
    EREFERRAL_ATTEMPT_FAILED,
    EREFERRAL_RESPONSE_RECORDED,
    FailureCode,
    SuccessCode,
)
from contracts.ereferral import Ereferral as Resource
from contracts.ereferral_staff import (
    COMPLETE_EREFERRAL_CALL,
    RECORD_EREFERRAL_RESPONSE,
    RESOLVE_EREFERRAL,
    RETRY_EREFERRAL,
    CallOutcome,
    EreferralCompleteCall,
    EreferralDecision,
    EreferralRecordResponse,
    EreferralResolve,
    EreferralRetry,
    Resolution,
)
from contracts.problems import ProblemCode, Refusal, invalid
from contracts.referral import EreferralStatus, check_recorded_response
from contracts.referral_partner import ContactMethod
from contracts.replies import ReplyStatus
from letters.letter import Message
from messaging.handlers.handler import handles
from messaging.handlers.workspace import Done, Need, Workspace, row_to_change
from services.ereferral_dispatch.delivery.transitions import (
    CALL_AGAIN_AFTER,
    announce,
    could_not_tell,
    end,
    note_receipt,
    queue,
    was_told,
)
from services.ereferral_dispatch.handlers.attempt import (
    calls,
    calls_made,
    close_open_call,
    find_newest_attempt,
    newest_attempt,
    record_call,
)
from services.ereferral_dispatch.handlers.lane import enter_lane, lanes_of
from services.ereferral_dispatch.models import Ereferral
from services.ereferral_dispatch.resources import ereferral_resource
from services.ereferral_dispatch.rules.channels import traits_of
from services.ereferral_dispatch.rules.limits import (
    check_takes_a_response,
    check_takes_a_retry,
    check_takes_another_call,
)
from services.ereferral_dispatch.rules.outcomes import (
    Delivered,
    PermanentFailure,
    TransientFailure,
)

RETRYABLE = (
    EreferralStatus.FAILED,
    EreferralStatus.OUTCOME_UNKNOWN,
    EreferralStatus.AWAITING_CALL,
    EreferralStatus.HELD,
    EreferralStatus.RETRY_SCHEDULED,
)

_TAKEN_FROM = {
    RETRY_EREFERRAL.name: RETRYABLE,
    COMPLETE_EREFERRAL_CALL.name: (EreferralStatus.AWAITING_CALL,),
    RESOLVE_EREFERRAL.name: (EreferralStatus.OUTCOME_UNKNOWN,),
    RECORD_EREFERRAL_RESPONSE.name: tuple(EreferralStatus),
    CANCEL_EREFERRAL.name: tuple(s for s in EreferralStatus if s is not EreferralStatus.CANCELLED),
}
"""From where each of the commands about an e-referral leads on."""


def retry(command: EreferralRetry, workspace: Workspace) -> Done[Resource]:
    """One attempt now, though its time has not come or its lane is held."""
    row = workspace.get(Ereferral, command.ereferral_uuid)
    _check_status(row, RETRY_EREFERRAL.name)
    _check_has_package(row)
    check_takes_a_retry(calls_made(row, workspace), row.attempts_made)
    position = _position_of(row, command.channel)
    close_open_call(row, workspace)
    row.forced = True
    if row.message is Message.CANCELLATION:
        _give_up_telling(row, position)
    else:
        row.possible_repeat = row.possible_repeat or _would_repeat_silently(row, position)
    queue(row, position, workspace)
    enter_lane(row, workspace)
    return Done(ReplyStatus.ACCEPTED, ereferral_resource(row), row.id)


def complete_call(command: EreferralCompleteCall, workspace: Workspace) -> Done[Resource]:
    """What came of the call that was asked for."""
    row = workspace.get(Ereferral, command.ereferral_uuid)
    _check_status(row, COMPLETE_EREFERRAL_CALL.name)
    match command.outcome:
        case CallOutcome.REACHED:
            record_call(row, workspace, Delivered(SuccessCode.REACHED), command.note)
            _reached(row, workspace)
        case CallOutcome.NO_ANSWER:
            check_takes_another_call(calls_made(row, workspace))
            record_call(row, workspace, TransientFailure(FailureCode.NO_ANSWER), command.note)
            row.call_due_at = workspace.now + CALL_AGAIN_AFTER
            announce(row, workspace, EREFERRAL_ATTEMPT_FAILED)
        case CallOutcome.WRONG_NUMBER:
            record_call(row, workspace, PermanentFailure(FailureCode.WRONG_NUMBER), command.note)
            announce(row, workspace, EREFERRAL_ATTEMPT_FAILED)
            _go_on_elsewhere(row, workspace)
        case _:
            assert_never(command.outcome)
    return Done(ReplyStatus.OK, ereferral_resource(row), row.id)


def resolve(command: EreferralResolve, workspace: Workspace) -> Done[Resource]:
    """What a person found out about an outcome that nobody knew."""
    row = workspace.get(Ereferral, command.ereferral_uuid)
    _check_status(row, RESOLVE_EREFERRAL.name)
    attempt = find_newest_attempt(row, workspace)
    if attempt is not None and command.note is not None:
        attempt.detail = command.note
    if command.outcome is Resolution.DELIVERED:
        end(row, EreferralStatus.DELIVERED, workspace)
    else:
        _go_on_elsewhere(row, workspace)
    return Done(ReplyStatus.OK, ereferral_resource(row), row.id)


def record_response(command: EreferralRecordResponse, workspace: Workspace) -> Done[Resource]:
    """The partner's answer, told to whoever subscribes."""
    row = workspace.get(Ereferral, command.ereferral_uuid)
    if errors := time_errors("occurred_at", command.occurred_at, workspace.now):
        raise invalid(errors)
    check_takes_a_response(row.responses_taken)
    created_at = row.referral_created_at
    if created_at and (errors := early_errors("occurred_at", command.occurred_at, created_at)):
        raise invalid(errors)
    row.responses_taken += 1
    row.response, row.response_note = command.response, command.note
    row.response_reason_code = command.reason_code
    row.response_scheduled_at = command.scheduled_at
    row.response_occurred_at = command.occurred_at
    announce(row, workspace, EREFERRAL_RESPONSE_RECORDED)
    return Done(ReplyStatus.OK, ereferral_resource(row), row.id)


def _possible_from(status: EreferralStatus) -> list[str]:
    return [name for name, statuses in _TAKEN_FROM.items() if status in statuses]


def _check_status(row: Ereferral, operation: str) -> None:
    allowed = _TAKEN_FROM[operation]
    if row.status not in allowed:
        raise Refusal(
            ProblemCode.INVALID_TRANSITION,
            f"It is {row.status}; this takes one that is {', '.join(allowed)}. "
            f"Possible from there: {', '.join(_possible_from(row.status))}.",
        )


def _check_has_package(row: Ereferral) -> None:
    if row.purged_at is not None:
        raise Refusal(
            ProblemCode.INVALID_TRANSITION,
            "What it was made of is not kept any more, so it cannot be sent again: "
            "make a new referral (referral.create, then referral.send).",
        )


def _position_of(row: Ereferral, channel: ContactMethod | None) -> int:
    if channel is None:
        return row.position
    for position, point in enumerate(row.plan):
        if point.channel is channel:
            return position
    raise Refusal(
        ProblemCode.NO_USABLE_CONTACT_POINT,
        "The partner had no address for this channel when it was sent: choose one of "
        f"{', '.join(point.channel for point in row.plan)}, or leave channel out.",
    )


def _give_up_telling(row: Ereferral, instead: int) -> None:
    """A person chose to tell the partner by another channel than the one that was being tried."""
    if row.position != instead:
        row.not_told = sorted({*row.not_told, row.position})


def _would_repeat_silently(row: Ereferral, position: int) -> bool:
    """Whether the partner may hold it already and could not tell that this is the same one.

    One that recognises repeats can, by the id: as long as it is what may hold it.
    """
    recognised = traits_of(row.plan[position].channel).recognises_repeats
    return bool(row.received) and not (recognised and row.received == [position])


def _reached(row: Ereferral, workspace: Workspace) -> None:
    if row.message is Message.CANCELLATION:
        was_told(row, workspace)
        _enter_if_queued(row, workspace)
        return
    note_receipt(row)
    end(row, EreferralStatus.DELIVERED, workspace)


def _go_on_elsewhere(row: Ereferral, workspace: Workspace) -> None:
    """The next channel; it says that it may be a repeat if the partner may have the referral."""
    if row.message is Message.CANCELLATION:
        could_not_tell(row, workspace)
        _enter_if_queued(row, workspace)
        return
    if row.position + 1 >= len(row.plan):
        end(row, EreferralStatus.FAILED, workspace)
        return
    row.possible_repeat = row.possible_repeat or bool(row.received)
    queue(row, row.position + 1, workspace)
    enter_lane(row, workspace)


def _enter_if_queued(row: Ereferral, workspace: Workspace) -> None:
    if row.status is EreferralStatus.QUEUED:
        enter_lane(row, workspace)


def _needs_of_decision(command: EreferralDecision) -> list[Need]:
    return [row_to_change(Ereferral, command.ereferral_uuid, ProblemCode.EREFERRAL_NOT_FOUND)]


def _needs_of_response(command: EreferralRecordResponse) -> list[Need]:
    uuid = command.ereferral_uuid
    return [Need(Ereferral, (uuid,), writes=True, missing=ProblemCode.EREFERRAL_NOT_FOUND)]


def _rows_around(command: EreferralDecision, workspace: Workspace) -> Sequence[Need]:
    row = workspace.find(Ereferral, command.ereferral_uuid)
    if row is None:
        return ()
    return [*lanes_of(row), *newest_attempt(row), *calls(row)]


HANDLERS = [
    handles(RETRY_EREFERRAL, retry, needs=_needs_of_decision, then_needs=_rows_around),
    handles(
        COMPLETE_EREFERRAL_CALL,
        complete_call,
        needs=_needs_of_decision,
        then_needs=_rows_around,
    ),
    handles(
        RESOLVE_EREFERRAL,
        resolve,
        needs=_needs_of_decision,
        then_needs=_rows_around,
    ),
    handles(
        RECORD_EREFERRAL_RESPONSE,
        record_response,
        needs=_needs_of_response,
        check=check_recorded_response,
    ),
]
