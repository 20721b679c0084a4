"""Reading referral partners."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from contracts.problems import ProblemCode
from contracts.referral_partner import (
    GET_REFERRAL_PARTNER,
    LIST_REFERRAL_PARTNERS,
    ReferralPartnerGet,
    ReferralPartnerList,
)
from contracts.referral_partner import ReferralPartner as Resource
from contracts.shapes import Listed
from messaging.handlers.pages import contains, read_list, rows_as
from messaging.handlers.reader import about_nobody, reads
from services.referrals.handlers.partner import partner_resource
from services.referrals.models.partner import ReferralPartner
from services.referrals.queries.finding import find_unarchived

_LONG = aliased(ReferralPartner)


async def get(query: ReferralPartnerGet, session: AsyncSession, _: datetime) -> Resource:
    row = await find_unarchived(
        session,
        ReferralPartner,
        query.org_id,
        query.referral_partner_uuid,
        ProblemCode.REFERRAL_PARTNER_NOT_FOUND,
    )
    return partner_resource(row)


async def list_(query: ReferralPartnerList, session: AsyncSession, _: datetime) -> Listed[Resource]:
    shown = rows_as(session, query.org_id, ReferralPartner, partner_resource)
    by_name = (ReferralPartner.sort_name, ReferralPartner.id)
    wanted = _wanted(query)
    return await read_list(session, query, ReferralPartner, wanted, order=by_name, shown=shown)


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
