"""Reading patients' attributions."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from contracts.problems import ProblemCode
from contracts.referral_attribution import (
    GET_REFERRAL_ATTRIBUTION,
    LIST_REFERRAL_ATTRIBUTIONS,
    ReferralAttributionGet,
    ReferralAttributionList,
)
from contracts.referral_attribution import ReferralAttribution as Resource
from contracts.shapes import Listed
from messaging.handlers.pages import read_list, rows_as
from messaging.handlers.reader import reads
from services.referrals.handlers.attribution import attribution_resource
from services.referrals.models.attribution import ReferralAttribution
from services.referrals.models.directory import Patient
from services.referrals.queries.finding import find_unarchived
from services.referrals.queries.source import linked_patients

_AS_SHOWN = (
    joinedload(ReferralAttribution.patient, innerjoin=True),
    joinedload(ReferralAttribution.referral_source),
    joinedload(ReferralAttribution.referral_partner),
    joinedload(ReferralAttribution.provider),
    joinedload(ReferralAttribution.referring_patient),
)


def _shown(row: ReferralAttribution) -> Resource:
    return attribution_resource(
        row,
        row.patient,
        row.referral_source,
        row.referral_partner,
        row.provider,
        row.referring_patient,
    )


async def get(query: ReferralAttributionGet, session: AsyncSession, _: datetime) -> Resource:
    await _check_patient(query, session)
    row = await find_unarchived(
        session,
        ReferralAttribution,
        query.org_id,
        query.attribution_uuid,
        ProblemCode.REFERRAL_ATTRIBUTION_NOT_FOUND,
        belongs=lambda found: found.patient_id == query.patient_uuid,
        options=_AS_SHOWN,
    )
    return _shown(row)


async def list_(
    query: ReferralAttributionList, session: AsyncSession, _: datetime
) -> Listed[Resource]:
    await _check_patient(query, session)

    shown = rows_as(session, query.org_id, ReferralAttribution, _shown, *_AS_SHOWN)
    attribution = ReferralAttribution
    wanted = (
        attribution.org_id == query.org_id,
        attribution.patient_id == query.patient_uuid,
        attribution.deleted_at.is_(None),
    )
    newest_first = (attribution.attributed_at.desc(), attribution.id)
    return await read_list(session, query, attribution, wanted, order=newest_first, shown=shown)


async def _check_patient(
    query: ReferralAttributionGet | ReferralAttributionList, session: AsyncSession
) -> None:
    missing = ProblemCode.PATIENT_NOT_FOUND
    await find_unarchived(session, Patient, query.org_id, query.patient_uuid, missing)


async def _patient(
    query: ReferralAttributionGet, shown: Resource, session: AsyncSession
) -> set[UUID]:
    return await _patients(query.org_id, [shown], session)


async def _listed_patients(
    query: ReferralAttributionList, page: Listed[Resource], session: AsyncSession
) -> set[UUID]:
    return await _patients(query.org_id, page.items, session)


async def _patients(org_id: str, shown: Sequence[Resource], session: AsyncSession) -> set[UUID]:
    """Who was brought, and who brought them, as a patient or as a source that is linked to one."""
    named = [reference for one in shown for reference in (one.patient, one.referring_patient)]
    sources = {one.referral_source.uuid for one in shown if one.referral_source is not None}
    linked = await linked_patients(org_id, sources, session)
    return {*linked, *(reference.uuid for reference in named if reference is not None)}


READERS = [
    reads(GET_REFERRAL_ATTRIBUTION, get, find_patients=_patient),
    reads(LIST_REFERRAL_ATTRIBUTIONS, list_, find_patients=_listed_patients),
]
