"""What a cancel means where an e-referral stands."""

import pytest

from contracts.referral import EreferralStatus
from services.ereferral_dispatch.rules.cancelling import CancelStep, cancel_step

WAITING = [
    EreferralStatus.QUEUED,
    EreferralStatus.RETRY_SCHEDULED,
    EreferralStatus.HELD,
    EreferralStatus.AWAITING_CALL,
    EreferralStatus.FAILED,
]


@pytest.mark.parametrize("status", WAITING)
def test_what_certainly_never_left_is_cancelled_at_once(status: EreferralStatus) -> None:
    """Not begun, or certain that nothing left: cancelled, and nothing is sent."""
    assert cancel_step(status, "referral", maybe_received=False) is CancelStep.CANCEL_NOW


@pytest.mark.parametrize(
    "status",
    [*WAITING, EreferralStatus.DELIVERED, EreferralStatus.SENT, EreferralStatus.OUTCOME_UNKNOWN],
)
def test_who_has_it_or_may_have_it_is_told(status: EreferralStatus) -> None:
    """May have been received, or was: the partner is told."""
    assert cancel_step(status, "referral", maybe_received=True) is CancelStep.TELL_PARTNER


@pytest.mark.parametrize("maybe_received", [False, True])
def test_an_attempt_under_way_decides_at_its_outcome(maybe_received: bool) -> None:
    """In progress: what an earlier attempt did does not matter yet."""
    step = cancel_step(EreferralStatus.IN_PROGRESS, "referral", maybe_received=maybe_received)
    assert step is CancelStep.DECIDE_AT_OUTCOME


@pytest.mark.parametrize("maybe_received", [False, True])
@pytest.mark.parametrize(
    ("status", "message"),
    [
        (EreferralStatus.CANCELLED, "referral"),
        (EreferralStatus.CANCELLED, "cancellation"),
        (EreferralStatus.QUEUED, "cancellation"),
        (EreferralStatus.IN_PROGRESS, "cancellation"),
        (EreferralStatus.RETRY_SCHEDULED, "cancellation"),
        (EreferralStatus.AWAITING_CALL, "cancellation"),
    ],
)
def test_a_second_cancel_does_nothing(
    status: EreferralStatus, message: str, maybe_received: bool
) -> None:
    """What is cancelled, and what is being cancelled, is so already."""
    step = cancel_step(status, message, maybe_received=maybe_received)
    assert step is CancelStep.NOTHING
