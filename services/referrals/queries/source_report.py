"""Reading what a period's marketing cost, and whom it brought."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, time
from uuid import UUID

from sqlalchemy import Date, and_, bindparam, case, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.referral_attribution import AttributionRole
from contracts.referral_source import (
    REPORT_REFERRAL_SOURCES,
    ReferralSourceReport,
    SourceReport,
    SourceReportItem,
)
from contracts.shapes import Reference
from messaging.handlers.reader import reads
from services.referrals.models.attribution import ReferralAttribution
from services.referrals.models.source import ReferralSource, ReferralSourceCost
from services.referrals.queries.source import linked_patients
from services.referrals.rules.period import Period, period_of
from services.referrals.rules.report import Spent, acquisition, cost_of, exact_sum


async def report(query: ReferralSourceReport, session: AsyncSession, _: datetime) -> SourceReport:
    period = period_of(query.period_start, query.period_end)
    sources = await session.execute(
        select(ReferralSource.id, ReferralSource.name, ReferralSource.category)
        .where(ReferralSource.org_id == query.org_id, ReferralSource.deleted_at.is_(None))
        .order_by(ReferralSource.sort_order)
    )
    spent = await _spent(query.org_id, period, session)
    new_patients = await _new_patients(query.org_id, period, session)
    items, costs, patients = [], [], 0
    for source in sources:
        costs.append(cost_of(period, spent[source.id]))
        patients += new_patients[source.id]
        items.append(
            SourceReportItem.model_construct(
                referral_source=Reference.model_construct(uuid=source.id, name=source.name),
                category=source.category,
                **dict(acquisition(costs[-1], new_patients[source.id])),
            )
        )
    return SourceReport.model_construct(
        period_start=period.start,
        period_end=period.end,
        items=items,
        # Of one patient at most one attribution is primary: nobody is counted for two sources.
        total=acquisition(exact_sum(costs), patients),
    )


async def _spent(
    org_id: str, period: Period, session: AsyncSession
) -> defaultdict[UUID, list[Spent]]:
    """What was spent in days of the period, by source; the costs of the same days are added up.

    Most costs lie within the period, and there is no share to take of those: they count as spent
    over the period itself, so that they come as one row a source and not as 50,000.
    """
    cost = ReferralSourceCost
    start = bindparam("start", period.start, Date)
    end = bindparam("end", period.end, Date)
    within = and_(cost.period_start >= start, cost.period_end <= end)
    days = (
        select(
            cost.referral_source_id,
            cost.amount,
            case((within, start), else_=cost.period_start).label("period_start"),
            case((within, end), else_=cost.period_end).label("period_end"),
        )
        .where(
            cost.org_id == org_id,
            cost.deleted_at.is_(None),
            cost.period_start <= end,
            cost.period_end >= start,
        )
        .subquery()
    )
    by = (days.c.referral_source_id, days.c.period_start, days.c.period_end)
    spent: defaultdict[UUID, list[Spent]] = defaultdict(list)
    for source, first, last, amount in await session.execute(
        select(*by, func.sum(days.c.amount)).group_by(*by)
    ):
        spent[source].append(Spent(amount, Period(first, last)))
    return spent


async def _new_patients(
    org_id: str, period: Period, session: AsyncSession
) -> defaultdict[UUID, int]:
    """Whose primary attribution was recorded in the period's days in UTC, by source.

    A patient has one primary attribution at most, so that attributions are counted for patients.
    """
    attribution = ReferralAttribution
    counted = await session.execute(
        select(attribution.referral_source_id, func.count())
        .where(
            attribution.org_id == org_id,
            attribution.deleted_at.is_(None),
            # Not a parameter: a prepared statement's general plan could not use the partial index.
            attribution.attribution_role == literal(AttributionRole.PRIMARY, literal_execute=True),
            attribution.referral_source_id.is_not(None),
            attribution.attributed_at >= datetime.combine(period.start, time.min, UTC),
            # The last moment that a timestamp can tell: the day after 9999-12-31 has no date.
            attribution.attributed_at <= datetime.combine(period.end, time.max, UTC),
        )
        .group_by(attribution.referral_source_id)
    )
    return defaultdict(int, {source: patients for source, patients in counted if source})


async def _patients(
    query: ReferralSourceReport, shown: SourceReport, session: AsyncSession
) -> Sequence[UUID]:
    sources = [item.referral_source.uuid for item in shown.items]
    return await linked_patients(query.org_id, sources, session)


READERS = [reads(REPORT_REFERRAL_SOURCES, report, find_patients=_patients)]
