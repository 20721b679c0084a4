"""The erasure of a patient in any service: its inbox forgets them, its outbox is asked.

The audit trail keeps its ids. Source: the promise that no copy of a patient's data stays behind
where it was only kept to answer a repeat.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, Uuid, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.replies import ReplyStatus
from messaging.database.tables import audit as trail
from messaging.database.tables import inbox, outbox
from messaging.trail import audit


class CannotErase(Exception):
    """Something about the patient is still under way. `reasons`: one line each, ids alone."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows lost something in one service, by what they are called."""

    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """Of everything."""
        return sum(self.counts.values())


async def waiting_messages(session: AsyncSession, org_id: str, subjects: Collection[UUID]) -> int:
    """How many messages about these are not published yet: they hold copies, and are promised."""
    texts = literal([str(subject) for subject in subjects], ARRAY(Text))
    statement = select(func.count()).where(
        outbox.c.org_id == org_id, outbox.c.subject == func.any_(texts)
    )
    return await session.scalar(statement) or 0


async def empty_replies(
    session: AsyncSession, org_id: str, patient_id: UUID, records: Collection[UUID]
) -> int:
    """Empty the stored replies that show the patient; a repeat gets the status and the id alone.

    Those of messages that the audit trail knows to be about the patient, and those that show one of
    the `records` as it was before.
    """
    about = select(trail.c.message_id).where(
        trail.c.org_id == org_id, trail.c.patient_ids.contains([patient_id])
    )
    shown = literal(list(records), ARRAY(Uuid))
    emptied = await session.execute(
        update(inbox)
        .where(
            inbox.c.org_id == org_id,
            inbox.c.reply.is_not(None),
            or_(inbox.c.message_id.in_(about), inbox.c.resource_id == func.any_(shown)),
        )
        .values(reply=None)
        .returning(inbox.c.message_id)
        .execution_options(synchronize_session=False)
    )
    return len(emptied.all())


async def clear(
    session: AsyncSession, model: type[Any], *which: ColumnElement[bool], **to: str | None
) -> int:
    """Set columns of these rows, where one holds anything else; how many rows that changed."""
    columns: Mapping[str, Any] = model.__table__.c
    different = or_(*(columns[name].is_distinct_from(value) for name, value in to.items()))
    cleared = await session.execute(
        update(model)
        .where(*which, different)
        .values(to)
        .returning(model.org_id)
        .execution_options(synchronize_session=False)
    )
    return len(cleared.all())


async def write_down(
    session: AsyncSession, org_id: str, patient_id: UUID, operator: audit.Operator
) -> None:
    """Leave in the audit trail that the patient was erased here."""
    entry = operator.did(
        "patient.erase",
        at=(await session.scalars(select(func.now()))).one(),
        org_id=org_id,
        status=ReplyStatus.ARCHIVED,
        record_id=patient_id,
        patient_ids=[patient_id],
    )
    await audit.append(session, [entry])
