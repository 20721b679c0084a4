"""The mapped tables of referrals, split by resource."""

from services.referrals.models.base import Base
from services.referrals.models.directory import Patient, Practice, Provider
from services.referrals.models.partner import ReferralPartner
from services.referrals.models.referral import Referral, TimelineEntry

__all__ = [
    "Base",
    "Patient",
    "Practice",
    "Provider",
    "Referral",
    "ReferralPartner",
    "TimelineEntry",
]
