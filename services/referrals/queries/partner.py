"""Reading referral partners."""

from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.problems import ProblemCode, not_found
from contracts.referral_partner import ReferralPartner as Resource
from contracts.referral_partner import ReferralPartnerGet, ReferralPartnerList
from contracts.shapes import Listing
from messaging.listing import contains, page_of
from messaging.queries import Reader, Readers
from services.referrals.handlers.partner import partner_resource
from services.referrals.models import ReferralPartner


async def get(query: ReferralPartnerGet, session: AsyncSession, _: datetime) -> Resource:
    row = await session.get(ReferralPartner, (query.org_id, query.referral_partner_uuid))
    if row is None or row.deleted_at is not None:
        raise not_found(ProblemCode.REFERRAL_PARTNER_NOT_FOUND, query.referral_partner_uuid)
    return partner_resource(row)


async def list_(
    query: ReferralPartnerList, session: AsyncSession, _: datetime
) -> Listing[Resource]:
    partner = ReferralPartner
    wanted: list[ColumnElement[bool]] = [
        partner.org_id == query.org_id,
        partner.deleted_at.is_(None),
    ]
    if query.contact_type is not None:
        wanted.append(partner.contact_type == query.contact_type)
    if query.specialty is not None:
        wanted.append(func.lower(partner.specialty) == func.lower(query.specialty))
    if query.is_active is not None:
        wanted.append(partner.is_active == query.is_active)
    if query.search is not None:
        wanted.append(contains(partner.search_text, query.search))
    statement = select(partner).where(*wanted).order_by(partner.sort_name, partner.id)
    return await page_of(session, statement, query, partner_resource)


READERS: Readers = {
    "referral_partner.get": Reader(ReferralPartnerGet, get),
    "referral_partner.list": Reader(ReferralPartnerList, list_),
}
