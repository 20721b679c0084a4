"""Reading referral sources."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from contracts.problems import ProblemCode
from contracts.referral_source import (
    GET_REFERRAL_SOURCE,
    LIST_REFERRAL_SOURCES,
    ReferralSourceGet,
    ReferralSourceList,
)
from contracts.referral_source import ReferralSource as Resource
from contracts.shapes import Listed
from messaging.handlers.pages import contains, read_list, rows_as
from messaging.handlers.reader import reads
from services.referrals.handlers.source import source_resource
from services.referrals.models.source import ReferralSource
from services.referrals.queries.finding import find_unarchived

_AS_SHOWN = (
    joinedload(ReferralSource.figures),
    joinedload(ReferralSource.linked_patient),
    joinedload(ReferralSource.linked_referral_partner),
)


def _shown(row: ReferralSource) -> Resource:
    return source_resource(row, row.figures, row.linked_patient, row.linked_referral_partner)


async def get(query: ReferralSourceGet, session: AsyncSession, _: datetime) -> Resource:
    row = await find_unarchived(
        session,
        ReferralSource,
        query.org_id,
        query.referral_source_uuid,
        ProblemCode.REFERRAL_SOURCE_NOT_FOUND,
        options=_AS_SHOWN,
    )
    return _shown(row)


async def list_(query: ReferralSourceList, session: AsyncSession, _: datetime) -> Listed[Resource]:
    shown = rows_as(session, query.org_id, ReferralSource, _shown, *_AS_SHOWN)
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
    return await read_list(session, query, source, wanted, order=(source.sort_order,), shown=shown)


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
