"""The lifecycle of an outbound referral.

Source: docs/contract/wire.md#referrals, after FHIR R4 ServiceRequest and Task.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from contracts.fulfilment import FORWARD, fulfilment_after
from contracts.problems import ProblemCode, Refusal
from contracts.referral import (
    CANCEL_REFERRAL,
    CREATE_REFERRAL,
    RECORD_REFERRAL_RESPONSE,
    RESPOND_WITHIN,
    SEND_REFERRAL,
    UPDATE_REFERRAL,
    FulfilmentStatus,
    ReferralStatus,
    Response,
)
from contracts.referral_partner import NO_ADDRESS, ReferralPartner, contact_addresses

_GOING_ON = (ReferralStatus.DRAFT, ReferralStatus.ACTIVE)
MOST_RESPONSES = 200
"""Each stays in the timeline, with a note of at most 10,000 characters."""

TAKES: Mapping[ReferralStatus, tuple[str, ...]] = {
    ReferralStatus.DRAFT: (UPDATE_REFERRAL.name, SEND_REFERRAL.name, CANCEL_REFERRAL.name),
    ReferralStatus.ACTIVE: (RECORD_REFERRAL_RESPONSE.name, CANCEL_REFERRAL.name),
    ReferralStatus.COMPLETED: (RECORD_REFERRAL_RESPONSE.name,),
    ReferralStatus.REVOKED: (RECORD_REFERRAL_RESPONSE.name,),
}
"""Which commands are possible from where a referral stands."""


def not_from(status: ReferralStatus, asked: str) -> Refusal:
    """The refusal of a command that is not possible from here. `asked`: what is, as a sentence."""
    possible = ", ".join(TAKES[status])
    over = "" if status in _GOING_ON else f"; {CREATE_REFERRAL.name} makes a new one"
    return Refusal(
        ProblemCode.INVALID_TRANSITION,
        f"{asked}; the status of this one is {status}. Possible from there: {possible}{over}.",
    )


class Effect(StrEnum):
    """What a partner's response does to a referral."""

    MOVES = "moves"
    JOINS_TIMELINE = "joins_timeline"
    REFUSED = "refused"


def response_effect(
    status: ReferralStatus, fulfilment: FulfilmentStatus | None, response: Response
) -> Effect:
    """What a response does to a referral of this status and fulfilment status.

    Forward it moves the referral on, over steps that were left out too. Back, or to the other of
    two that exclude each other, is refused. The same again, and whatever comes after a cancel, is
    written down and changes nothing. Nobody can have answered a draft.
    """
    if status is ReferralStatus.REVOKED:
        return Effect.JOINS_TIMELINE
    if fulfilment is None:
        return Effect.REFUSED
    if fulfilment is fulfilment_after(response):
        return Effect.JOINS_TIMELINE
    if response in FORWARD[fulfilment]:
        return Effect.MOVES
    return Effect.REFUSED


def check_can_be_answered(
    status: ReferralStatus, fulfilment: FulfilmentStatus | None, effect: Effect
) -> None:
    """Whether a response may be recorded by a command. Raises Refusal `invalid_transition`."""
    if effect is not Effect.REFUSED:
        return
    if fulfilment is None:
        raise not_from(status, "Only a referral that was sent can be answered")
    forward = [one for one in Response if one in FORWARD[fulfilment]]
    raise Refusal(
        ProblemCode.INVALID_TRANSITION,
        f"A response moves a referral forward, never back; its fulfilment_status is {fulfilment}. "
        f"Possible from there: {', '.join(forward) or 'the same response again'}.",
    )


def check_takes_a_response(effect: Effect, recorded: int) -> None:
    """Whether a referral with so many recorded responses takes this one.

    One that moves it on is always taken: there are four of them at most. Raises Refusal
    `invalid_transition`.
    """
    if effect is Effect.JOINS_TIMELINE and recorded >= MOST_RESPONSES:
        raise Refusal(
            ProblemCode.INVALID_TRANSITION,
            f"This referral has {MOST_RESPONSES} responses and takes no more that change nothing: "
            "only one that moves it on.",
        )


def names_an_appointment(
    status: ReferralStatus, effect: Effect, held: datetime | None, named: datetime | None
) -> bool:
    """Whether an answer names another appointment than is held; none after a cancel, and none that
    is refused."""
    if status is ReferralStatus.REVOKED or effect is Effect.REFUSED:
        return False
    return named is not None and named != held


def status_after(response: Response) -> ReferralStatus:
    """The referral's own status after a response: the work done completes it, no other does."""
    if response is Response.COMPLETED:
        return ReferralStatus.COMPLETED
    return ReferralStatus.ACTIVE


def check_can_be_updated(status: ReferralStatus) -> None:
    """Raises Refusal `invalid_transition` unless it is a draft: what was sent is frozen."""
    if status is not ReferralStatus.DRAFT:
        raise not_from(status, "Only a draft can be changed")


def check_can_be_previewed(status: ReferralStatus) -> None:
    """Raises Refusal `invalid_transition` unless it is a draft: what was sent has its letter."""
    if status is not ReferralStatus.DRAFT:
        raise Refusal(
            ProblemCode.INVALID_TRANSITION,
            "Only a draft can be previewed; ereferral.letter shows what was sent.",
        )


def check_can_be_cancelled(status: ReferralStatus) -> None:
    """Raises Refusal `invalid_transition` where it is over already."""
    if status not in _GOING_ON:
        raise not_from(status, "Only a draft or an active referral can be cancelled")


def fulfilment_after_cancel(fulfilment: FulfilmentStatus | None) -> FulfilmentStatus | None:
    """`cancelled` of whatever was requested, and null of a draft: FHIR has no Task of it yet."""
    return None if fulfilment is None else FulfilmentStatus.CANCELLED


def check_can_be_sent(status: ReferralStatus, partner: ReferralPartner) -> None:
    """Whether a referral may be sent now, to this partner. Raises Refusal, first failure first."""
    if status is not ReferralStatus.DRAFT:
        raise not_from(status, "Only a draft can be sent")
    if not partner.is_active:
        raise Refusal(
            ProblemCode.PARTNER_INACTIVE,
            "The partner is not active: referral_partner.update with is_active true makes it so.",
        )
    if not partner.accepts_ereferral:
        raise Refusal(
            ProblemCode.PARTNER_DOES_NOT_ACCEPT_EREFERRALS,
            "The partner does not accept e-referrals: where it does, say so by "
            "referral_partner.update with accepts_ereferral true and its ereferral_endpoint.",
        )
    if not contact_addresses(partner):
        raise Refusal(ProblemCode.NO_USABLE_CONTACT_POINT, NO_ADDRESS)


def respond_by(wished: datetime | None, sent_at: datetime) -> datetime:
    """When an answer is due: as wished, else 14 days after sending."""
    return wished or sent_at + RESPOND_WITHIN
