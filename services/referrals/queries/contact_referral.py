"""Reading whom a contact referred."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from contracts.contact_referral import (
    GET_CONTACT_REFERRAL,
    LIST_CONTACT_REFERRALS,
    ContactReferralGet,
    ContactReferralList,
)
from contracts.contact_referral import ContactReferral as Resource
from contracts.problems import ProblemCode
from contracts.shapes import Listed
from messaging.handlers.pages import read_list, rows_as
from messaging.handlers.reader import reads
from services.referrals.handlers.contact_referral import contact_referral_resource
from services.referrals.models.contact import Contact, ContactReferral
from services.referrals.queries.finding import find_unarchived

_AS_SHOWN = (
    joinedload(ContactReferral.referred_by, innerjoin=True),
    joinedload(ContactReferral.referred_to, innerjoin=True),
)


def _shown(row: ContactReferral) -> Resource:
    return contact_referral_resource(row, row.referred_by, row.referred_to)


async def get(query: ContactReferralGet, session: AsyncSession, _: datetime) -> Resource:
    await _check_contact(query, session)
    row = await find_unarchived(
        session,
        ContactReferral,
        query.org_id,
        query.contact_referral_uuid,
        ProblemCode.CONTACT_REFERRAL_NOT_FOUND,
        belongs=lambda found: found.referred_by_id == query.contact_uuid,
        options=_AS_SHOWN,
    )
    return _shown(row)


async def list_(query: ContactReferralList, session: AsyncSession, _: datetime) -> Listed[Resource]:
    await _check_contact(query, session)

    shown = rows_as(session, query.org_id, ContactReferral, _shown, *_AS_SHOWN)
    row = ContactReferral
    wanted = (
        row.org_id == query.org_id,
        row.referred_by_id == query.contact_uuid,
        row.deleted_at.is_(None),
    )
    oldest_first = (row.created_at, row.id)
    return await read_list(session, query, row, wanted, order=oldest_first, shown=shown)


async def _check_contact(
    query: ContactReferralGet | ContactReferralList, session: AsyncSession
) -> None:
    missing = ProblemCode.CONTACT_NOT_FOUND
    await find_unarchived(session, Contact, query.org_id, query.contact_uuid, missing)


async def _patient(
    query: ContactReferralGet, shown: Resource, session: AsyncSession
) -> Sequence[UUID]:
    return await _patients(query.org_id, [shown], session)


async def _listed_patients(
    query: ContactReferralList, page: Listed[Resource], session: AsyncSession
) -> Sequence[UUID]:
    return await _patients(query.org_id, page.items, session)


async def _patients(
    org_id: str, shown: Sequence[Resource], session: AsyncSession
) -> Sequence[UUID]:
    """The patients that these contacts are."""
    named = {reference.uuid for one in shown for reference in (one.referred_by, one.referred_to)}
    if not named:
        return ()
    found = await session.scalars(
        select(Contact.patient_id).where(
            Contact.org_id == org_id, Contact.id == func.any_(literal(list(named), ARRAY(Uuid)))
        )
    )
    return [patient for patient in found if patient is not None]


READERS = [
    reads(GET_CONTACT_REFERRAL, get, find_patients=_patient),
    reads(LIST_CONTACT_REFERRALS, list_, find_patients=_listed_patients),
]
