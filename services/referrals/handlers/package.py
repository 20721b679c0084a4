"""A package: what `referral.send` freezes of a referral, and what a preview would."""

from typing import Any

from contracts.referral import Referral as Resource
from contracts.referral_partner import ReferralPartner
from services.referrals.handlers.directory import (
    patient_resource,
    practice_resource,
    provider_resource,
)
from services.referrals.models.directory import Patient, Practice, Provider
from services.referrals.models.referral import Referral


def frozen(
    row: Referral,
    resource: Resource,
    patient: Patient,
    practice: Practice,
    provider: Provider | None,
    partner: ReferralPartner,
) -> dict[str, Any]:
    """The fields of an `EreferralPackage`. `resource` is the referral as it is sent."""
    return {
        "referral": resource,
        "patient": patient_resource(patient),
        "practice": practice_resource(practice),
        "referring_provider": None if provider is None else provider_resource(provider),
        "partner": partner,
        "respond_by_offset_minutes": row.respond_by_offset_minutes,
    }
