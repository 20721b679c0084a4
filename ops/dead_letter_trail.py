"""The audit trail of dead letters: who replayed, discarded or read which one.

In the trail of the queue's service where its database URL is set, and as a line on stderr.
"""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic_core import PydanticCustomError
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.catalogue import EVENTS, OPERATIONS
from contracts.problems import Refusal
from contracts.replies import ReplyStatus
from contracts.values import parse_uuid
from messaging.replies.dead_letter import DeadLetter, org_of
from messaging.telemetry import logs
from messaging.trail import audit
from messaging.wire.connection import user_of
from messaging.wire.envelope import read_body
from messaging.wire.lenient_pamqp import MAX_NESTING
from messaging.wire.topology import ConsumedQueue
from ops.catalogue import ServiceName
from ops.system_role import Database, find_database, operator

# Where messages say whose data they hold.
_PATIENT_FIELDS = ("patient_uuid", "referring_patient_uuid", "linked_patient_uuid")
_PATIENT_OBJECTS = ("patient", "referring_patient", "linked_patient")
_KNOWN = frozenset([*OPERATIONS, *EVENTS])
"""What may stand in a log as a letter's operation: a client may have written anything there."""
_NO_ORG = ""
"""What stands for the org of a message that names none: no org is called so."""


class Deed(StrEnum):
    """What is done with a dead letter: the operation in the trail, past tense on stderr."""

    REPLAY = "replayed"
    DISCARD = "discarded"
    SHOW = "shown"

    @property
    def operation(self) -> str:
        return f"dead_letter.{self.name.lower()}"

    @property
    def status(self) -> ReplyStatus:
        """Replayed: accepted for later. Discarded: it is there no more."""
        return _STATUS[self]


_STATUS = {
    Deed.REPLAY: ReplyStatus.ACCEPTED,
    Deed.DISCARD: ReplyStatus.ARCHIVED,
    Deed.SHOW: ReplyStatus.OK,
}


@dataclass(frozen=True, slots=True)
class Trail:
    """Writes what is done with the letters of one queue; without a database, on stderr alone."""

    queue: ConsumedQueue
    operator: audit.Operator
    database: Database | None
    engine: AsyncEngine | None

    async def write(self, deed: Deed, letter: DeadLetter, words: str = "") -> None:
        """Raises CannotGoOn where the trail cannot be written: then the deed must not be done."""
        if self.database is not None and self.engine is not None:
            with self.database.telling_why():
                async with self.engine.begin() as connection:
                    now = (await connection.execute(select(func.now()))).scalar_one()
                    org_id, patient_ids = _about(letter)
                    entry = self.operator.did(
                        deed.operation,
                        at=now,
                        org_id=org_id,
                        status=deed.status,
                        patient_ids=patient_ids,
                        message_id=_uuid(letter.message_id),
                    )
                    await audit.append(connection, [entry])
        kept = "" if self.database is not None else "; in no audit trail: no database URL is set"
        logs.get(__name__).info(
            f"dead letter {deed}",
            queue=self.queue.name,
            message_id=logs.identifier(letter.message_id),
            operation=letter.operation if letter.operation in _KNOWN else None,
            detail=f"{words}by {self.operator.actor}{kept}",
        )


def trail_database(name: ServiceName) -> Database | None:
    """The database that holds the trail of a service; None where no URL of one is set.

    Runs an event loop of its own. Raises what `find_database` does: what cannot be written down is
    not to be done.
    """
    return find_database(name) if os.environ.get(f"{name.prefix}DATABASE_URL") else None


@asynccontextmanager
async def open_trail(
    queue: ConsumedQueue, rabbitmq_url: str, database: Database | None
) -> AsyncIterator[Trail]:
    """The trail of a queue's service; `database` is None where no URL of one is set."""
    person = operator(user_of(rabbitmq_url))
    if database is None:
        yield Trail(queue, person, None, None)
        return
    async with database.engine("dead_letters") as engine:
        yield Trail(queue, person, database, engine)


def _about(letter: DeadLetter) -> tuple[str, set[UUID]]:
    """The org that a letter's body names, and the patients; of what cannot be read, none."""
    try:
        body = read_body(letter.taken.body)
    except Refusal:
        return _NO_ORG, set()
    return org_of(letter) or _NO_ORG, set(_patients(body, MAX_NESTING))


def _patients(value: Any, deepest: int) -> Iterator[UUID]:
    if isinstance(value, list) and deepest:
        for child in value:
            yield from _patients(child, deepest - 1)
    if not isinstance(value, dict) or not deepest:
        return
    for name, child in value.items():
        if name in _PATIENT_OBJECTS and isinstance(child, dict):
            found = _uuid(child.get("id", child.get("uuid")))
        else:
            found = _uuid(child) if name in _PATIENT_FIELDS else None
        if found is not None:
            yield found
        yield from _patients(child, deepest - 1)


def _uuid(value: Any) -> UUID | None:
    try:
        found = parse_uuid(value)
    except PydanticCustomError:
        return None
    return found if isinstance(found, UUID) else None
