"""Reading the costs of referral sources."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.problems import ProblemCode, not_found
from contracts.referral_source_cost import (
    GET_REFERRAL_SOURCE_COST,
    LIST_REFERRAL_SOURCE_COSTS,
    ReferralSourceCostGet,
    ReferralSourceCostList,
)
from contracts.referral_source_cost import ReferralSourceCost as Resource
from contracts.shapes import Listing
from messaging.handlers.pages import page_of
from messaging.handlers.reader import reads
from services.referrals.handlers.source_cost import cost_resource
from services.referrals.models.source import ReferralSource, ReferralSourceCost
from services.referrals.queries.source import linked_patients


async def get(query: ReferralSourceCostGet, session: AsyncSession, _: datetime) -> Resource:
    source = await _source(query, session)
    row = await session.get(ReferralSourceCost, (query.org_id, query.cost_uuid))
    if row is None or row.deleted_at is not None or row.referral_source_id != source.id:
        raise not_found(ProblemCode.REFERRAL_SOURCE_COST_NOT_FOUND, query.cost_uuid)
    return cost_resource(row, source)


async def list_(
    query: ReferralSourceCostList, session: AsyncSession, _: datetime
) -> Listing[Resource]:
    source = await _source(query, session)
    cost = ReferralSourceCost
    statement = (
        select(cost)
        .where(
            cost.org_id == query.org_id,
            cost.referral_source_id == source.id,
            cost.deleted_at.is_(None),
        )
        .order_by(cost.period_start, cost.id)
    )
    return await page_of(session, statement, query, lambda row: cost_resource(row, source))


async def _source(
    query: ReferralSourceCostGet | ReferralSourceCostList, session: AsyncSession
) -> ReferralSource:
    row = await session.get(ReferralSource, (query.org_id, query.referral_source_uuid))
    if row is None or row.deleted_at is not None:
        raise not_found(ProblemCode.REFERRAL_SOURCE_NOT_FOUND, query.referral_source_uuid)
    return row


async def _patient(
    query: ReferralSourceCostGet, shown: Resource, session: AsyncSession
) -> Sequence[UUID]:
    return await linked_patients(query.org_id, [shown.referral_source.uuid], session)


async def _listed_patients(
    query: ReferralSourceCostList, page: Listing[Resource], session: AsyncSession
) -> Sequence[UUID]:
    sources = {item.referral_source.uuid for item in page.items}
    return await linked_patients(query.org_id, sources, session)


READERS = [
    reads(GET_REFERRAL_SOURCE_COST, get, find_patients=_patient),
    reads(LIST_REFERRAL_SOURCE_COSTS, list_, find_patients=_listed_patients),
]
