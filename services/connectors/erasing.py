"""Erasing a patient: what is sealed of them goes, and their numbers are passed over for ever.

A patient who is erased here and not in the practice-management system is read there again and
again: that their number is marked is what keeps them from coming back.
"""

from uuid import UUID

from sqlalchemy import and_, delete, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.connecting import ImportKind
from messaging.trail import audit
from messaging.trail.erasure import CannotErase, Erased, empty_replies, write_down
from services.connectors.handlers.referral_news import THERE
from services.connectors.models import Connection, ExternalId, OdReferral, OutgoingRow, StagedRow


async def erase(
    session: AsyncSession, org_id: str, patient_id: UUID, operator: audit.Operator
) -> Erased:
    """Erase what is held about a patient; the caller commits, or rolls back to have only looked.

    `session` works as the system role. No run writes meanwhile: the connections are locked. Raises
    CannotErase where a command about the patient is on its way.
    """
    await session.execute(
        select(Connection.id).where(Connection.org_id == org_id).with_for_update(key_share=True)
    )
    of_patient = await session.execute(
        select(ExternalId.connection_id, ExternalId.external_id).where(
            ExternalId.org_id == org_id,
            ExternalId.kind == ImportKind.PATIENT,
            ExternalId.uuid == patient_id,
        )
    )
    numbers = [(row.connection_id, row.external_id) for row in of_patient]
    rows = staged = 0
    for connection_id, number in numbers:
        await _check_nothing_under_way(session, org_id, connection_id, number)
        gone = await session.execute(
            delete(StagedRow)
            .where(
                StagedRow.org_id == org_id,
                StagedRow.connection_id == connection_id,
                or_(
                    StagedRow.parent == number,
                    and_(StagedRow.kind == ImportKind.PATIENT, StagedRow.external_id == number),
                ),
            )
            .returning(StagedRow.id)
            .execution_options(synchronize_session=False)
        )
        staged += len(gone.all())
        marked = await session.execute(
            update(ExternalId)
            .where(
                ExternalId.org_id == org_id,
                ExternalId.connection_id == connection_id,
                ~ExternalId.erased,
                or_(
                    ExternalId.parent == number,
                    and_(ExternalId.kind == ImportKind.PATIENT, ExternalId.external_id == number),
                ),
            )
            .values(erased=True, base=None, identity=None)
            .returning(ExternalId.external_id)
            .execution_options(synchronize_session=False)
        )
        rows += len(marked.all())
    shown = await session.execute(
        delete(OdReferral)
        .where(OdReferral.org_id == org_id, OdReferral.patient_id == patient_id)
        .returning(OdReferral.referral_num)
        .execution_options(synchronize_session=False)
    )
    replies = await empty_replies(session, org_id, patient_id, [])
    erased = Erased(
        {
            "rows known": rows,
            "rows staged": staged,
            "rows shown": len(shown.all()),
            "stored replies": replies,
        }
    )
    if erased.total:
        await write_down(session, org_id, patient_id, operator)
    return erased


async def _check_nothing_under_way(
    session: AsyncSession, org_id: str, connection_id: UUID, number: str
) -> None:
    known = select(ExternalId.kind, ExternalId.external_id).where(
        ExternalId.org_id == org_id,
        ExternalId.connection_id == connection_id,
        or_(
            ExternalId.parent == number,
            and_(ExternalId.kind == ImportKind.PATIENT, ExternalId.external_id == number),
        ),
    )
    of_patient = known.subquery()
    # What rests until a person has decided is never sent: its row goes.
    await session.execute(
        delete(OutgoingRow)
        .where(
            OutgoingRow.org_id == org_id,
            OutgoingRow.connection_id == connection_id,
            OutgoingRow.target == THERE,
            OutgoingRow.due_at.is_(None),
            tuple_(OutgoingRow.kind, OutgoingRow.external_id).in_(known),
        )
        .execution_options(synchronize_session=False)
    )
    under_way = await session.scalar(
        select(func.count())
        .select_from(OutgoingRow)
        .join(
            of_patient,
            and_(
                OutgoingRow.kind == of_patient.c.kind,
                OutgoingRow.external_id == of_patient.c.external_id,
            ),
        )
        .where(OutgoingRow.org_id == org_id, OutgoingRow.connection_id == connection_id)
    )
    if under_way:
        raise CannotErase([f"connectors has {under_way} commands about the patient to send: wait"])
