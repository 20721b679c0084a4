"""An opened answer link, and what it makes of its e-referral: the letter has arrived."""

from contracts.ereferral import SuccessCode
from contracts.referral import EreferralStatus
from messaging.handlers.workspace import Need, Workspace
from services.ereferral_dispatch.delivery.attempt_ends import correct_as_opened
from services.ereferral_dispatch.delivery.transitions import end, note_receipt
from services.ereferral_dispatch.handlers.attempt import close_open_call, record_call
from services.ereferral_dispatch.models import Attempt, Ereferral
from services.ereferral_dispatch.rules.opening import is_withdrawn, proves_arrival
from services.ereferral_dispatch.rules.outcomes import Delivered

_RECEIVED = ("ereferral_id", "may_have_been_received")


def received_attempts(row: Ereferral) -> list[Need]:
    """The attempts after which the partner may hold it."""
    return [Need(Attempt, (row.id, True), writes=True, by=_RECEIVED)] if row.received else []


def note_opening(row: Ereferral, workspace: Workspace) -> None:
    """Note that the partner opened the link with its code; where that proves it, `delivered`.

    The newest attempt that may have arrived is corrected, also after a person took it up; where
    none was, it is the call by which the partner was given the link.
    """
    if is_withdrawn(row.status, row.message, row.cancel_requested_at):
        return
    row.opened_at = workspace.now
    if not proves_arrival(row.status, maybe_received=bool(row.received)):
        return
    attempt = _newest_received(row, workspace)
    if attempt is not None:
        close_open_call(row, workspace)
        correct_as_opened(attempt, workspace.now)
    elif row.status is EreferralStatus.AWAITING_CALL:
        record_call(row, workspace, Delivered(SuccessCode.OPENED), None)
        note_receipt(row)
    end(row, EreferralStatus.DELIVERED, workspace)


def _newest_received(row: Ereferral, workspace: Workspace) -> Attempt | None:
    if not row.received:
        return None
    attempts = workspace.find_all(Attempt, _RECEIVED, row.id, True)
    return max(attempts, key=lambda attempt: attempt.number, default=None)
