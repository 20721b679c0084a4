"""Reading what the forms outside mean here."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from contracts.intake_map import LIST_INTAKE_MAP, IntakeMapList
from contracts.intake_map import IntakeMapEntry as Resource
from contracts.shapes import Listed
from messaging.handlers.pages import read_list, rows_as
from messaging.handlers.reader import reads
from services.referrals.handlers.intake_map import map_resource
from services.referrals.models.intake import IntakeMapEntry
from services.referrals.queries.source import linked_patients

AS_SHOWN = (
    joinedload(IntakeMapEntry.referral_source),
    joinedload(IntakeMapEntry.referral_partner),
)


async def list_(query: IntakeMapList, session: AsyncSession, _: datetime) -> Listed[Resource]:
    shown = rows_as(
        session,
        query.org_id,
        IntakeMapEntry,
        lambda row: map_resource(row, row.referral_source, row.referral_partner),
        *AS_SHOWN,
    )
    entry = IntakeMapEntry
    wanted = (entry.org_id == query.org_id, entry.deleted_at.is_(None))
    order = (entry.kind, entry.outside_id, entry.referral_role)
    return await read_list(session, query, entry, wanted, order=order, shown=shown)


async def _patients(
    query: IntakeMapList, page: Listed[Resource], session: AsyncSession
) -> Sequence[UUID]:
    sources = [one.referral_source.uuid for one in page.items if one.referral_source is not None]
    return await linked_patients(query.org_id, sources, session)


READERS = [reads(LIST_INTAKE_MAP, list_, find_patients=_patients)]
