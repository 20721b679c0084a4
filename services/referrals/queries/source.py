"""Reading referral sources."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from contracts.problems import ProblemCode, not_found
from contracts.referral_source import (
    GET_REFERRAL_SOURCE,
    LIST_REFERRAL_SOURCES,
    ReferralSourceGet,
    ReferralSourceList,
    ReferralSourceListing,
)
from contracts.referral_source import ReferralSource as Resource
from messaging.handlers.pages import contains, page_of
from messaging.handlers.reader import reads
from services.referrals.handlers.source import source_resource
from services.referrals.models.source import ReferralSource

_AS_SHOWN = (
    joinedload(ReferralSource.figures),
    joinedload(ReferralSource.linked_patient),
    joinedload(ReferralSource.linked_referral_partner),
)


def _shown(row: ReferralSource) -> Resource:
    return source_resource(row, row.figures, row.linked_patient, row.linked_referral_partner)


async def get(query: ReferralSourceGet, session: AsyncSession, _: datetime) -> Resource:
    key = (query.org_id, query.referral_source_uuid)
    row = await session.get(ReferralSource, key, options=_AS_SHOWN)
    if row is None or row.deleted_at is not None:
        raise not_found(ProblemCode.REFERRAL_SOURCE_NOT_FOUND, query.referral_source_uuid)
    return _shown(row)


async def list_(
    query: ReferralSourceList, session: AsyncSession, _: datetime
) -> ReferralSourceListing:
    source = ReferralSource
    wanted: list[ColumnElement[bool]] = [
        source.org_id == query.org_id,
        source.deleted_at.is_(None),
    ]
    if query.category is not None:
        wanted.append(source.category == query.category)
    if query.is_active is not None:
        wanted.append(source.is_active == query.is_active)
    if query.search is not None:
        wanted.append(contains(source.search_text, query.search))
    statement = select(source).where(*wanted).order_by(source.sort_order).options(*_AS_SHOWN)
    page = await page_of(session, statement, query, _shown)
    return ReferralSourceListing.model_construct(**dict(page))


async def linked_patients(
    org_id: str, sources: Collection[UUID], session: AsyncSession
) -> Sequence[UUID]:
    """The patients that these sources are: their names, costs and attributions tell of them."""
    if not sources:
        return ()
    ids = literal(list(sources), ARRAY(Uuid))
    linked = await session.scalars(
        select(ReferralSource.linked_patient_id).where(
            ReferralSource.org_id == org_id, ReferralSource.id == func.any_(ids)
        )
    )
    return [patient for patient in linked if patient is not None]


def _patients(*shown: Resource) -> set[UUID]:
    """The patients that sources are."""
    return {one.linked_patient.uuid for one in shown if one.linked_patient is not None}


READERS = [
    reads(GET_REFERRAL_SOURCE, get, patients=_patients),
    reads(LIST_REFERRAL_SOURCES, list_, patients=lambda page: _patients(*page.items)),
]
