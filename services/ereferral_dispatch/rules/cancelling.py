"""What a cancel means where an e-referral stands.

Source: the delivery rules, "Cancel".
"""

from enum import StrEnum

from contracts.referral import EreferralStatus
from services.ereferral_dispatch.senders.base import Message


class CancelStep(StrEnum):
    """What is done."""

    NOTHING = "nothing"
    """It is cancelled, or the partner is being told already."""
    CANCEL_NOW = "cancel_now"
    """Nothing has left: nothing is sent."""
    DECIDE_AT_OUTCOME = "decide_at_outcome"
    """An attempt is under way: its outcome decides."""
    TELL_PARTNER = "tell_partner"
    """The partner has it, or may have it."""


def cancel_step(status: str, message: str, *, maybe_received: bool) -> CancelStep:
    """What a cancel does now."""
    if status == EreferralStatus.CANCELLED or message == Message.CANCELLATION:
        return CancelStep.NOTHING
    if status == EreferralStatus.IN_PROGRESS:
        return CancelStep.DECIDE_AT_OUTCOME
    return CancelStep.TELL_PARTNER if maybe_received else CancelStep.CANCEL_NOW
