"""The lifecycle of an outbound referral.

Source: the wire contract's section 5, "Outbound referrals", after FHIR R4 ServiceRequest and Task.
"""

from datetime import datetime, timedelta

from contracts.problems import ProblemCode, Refusal
from contracts.referral import ReferralStatus
from contracts.referral_partner import ReferralPartner, contact_addresses

RESPOND_WITHIN = timedelta(days=14)


def check_can_be_sent(status: str, partner: ReferralPartner) -> None:
    """Whether a referral may be sent now, to this partner. Raises Refusal, first failure first."""
    if status != ReferralStatus.DRAFT:
        raise Refusal(ProblemCode.INVALID_TRANSITION, "Only a draft can be sent.")
    if not partner.is_active:
        raise Refusal(ProblemCode.PARTNER_INACTIVE, "The partner is not active.")
    if not partner.accepts_ereferral:
        raise Refusal(
            ProblemCode.PARTNER_DOES_NOT_ACCEPT_EREFERRALS,
            "The partner does not accept e-referrals.",
        )
    if not contact_addresses(partner):
        raise Refusal(
            ProblemCode.NO_USABLE_CONTACT_POINT,
            "The partner has no address that an e-referral can be sent to.",
        )


def respond_by(wished: datetime | None, sent_at: datetime) -> datetime:
    """When an answer is due: as wished, else 14 days after sending."""
    return wished or sent_at + RESPOND_WITHIN
