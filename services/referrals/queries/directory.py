"""Reading the mirror of patients, providers and the practice."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from contracts import directory as d
from contracts.problems import ProblemCode, not_found
from contracts.shapes import Listed
from messaging.handlers.pages import contains, read_list, rows_as
from messaging.handlers.reader import about_nobody, reads
from services.referrals.handlers.directory import (
    patient_resource,
    practice_resource,
    provider_resource,
)
from services.referrals.models.directory import Patient, Practice, Provider
from services.referrals.queries.finding import find_unarchived
from services.referrals.queries.searching import patient_holds


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


async def list_patients(
    query: d.PatientList, session: AsyncSession, _: datetime
) -> Listed[d.Patient]:
    shown = rows_as(session, query.org_id, Patient, patient_resource)
    wanted = [Patient.org_id == query.org_id, Patient.deleted_at.is_(None)]
    if query.search is not None:
        wanted.append(patient_holds(query.org_id, query.search))
    by_name = (Patient.sort_name, Patient.id)
    return await read_list(session, query, Patient, wanted, order=by_name, shown=shown)


async def list_providers(
    query: d.ProviderList, session: AsyncSession, _: datetime
) -> Listed[d.Provider]:
    shown = rows_as(session, query.org_id, Provider, provider_resource)
    wanted = [Provider.org_id == query.org_id, Provider.deleted_at.is_(None)]
    if query.search is not None:
        wanted.append(contains(Provider.search_text, query.search))
    by_name = (Provider.sort_name, Provider.id)
    return await read_list(session, query, Provider, wanted, order=by_name, shown=shown)


READERS = [
    reads(d.GET_PATIENT, get_patient, patients=lambda shown: [shown.id]),
    reads(d.LIST_PATIENTS, list_patients, patients=lambda page: [one.id for one in page.items]),
    reads(d.GET_PROVIDER, get_provider, patients=about_nobody),
    reads(d.LIST_PROVIDERS, list_providers, patients=about_nobody),
    reads(d.GET_PRACTICE, get_practice, patients=about_nobody),
]
