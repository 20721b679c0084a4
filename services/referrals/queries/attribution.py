"""Reading patients' attributions."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from contracts.problems import ProblemCode, not_found
from contracts.referral_attribution import (
    GET_REFERRAL_ATTRIBUTION,
    LIST_REFERRAL_ATTRIBUTIONS,
    ReferralAttributionGet,
    ReferralAttributionList,
)
from contracts.referral_attribution import ReferralAttribution as Resource
from contracts.shapes import Listing
from messaging.handlers.pages import page_of
from messaging.handlers.reader import reads
from services.referrals.handlers.attribution import attribution_resource
from services.referrals.models.attribution import ReferralAttribution
from services.referrals.models.directory import Patient
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
    key = (query.org_id, query.attribution_uuid)
    row = await session.get(ReferralAttribution, key, options=_AS_SHOWN)
    if row is None or row.deleted_at is not None or row.patient_id != query.patient_uuid:
        raise not_found(ProblemCode.REFERRAL_ATTRIBUTION_NOT_FOUND, query.attribution_uuid)
    return _shown(row)


async def list_(
    query: ReferralAttributionList, session: AsyncSession, _: datetime
) -> Listing[Resource]:
    await _check_patient(query, session)
    attribution = ReferralAttribution
    statement = (
        select(attribution)
        .where(
            attribution.org_id == query.org_id,
            attribution.patient_id == query.patient_uuid,
            attribution.deleted_at.is_(None),
        )
        .order_by(attribution.attributed_at.desc(), attribution.id)
        .options(*_AS_SHOWN)
    )
    return await page_of(session, statement, query, _shown)


async def _check_patient(
    query: ReferralAttributionGet | ReferralAttributionList, session: AsyncSession
) -> None:
    row = await session.get(Patient, (query.org_id, query.patient_uuid))
    if row is None or row.deleted_at is not None:
        raise not_found(ProblemCode.PATIENT_NOT_FOUND, query.patient_uuid)


async def _patient(
    query: ReferralAttributionGet, shown: Resource, session: AsyncSession
) -> set[UUID]:
    return await _patients(query.org_id, [shown], session)


async def _listed_patients(
    query: ReferralAttributionList, page: Listing[Resource], session: AsyncSession
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
