"""Reading the mirror of patients, providers and the practice."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from contracts import directory as d
from contracts.problems import ProblemCode, not_found
from messaging.handlers.reader import about_nobody, reads
from services.referrals.handlers.directory import (
    patient_resource,
    practice_resource,
    provider_resource,
)
from services.referrals.models.directory import Patient, Practice, Provider
from services.referrals.queries.finding import find_unarchived


async def get_patient(query: d.PatientGet, session: AsyncSession, _: datetime) -> d.Patient:
    missing = ProblemCode.PATIENT_NOT_FOUND
    row = await find_unarchived(session, Patient, query.org_id, query.patient_uuid, missing)
    return patient_resource(row)


async def get_provider(query: d.ProviderGet, session: AsyncSession, _: datetime) -> d.Provider:
    missing = ProblemCode.PROVIDER_NOT_FOUND
    row = await find_unarchived(session, Provider, query.org_id, query.provider_uuid, missing)
    return provider_resource(row)


async def get_practice(query: d.PracticeGet, session: AsyncSession, _: datetime) -> d.Practice:
    row = await session.get(Practice, query.org_id)
    if row is None or row.deleted_at is not None:
        raise not_found(ProblemCode.PRACTICE_NOT_FOUND)
    return practice_resource(row)


READERS = [
    reads(d.GET_PATIENT, get_patient, patients=lambda shown: [shown.id]),
    reads(d.GET_PROVIDER, get_provider, patients=about_nobody),
    reads(d.GET_PRACTICE, get_practice, patients=about_nobody),
]
