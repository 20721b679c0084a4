"""Reading the costs of referral sources."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.problems import ProblemCode
from contracts.referral_source_cost import (
    GET_REFERRAL_SOURCE_COST,
    LIST_REFERRAL_SOURCE_COSTS,
    ReferralSourceCostGet,
    ReferralSourceCostList,
)
from contracts.referral_source_cost import ReferralSourceCost as Resource
from contracts.shapes import Listed
from messaging.handlers.pages import read_list, rows_as
from messaging.handlers.reader import reads
from services.referrals.handlers.source_cost import cost_resource
from services.referrals.models.source import ReferralSource, ReferralSourceCost
from services.referrals.queries.finding import find_unarchived
from services.referrals.queries.source import linked_patients


async def get(query: ReferralSourceCostGet, session: AsyncSession, _: datetime) -> Resource:
    source = await _source(query, session)
    row = await find_unarchived(
        session,
        ReferralSourceCost,
        query.org_id,
        query.cost_uuid,
        ProblemCode.REFERRAL_SOURCE_COST_NOT_FOUND,
        belongs=lambda found: found.referral_source_id == source.id,
    )
    return cost_resource(row, source)


async def list_(
    query: ReferralSourceCostList, session: AsyncSession, _: datetime
) -> Listed[Resource]:
    source = await _source(query, session)

    shown = rows_as(
        session, query.org_id, ReferralSourceCost, lambda row: cost_resource(row, source)
    )
    cost = ReferralSourceCost
    wanted = (
        cost.org_id == query.org_id,
        cost.referral_source_id == source.id,
        cost.deleted_at.is_(None),
    )
    by_period = (cost.period_start, cost.id)
    return await read_list(session, query, cost, wanted, order=by_period, shown=shown)


async def _source(
    query: ReferralSourceCostGet | ReferralSourceCostList, session: AsyncSession
) -> ReferralSource:
    return await find_unarchived(
        session,
        ReferralSource,
        query.org_id,
        query.referral_source_uuid,
        ProblemCode.REFERRAL_SOURCE_NOT_FOUND,
    )


async def _patient(
    query: ReferralSourceCostGet, shown: Resource, session: AsyncSession
) -> Sequence[UUID]:
    return await linked_patients(query.org_id, [shown.referral_source.uuid], session)


async def _listed_patients(
    query: ReferralSourceCostList, page: Listed[Resource], session: AsyncSession
) -> Sequence[UUID]:
    sources = {item.referral_source.uuid for item in page.items}
    return await linked_patients(query.org_id, sources, session)


READERS = [
    reads(GET_REFERRAL_SOURCE_COST, get, find_patients=_patient),
    reads(LIST_REFERRAL_SOURCE_COSTS, list_, find_patients=_listed_patients),
]
