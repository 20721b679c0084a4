"""Reading outbound referrals."""

from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.problems import ProblemCode, not_found
from contracts.referral import Referral as Resource
from contracts.referral import ReferralDetail, ReferralGet, ReferralList
from contracts.referral import TimelineEntry as Entry
from contracts.shapes import Listing
from messaging.loading import load
from messaging.queries import Reader, Readers
from messaging.workspace import Need, Rows
from services.referrals.handlers.referral_record import pointed_to, referral_resource
from services.referrals.models import (
    Patient,
    Provider,
    Referral,
    ReferralPartner,
    TimelineEntry,
)
from services.referrals.queries.pages import ids_of_page


async def get(query: ReferralGet, session: AsyncSession, _: datetime) -> ReferralDetail:
    row = await session.get(Referral, (query.org_id, query.referral_uuid))
    if row is None or row.deleted_at is not None:
        raise not_found(ProblemCode.REFERRAL_NOT_FOUND, query.referral_uuid)
    entries = await session.scalars(
        select(TimelineEntry)
        .where(TimelineEntry.org_id == query.org_id, TimelineEntry.referral_id == row.id)
        .order_by(TimelineEntry.at, TimelineEntry.id)
    )
    (shown,) = await _shown(session, [row])
    return ReferralDetail.model_construct(
        **dict(shown),
        timeline=[
            Entry.model_construct(at=e.at, event=e.event, actor=e.actor, detail=e.detail)
            for e in entries
        ],
    )


async def list_(query: ReferralList, session: AsyncSession, _: datetime) -> Listing[Resource]:
    newest_first = (Referral.created_at.desc(), Referral.id.desc())
    ids, total = await ids_of_page(session, Referral.id, _wanted(query), newest_first, query)
    found = Rows()
    await load(session, found, ((query.org_id, Need(Referral, (id_,))) for id_ in ids))
    rows = [found.found[Referral, (query.org_id, id_)] for id_ in ids]
    return Listing.model_construct(
        items=await _shown(session, rows),
        page=query.page,
        page_size=query.page_size,
        total=total,
    )


def _wanted(query: ReferralList) -> list[ColumnElement[bool]]:
    filters = {
        Referral.patient_id: query.patient_uuid,
        Referral.referral_partner_id: query.referral_partner_uuid,
        Referral.status: query.status,
        Referral.fulfilment_status: query.fulfilment_status,
        Referral.dispatch_status: query.dispatch_status,
        Referral.overdue: query.overdue,
    }
    return [
        Referral.org_id == query.org_id,
        Referral.deleted_at.is_(None),
        *(column == value for column, value in filters.items() if value is not None),
    ]


async def _shown(session: AsyncSession, rows: list[Referral]) -> list[Resource]:
    """As they are shown; the names of all their references come by one statement a table."""
    named = Rows()
    await load(session, named, ((row.org_id, need) for row in rows for need in pointed_to(row)))
    return [
        referral_resource(
            row,
            named.found[Patient, (row.org_id, row.patient_id)],
            named.found[ReferralPartner, (row.org_id, row.referral_partner_id)],
            named.found.get((Provider, (row.org_id, row.referring_provider_id))),
        )
        for row in rows
    ]


READERS: Readers = {
    "referral.get": Reader(ReferralGet, get, patients=lambda shown: [shown.patient.uuid]),
    "referral.list": Reader(
        ReferralList, list_, patients=lambda page: [item.patient.uuid for item in page.items]
    ),
}
