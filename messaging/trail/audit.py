"""The audit trail: who did or read what, when, and whose record it was. Rows are only ever added.

The service may insert, and read the entries of its transaction's orgs (`reading.py`); it can change
nothing. What a person does past the services, at the command line, is written by the system role,
which may read all. Ids are kept here, values are not.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from messaging.database.tables import audit
from messaging.wire.envelope import Envelope

# Inline: nothing is read back.
_APPEND = insert(audit).inline()


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a client did. `client` is its AMQP user, `actor` the person behind it.

    `patient_ids`: whose data was changed or shown.
    """

    at: datetime
    org_id: str
    client: str | None
    actor: str | None
    operation: str
    status: int
    record_id: UUID | None
    patient_ids: tuple[UUID, ...]
    message_id: UUID | None


def entry(
    envelope: Envelope,
    *,
    at: datetime,
    status: int,
    record_id: UUID | None,
    patient_ids: Collection[UUID],
    operation: str | None = None,
) -> Entry:
    """The entry about a message that was carried out; `operation` where it is not the message's."""
    return Entry(
        at=at,
        org_id=envelope.org_id,
        client=envelope.user_id,
        actor=envelope.actor,
        operation=operation or envelope.operation,
        status=status,
        record_id=record_id,
        patient_ids=tuple(sorted(patient_ids)),
        message_id=envelope.message_id,
    )


@dataclass(frozen=True, slots=True)
class Operator:
    """Who works at the command line: `client` to the server, `actor` to the machine."""

    client: str | None
    actor: str | None

    def did(
        self,
        operation: str,
        *,
        at: datetime,
        org_id: str,
        status: int,
        record_id: UUID | None = None,
        patient_ids: Collection[UUID] = (),
        message_id: UUID | None = None,
    ) -> Entry:
        """The entry about something done past the services."""
        return Entry(
            at=at,
            org_id=org_id,
            client=self.client,
            actor=self.actor,
            operation=operation,
            status=status,
            record_id=record_id,
            patient_ids=tuple(sorted(patient_ids)),
            message_id=message_id,
        )


async def append(session: AsyncSession | AsyncConnection, entries: Sequence[Entry]) -> None:
    """Write entries in the transaction that does what they tell."""
    if entries:
        await session.execute(_APPEND, [_row(one) for one in entries])


async def about_patient(engine: AsyncEngine, org_id: str, patient_id: UUID) -> list[Entry]:
    """What is in the trail about a patient, oldest first. `engine` works as the system role."""
    statement = (
        select(audit)
        .where(audit.c.org_id == org_id, audit.c.patient_ids.contains([patient_id]))
        .order_by(audit.c.seq)
    )
    async with engine.connect() as connection:
        rows = await connection.execute(statement)
        return [
            Entry(
                at=row.at,
                org_id=row.org_id,
                client=row.client,
                actor=row.actor,
                operation=row.operation,
                status=row.status,
                record_id=row.record_id,
                patient_ids=tuple(row.patient_ids),
                message_id=row.message_id,
            )
            for row in rows
        ]


def _row(one: Entry) -> dict[str, Any]:
    return {
        "at": one.at,
        "org_id": one.org_id,
        "client": one.client,
        "actor": one.actor,
        "operation": one.operation,
        "status": one.status,
        "record_id": one.record_id,
        "patient_ids": list(one.patient_ids),
        "message_id": one.message_id,
    }
