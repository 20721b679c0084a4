"""Opened answer links: what the opening proves, and which answers are taken by one.

Source: docs/contract/dispatch.md#answer-links.
"""

from datetime import datetime
from typing import assert_never

from contracts.fulfilment import FORWARD, fulfilment_after
from contracts.referral import EreferralStatus, FulfilmentStatus, Response
from letters.letter import Message


def is_withdrawn(
    status: EreferralStatus, message: Message, cancel_requested_at: datetime | None
) -> bool:
    """Whether the referral was cancelled, though the partner may still be told of it."""
    return (
        status is EreferralStatus.CANCELLED
        or message is Message.CANCELLATION
        or cancel_requested_at is not None
    )


def proves_arrival(status: EreferralStatus, *, maybe_received: bool) -> bool:
    """Whether an opening makes an e-referral that is not withdrawn `delivered`.

    Whoever opens the link holds the letter, or was given link and code by somebody who called: what
    was only sent, or unknown, or waits for a call has arrived. What is still to be tried goes on
    unless an attempt before may have been received. While one is under way, its outcome decides.
    """
    match status:
        case EreferralStatus.SENT | EreferralStatus.OUTCOME_UNKNOWN | EreferralStatus.AWAITING_CALL:
            return True
        case (
            EreferralStatus.QUEUED
            | EreferralStatus.RETRY_SCHEDULED
            | EreferralStatus.HELD
            | EreferralStatus.FAILED
        ):
            return maybe_received
        case EreferralStatus.IN_PROGRESS | EreferralStatus.DELIVERED | EreferralStatus.CANCELLED:
            return False
    assert_never(status)


def answers_taken(last: Response | None) -> list[Response]:
    """The responses that a link takes after the last answer: what leads forward, and `accepted`
    once more, for another appointment."""
    stands = FulfilmentStatus.REQUESTED if last is None else fulfilment_after(last)
    again = {Response.ACCEPTED} if last is Response.ACCEPTED else set()
    return [response for response in Response if response in FORWARD[stands] | again]


def takes_a_question(last: Response | None) -> bool:
    """Whether a partner who answered so may still ask: not where it declined, or is done."""
    return last is not Response.REJECTED and bool(answers_taken(last))
