"""Cancelling an e-referral, wherever it stands."""

from collections.abc import Sequence
from typing import assert_never

from contracts.ereferral import CANCEL_EREFERRAL, EreferralCancel
from contracts.ereferral import Ereferral as Resource
from contracts.referral import EreferralStatus
from contracts.replies import ReplyStatus
from messaging.handlers.handler import handles
from messaging.handlers.workspace import Done, Need, Workspace
from services.ereferral_dispatch.delivery.transitions import cancel_or_tell
from services.ereferral_dispatch.handlers.attempt import close_open_call, newest_attempt
from services.ereferral_dispatch.handlers.lane import enter_lane, lanes_of
from services.ereferral_dispatch.models import EarlyCancel, Ereferral
from services.ereferral_dispatch.resources import ereferral_resource
from services.ereferral_dispatch.rules.cancelling import CancelStep, cancel_step


def cancel(command: EreferralCancel, workspace: Workspace) -> Done[Resource | None]:
    """See to it that it ends `cancelled`."""
    row = workspace.find(Ereferral, command.ereferral_uuid)
    if row is None:
        _remember(command, workspace)
        return Done(ReplyStatus.ACCEPTED, None, command.ereferral_uuid)
    workspace.concerns(row.patient_id)
    step = cancel_step(row.status, row.message, maybe_received=bool(row.received))
    match step:
        case CancelStep.NOTHING:
            pass
        case CancelStep.DECIDE_AT_OUTCOME:
            _ask(row, command, workspace)
        case CancelStep.CANCEL_NOW | CancelStep.TELL_PARTNER:
            _ask(row, command, workspace)
            close_open_call(row, workspace)
            cancel_or_tell(row, workspace)
            if row.status is EreferralStatus.QUEUED:
                enter_lane(row, workspace)
        case _:
            assert_never(step)
    over = row.status is EreferralStatus.CANCELLED
    status = ReplyStatus.OK if over else ReplyStatus.ACCEPTED
    return Done(status, ereferral_resource(row), row.id)


def _ask(row: Ereferral, command: EreferralCancel, workspace: Workspace) -> None:
    row.cancel_requested_at = workspace.now
    row.cancel_reason = command.reason


def _remember(command: EreferralCancel, workspace: Workspace) -> None:
    """Its dispatch was not heard yet: when it is, it ends at once."""
    if workspace.find(EarlyCancel, command.ereferral_uuid) is not None:
        return
    early = EarlyCancel(
        org_id=workspace.org_id,
        ereferral_id=command.ereferral_uuid,
        reason=command.reason,
        requested_at=workspace.now,
    )
    workspace.add(EarlyCancel, command.ereferral_uuid, row=early)


def _needs_of_cancel(command: EreferralCancel) -> list[Need]:
    return [
        Need(Ereferral, (command.ereferral_uuid,), writes=True),
        Need(EarlyCancel, (command.ereferral_uuid,)),
    ]


def _rows_around(command: EreferralCancel, workspace: Workspace) -> Sequence[Need]:
    row = workspace.find(Ereferral, command.ereferral_uuid)
    return () if row is None else [*lanes_of(row), *newest_attempt(row)]


HANDLERS = [
    handles(CANCEL_EREFERRAL, cancel, needs=_needs_of_cancel, then_needs=_rows_around),
]
