"""Reading referral partners."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from contracts.problems import ProblemCode, not_found
from contracts.referral_partner import (
    GET_REFERRAL_PARTNER,
    LIST_REFERRAL_PARTNERS,
    ReferralPartnerGet,
    ReferralPartnerList,
)
from contracts.referral_partner import ReferralPartner as Resource
from contracts.shapes import Listing
from messaging.decision.loading import load
from messaging.handlers.pages import contains
from messaging.handlers.reader import about_nobody, reads
from messaging.handlers.workspace import Need, Rows
from services.referrals.handlers.partner import partner_resource
from services.referrals.models.partner import ReferralPartner
from services.referrals.queries.pages import ids_of_page

_LONG = aliased(ReferralPartner)


async def get(query: ReferralPartnerGet, session: AsyncSession, _: datetime) -> Resource:
    row = await session.get(ReferralPartner, (query.org_id, query.referral_partner_uuid))
    if row is None or row.deleted_at is not None:
        raise not_found(ProblemCode.REFERRAL_PARTNER_NOT_FOUND, query.referral_partner_uuid)
    return partner_resource(row)


async def list_(
    query: ReferralPartnerList, session: AsyncSession, _: datetime
) -> Listing[Resource]:
    partner, org = ReferralPartner, query.org_id
    by_name = (partner.sort_name, partner.id)
    ids, total = await ids_of_page(session, partner.id, _wanted(query), by_name, query)
    rows = Rows()
    await load(session, rows, ((org, Need(partner, (id_,))) for id_ in ids))
    return Listing.model_construct(
        items=[partner_resource(rows.found[partner, (org, id_)]) for id_ in ids],
        page=query.page,
        page_size=query.page_size,
        total=total,
    )


def _wanted(query: ReferralPartnerList) -> list[ColumnElement[bool]]:
    """All of it is in the index `referral_partner_listed`, but what is too long for an index."""
    partner = ReferralPartner
    wanted: list[ColumnElement[bool]] = [
        partner.org_id == query.org_id,
        partner.deleted_at.is_(None),
    ]
    if query.contact_type is not None:
        wanted.append(partner.contact_type == query.contact_type)
    if query.is_active is not None:
        wanted.append(partner.is_active == query.is_active)
    if query.specialty is not None:
        specialty = query.specialty.casefold()
        long = _long(query.org_id, _LONG.specialty_key, _LONG.specialty_text == specialty)
        wanted.append(or_(partner.specialty_key == specialty, partner.id.in_(long)))
    if query.search is not None:
        long = _long(query.org_id, _LONG.search_key, contains(_LONG.search_text, query.search))
        wanted.append(or_(contains(partner.search_key, query.search), partner.id.in_(long)))
    return wanted


def _long(
    org_id: str, key: InstrumentedAttribute[str | None], matches: ColumnElement[bool]
) -> Select[UUID]:
    """The few that have no key and match by what stands in their row."""
    return select(_LONG.id).where(
        _LONG.org_id == org_id, _LONG.deleted_at.is_(None), key.is_(None), matches
    )


READERS = [
    reads(GET_REFERRAL_PARTNER, get, patients=about_nobody),
    reads(LIST_REFERRAL_PARTNERS, list_, patients=about_nobody),
]
