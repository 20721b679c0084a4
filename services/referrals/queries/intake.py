"""Reading rows from outside."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from contracts.intake import (
    GET_INTAKE,
    LIST_INTAKE,
    IntakeDetail,
    IntakeGet,
    IntakeGroupRow,
    IntakeList,
)
from contracts.intake import Intake as Resource
from contracts.problems import ProblemCode, not_found
from contracts.shapes import Listed, Reference
from messaging.handlers.pages import contains, read_list, rows_as
from messaging.handlers.reader import reads
from services.referrals.handlers.intake_map import map_resource, mapped_partner, mapped_source
from services.referrals.handlers.intake_resource import intake_resource
from services.referrals.models.intake import Intake, IntakeMapEntry
from services.referrals.queries.contact import contacts_patients
from services.referrals.queries.intake_candidates import find_candidates
from services.referrals.queries.intake_map import AS_SHOWN

_AS_SHOWN = (joinedload(Intake.patient), joinedload(Intake.contact))


def _shown(row: Intake) -> Resource:
    became = row.patient or row.contact
    return intake_resource(row, became.name if became else None)


async def get(query: IntakeGet, session: AsyncSession, _: datetime) -> IntakeDetail:
    key = (query.org_id, query.intake_uuid)
    row = await session.get(Intake, key, options=_AS_SHOWN)
    if row is None:
        raise not_found(ProblemCode.INTAKE_NOT_FOUND)
    source, partner = await _mapped(row, session)
    return IntakeDetail.model_construct(
        **dict(_shown(row)),
        group=await _group(row, session),
        candidates=await find_candidates(row, session),
        mapped_source=source,
        mapped_partner=partner,
    )


async def _group(row: Intake, session: AsyncSession) -> list[IntakeGroupRow]:
    names = ("row_number", "status", "referral_role", "first_name", "surname")
    found = await session.execute(
        select(Intake.id.label("uuid"), *(getattr(Intake, name) for name in names))
        .where(Intake.org_id == row.org_id, Intake.group_id == row.group_id)
        .order_by(Intake.row_number)
    )
    return [IntakeGroupRow.model_construct(**one) for one in found.mappings()]


async def _mapped(row: Intake, session: AsyncSession) -> tuple[Reference | None, Reference | None]:
    """The source and the partner to which the row's form is mapped now."""
    found = await session.scalars(
        select(IntakeMapEntry)
        .where(
            IntakeMapEntry.org_id == row.org_id,
            IntakeMapEntry.outside_id.in_([one for one in (row.source, row.project) if one]),
        )
        .options(*AS_SHOWN)
    )
    entries = found.all()
    shown = [map_resource(one, one.referral_source, one.referral_partner) for one in entries]
    things = [one.referral_source or one.referral_partner for one in shown]
    by_id = {thing.uuid: thing for thing in things if thing is not None}
    source = mapped_source(entries, row.source, row.referral_role)
    partner = mapped_partner(entries, row.project)
    return (by_id[source] if source else None), (by_id[partner] if partner else None)


async def list_(query: IntakeList, session: AsyncSession, _: datetime) -> Listed[Resource]:
    shown = rows_as(session, query.org_id, Intake, _shown, *_AS_SHOWN)
    wanted: list[ColumnElement[bool]] = [Intake.org_id == query.org_id]
    if query.status is not None:
        wanted.append(Intake.status == query.status)
    if query.source is not None:
        wanted.append(Intake.source == query.source)
    if query.suspected_spam is not None:
        wanted.append(Intake.suspected_spam == query.suspected_spam)
    if query.search is not None:
        wanted.append(contains(Intake.search_text, query.search))
    oldest_first = (Intake.created_at, Intake.id)
    return await read_list(session, query, Intake, wanted, order=oldest_first, shown=shown)


async def _patients(org_id: str, rows: Sequence[Resource], session: AsyncSession) -> set[UUID]:
    """Whom rows were taken in as, also as a contact that is a patient."""
    contacts = [row.contact.uuid for row in rows if row.contact is not None]
    known_as = await contacts_patients(org_id, contacts, session)
    return {*known_as, *(row.patient.uuid for row in rows if row.patient is not None)}


async def _patients_of_one(
    query: IntakeGet, shown: IntakeDetail, session: AsyncSession
) -> set[UUID]:
    """And whom it may be."""
    candidates = (one.patient.id for one in shown.candidates)
    return {*await _patients(query.org_id, [shown], session), *candidates}


async def _listed_patients(
    query: IntakeList, page: Listed[Resource], session: AsyncSession
) -> set[UUID]:
    return await _patients(query.org_id, page.items, session)


READERS = [
    reads(GET_INTAKE, get, find_patients=_patients_of_one),
    reads(LIST_INTAKE, list_, find_patients=_listed_patients),
]
