"""Rules of what may follow when a partner declines, fails, stays silent or asks.

Source: docs/contract/wire.md#follow-up.
"""

from contracts.problems import ProblemCode, Refusal
from contracts.referral import EreferralStatus, FulfilmentStatus, ReferralStatus
from services.referrals.rules.referral import not_from

MOST_REOPENINGS = 20
"""Each stays in the timeline, with a note of at most 10,000 characters."""

_ANSWERING = (
    FulfilmentStatus.REQUESTED,
    FulfilmentStatus.ACCEPTED,
    FulfilmentStatus.IN_PROGRESS,
)


def check_can_be_sent_on(
    status: ReferralStatus,
    fulfilment: FulfilmentStatus | None,
    dispatch: EreferralStatus | None,
    *,
    overdue: bool,
) -> None:
    """Whether another referral may follow this one. Raises Refusal `invalid_transition`."""
    stuck = (
        fulfilment in (FulfilmentStatus.REJECTED, FulfilmentStatus.FAILED)
        or dispatch is EreferralStatus.FAILED
        or overdue
    )
    asked = (
        "Only an active referral that was declined, failed, could not be delivered or is overdue "
        "is sent on"
    )
    if status is not ReferralStatus.ACTIVE:
        raise not_from(status, asked)
    if not stuck:
        raise Refusal(
            ProblemCode.INVALID_TRANSITION,
            f"{asked}; the fulfilment_status of this one is {fulfilment}, its dispatch_status "
            f"{dispatch}, and it is not overdue.",
        )


def check_can_be_reopened(
    status: ReferralStatus, fulfilment: FulfilmentStatus | None, reopened: int
) -> None:
    """Whether a decline may be taken back, after so many that were. Raises Refusal
    `invalid_transition`."""
    if status is not ReferralStatus.ACTIVE:
        raise not_from(status, "Only an active referral that was declined is reopened")
    if fulfilment is not FulfilmentStatus.REJECTED:
        raise Refusal(
            ProblemCode.INVALID_TRANSITION,
            "Only an active referral that was declined is reopened; the fulfilment_status of this "
            f"one is {fulfilment}.",
        )
    if reopened >= MOST_REOPENINGS:
        raise Refusal(
            ProblemCode.INVALID_TRANSITION,
            f"This referral was reopened {MOST_REOPENINGS} times and is no more: referral.create "
            "with follows_uuid sends it on to another partner.",
        )


def check_is_not_followed(follower: ReferralStatus | None) -> None:
    """Raises Refusal `invalid_transition` where a referral was sent on already, by one that is not
    cancelled. None: it never was."""
    if follower is not None and follower is not ReferralStatus.REVOKED:
        raise Refusal(
            ProblemCode.INVALID_TRANSITION,
            "It was sent on already: cancel the referral that follows it (followed_by) first.",
        )


def takes_a_question(status: ReferralStatus, fulfilment: FulfilmentStatus | None) -> bool:
    """Whether the partner may ask: where it may still answer, or is at work."""
    return status is ReferralStatus.ACTIVE and fulfilment in _ANSWERING


def check_can_be_informed(question: str | None) -> None:
    """Raises Refusal `invalid_transition` where no partner's question waits."""
    if question is None:
        raise Refusal(
            ProblemCode.INVALID_TRANSITION,
            "No question of the partner's waits for an answer: information_requested is null.",
        )
