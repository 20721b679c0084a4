"""Reading contacts."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from contracts.contact import GET_CONTACT, LIST_CONTACTS, ContactGet, ContactList
from contracts.contact import Contact as Resource
from contracts.problems import ProblemCode
from contracts.shapes import Listed
from messaging.handlers.pages import contains, read_list, rows_as
from messaging.handlers.reader import reads
from services.referrals.handlers.contact import contact_resource
from services.referrals.models.contact import Contact
from services.referrals.queries.finding import find_unarchived

_AS_SHOWN = (
    joinedload(Contact.patient),
    joinedload(Contact.referral_partner),
    joinedload(Contact.provider),
)


def _shown(row: Contact) -> Resource:
    return contact_resource(row, row.patient, row.referral_partner, row.provider)


async def get(query: ContactGet, session: AsyncSession, _: datetime) -> Resource:
    row = await find_unarchived(
        session,
        Contact,
        query.org_id,
        query.contact_uuid,
        ProblemCode.CONTACT_NOT_FOUND,
        options=_AS_SHOWN,
    )
    return _shown(row)


async def list_(query: ContactList, session: AsyncSession, _: datetime) -> Listed[Resource]:
    shown = rows_as(session, query.org_id, Contact, _shown, *_AS_SHOWN)
    wanted: list[ColumnElement[bool]] = [
        Contact.org_id == query.org_id,
        Contact.deleted_at.is_(None),
    ]
    if query.search is not None:
        wanted.append(contains(Contact.search_text, query.search))
    by_name = (Contact.sort_name, Contact.id)
    return await read_list(session, query, Contact, wanted, order=by_name, shown=shown)


async def contacts_patients(
    org_id: str, contacts: Collection[UUID], session: AsyncSession
) -> Sequence[UUID]:
    """The patients that these contacts are."""
    if not contacts:
        return ()
    ids = literal(list(contacts), ARRAY(Uuid))
    linked = await session.scalars(
        select(Contact.patient_id).where(Contact.org_id == org_id, Contact.id == func.any_(ids))
    )
    return [patient for patient in linked if patient is not None]


def _patients(*shown: Resource) -> set[UUID]:
    """The patients that contacts are."""
    return {one.patient.uuid for one in shown if one.patient is not None}


READERS = [
    reads(GET_CONTACT, get, patients=_patients),
    reads(LIST_CONTACTS, list_, patients=lambda page: _patients(*page.items)),
]
