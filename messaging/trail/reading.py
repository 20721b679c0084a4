"""Reading the audit trail about a patient, by the query that a service answers."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.patient_trail import MOST_ENTRIES, PatientTrail, PatientTrailGet, TrailLine
from messaging.database.tables import audit


async def read_trail(query: PatientTrailGet, session: AsyncSession, _: datetime) -> PatientTrail:
    """The newest entries about the patient, as far as the org of the query has them."""
    about = (
        audit.c.org_id == query.org_id,
        audit.c.patient_ids.contains([query.patient_uuid]),
    )
    found = await session.execute(
        select(
            audit.c.at,
            audit.c.operation,
            audit.c.status,
            audit.c.client,
            audit.c.actor,
            audit.c.record_id.label("record_uuid"),
            audit.c.message_id.label("message_uuid"),
        )
        .where(*about)
        .order_by(audit.c.seq.desc())
        .limit(MOST_ENTRIES)
    )
    total = await session.scalar(select(func.count()).select_from(audit).where(*about))
    entries = [TrailLine.model_construct(**row) for row in found.mappings()]
    return PatientTrail.model_construct(entries=entries, total=total or 0)


async def whose(query: PatientTrailGet, _: PatientTrail, __: AsyncSession) -> Collection[UUID]:
    """Whose trail was read."""
    return {query.patient_uuid}
