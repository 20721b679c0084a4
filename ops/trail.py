"""`handoff audit`: what was done with a patient's data and who read it, in all services."""

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from contracts.values import format_time
from messaging.trail.audit import Entry, about_patient
from ops.catalogue import ServiceName
from ops.system_role import Database

TrailEntry = tuple[ServiceName, Entry]


async def read_trail(
    databases: Iterable[Database], org_id: str, patient_id: UUID
) -> list[TrailEntry]:
    """The entries about a patient, oldest first. Raises CannotGoOn."""
    found: list[TrailEntry] = []
    for database in databases:
        with database.telling_why():
            async with database.engine("audit") as engine:
                entries = await about_patient(engine, org_id, patient_id)
        found += ((database.name, entry) for entry in entries)
    # Of one moment: in the order in which each service wrote them.
    return sorted(found, key=lambda one: one[1].at)


def as_json(name: ServiceName, entry: Entry) -> str:
    """One entry as one line of JSON."""
    shown: dict[str, Any] = {
        "at": format_time(entry.at),
        "service": str(name.service),
        "operation": entry.operation,
        "status": entry.status,
        "record_id": _text(entry.record_id),
        "client": entry.client,
        "actor": entry.actor,
        "message_id": _text(entry.message_id),
        "patient_ids": [str(one) for one in entry.patient_ids],
    }
    return json.dumps(shown, ensure_ascii=False)


HEADING = (
    f"{'when':27}  {'what':30}  {'':>3}  {'record':36}  {'client':20}  {'actor':20}  message id"
)


def as_line(name: ServiceName, entry: Entry) -> str:
    """One entry for a person to read, below HEADING."""
    return (
        f"{format_time(entry.at):27}  {entry.operation:30}  {entry.status:>3}  "
        f"{_text(entry.record_id) or '-':36}  {entry.client or '-':20}  {entry.actor or '-':20}  "
        f"{_text(entry.message_id) or '-'}"
    )


def _text(uuid: UUID | None) -> str | None:
    return None if uuid is None else str(uuid)
