"""Operations on a referral that a partner declined, or asks something about.

To send one on is `referral.create` with `follows_uuid`: a draft of its own, to another partner.
"""

from typing import Final

from contracts.operations import Service, command
from contracts.referral import Referral, referral_event
from contracts.shapes import Update
from contracts.text import RequiredNotes
from contracts.values import Uuid


class ReferralReopen(Update):
    """`referral.reopen` → 200: one that was declined by mistake is `requested` again."""

    referral_uuid: Uuid
    note: RequiredNotes


class ReferralProvideInformation(Update):
    """`referral.provide_information` → 200: what the partner who asked is told."""

    referral_uuid: Uuid
    note: RequiredNotes


REOPEN_REFERRAL: Final = command("referral.reopen", Service.REFERRALS, ReferralReopen, Referral)
PROVIDE_REFERRAL_INFORMATION: Final = command(
    "referral.provide_information", Service.REFERRALS, ReferralProvideInformation, Referral
)

REFERRAL_REOPENED: Final = referral_event("referral.reopened")
REFERRAL_SENT_ON: Final = referral_event("referral.sent_on")
REFERRAL_INFORMATION_REQUESTED: Final = referral_event("referral.information_requested")
REFERRAL_INFORMATION_PROVIDED: Final = referral_event("referral.information_provided")
