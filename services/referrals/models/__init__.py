"""The mapped tables of referrals, split by resource."""

from services.referrals.models.attribution import ReferralAttribution
from services.referrals.models.base import Base
from services.referrals.models.directory import Patient, Practice, Provider
from services.referrals.models.partner import ReferralPartner
from services.referrals.models.referral import Referral, TimelineEntry
from services.referrals.models.source import (
    OrgCounter,
    ReferralSource,
    ReferralSourceCost,
    SourceFigures,
)

__all__ = [
    "Base",
    "OrgCounter",
    "Patient",
    "Practice",
    "Provider",
    "Referral",
    "ReferralAttribution",
    "ReferralPartner",
    "ReferralSource",
    "ReferralSourceCost",
    "SourceFigures",
    "TimelineEntry",
]
