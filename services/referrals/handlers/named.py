"""The things that a command names by a patient's name, locked until it has committed.

Without the lock the name is read first, and what then refers to it waits behind an erasure that is
under way, only to go through with the old name. A lock waits before it reads.
"""

from uuid import UUID

from contracts.problems import ProblemCode
from messaging.handlers.workspace import Need
from services.referrals.models.directory import Patient
from services.referrals.models.source import ReferralSource


def named_patient(uuid: UUID) -> Need:
    """The patient, who is there and not archived."""
    return Need(Patient, (uuid,), writes=True, missing=ProblemCode.PATIENT_NOT_FOUND)


def named_source(uuid: UUID) -> Need:
    """The source, which is there and not archived. One that is a patient has their name."""
    missing = ProblemCode.REFERRAL_SOURCE_NOT_FOUND
    return Need(ReferralSource, (uuid,), writes=True, missing=missing)
