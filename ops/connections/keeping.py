"""Adding, listing and removing connections.

Secrets go from here straight into the database, as references or sealed; never over the broker.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.connecting import System
from messaging.running.settings import load_settings
from ops.connections import interface, waiting
from ops.connections.addresses import not_asked
from ops.connections.arguments import unfit
from ops.connections.broken import broken_off, in_words
from ops.connections.finding import one
from ops.connections.trial import LETTERS_NEED_THE_KEY
from ops.connections.watching import Seen, look, progress
from ops.environment import WrongArgument
from ops.system_role import Database
from services.connectors import adding
from services.connectors.config import OPTIONS, AlfaDocsOptions
from services.connectors.credentials import WrongSecret, new_customer_key, not_here
from services.connectors.models import Connection, Run, StagedRow
from services.connectors.queries.rows import unresolved
from services.connectors.settings import ConnectorsSettings, egress_of


@dataclass(frozen=True, slots=True)
class Added:
    """What became of an addition. `new_key` is that of an interface of ours, shown this once.

    `notes`: what `handoff serve connectors` needs and could not be seen from here. `asked_at`:
    where programs ask an interface of ours. `lacks_access`: a person has to authorize it first.
    """

    id: UUID
    how: Literal["added", "added again", "changed"]
    new_key: str | None
    notes: list[str]
    asked_at: str | None
    lacks_access: bool


async def add(
    database: Database,
    org_id: str,
    system: System,
    name: str,
    options: Mapping[str, Any],
    secrets: Mapping[str, Any],
    *,
    new_key: bool = False,
) -> Added:
    """Add a connection, or change the one of that name.

    `new_key` has an interface of ours refuse its old key; one that is new gets a key anyway.
    Raises WrongArgument where an option, a secret or the name does not fit.
    """
    if new_key and system is not System.OPENDENTAL_SERVER:
        raise WrongArgument("--new-key is for opendental-server: the keys of others are made there")
    key = None
    async with database.engine("connection") as engine:
        with database.telling_why():
            before = await adding.held(engine, org_id, system, name)
        is_there = before is not None and before.removed_at is None
        if system is System.OPENDENTAL_SERVER and (new_key or not is_there):
            key, secrets = new_customer_key()
        try:
            with database.telling_why():
                id_ = await adding.add(
                    engine, org_id, system, name, options, secrets, database.operator
                )
                row = await adding.held(engine, org_id, system, name)
                assert row is not None
                lacks_access = await adding.lacks_tokens(engine, row)
        except ValidationError as wrong:
            raise unfit(wrong) from None
        except WrongSecret as wrong:
            raise WrongArgument(f"{wrong}. Give each as --secret FIELD=…") from None
        except adding.CannotAdd as wrong:
            raise WrongArgument(str(wrong)) from None
    how: Literal["added", "added again", "changed"] = "added"
    if before is not None:
        how = "changed" if is_there else "added again"
    settings = load_settings(ConnectorsSettings)
    notes, place = _notes(row, settings), None
    if system is System.OPENDENTAL_SERVER:
        place = interface.asked_at(settings)
    return Added(id_, how, key, notes, place, lacks_access)


def _notes(row: Connection, settings: ConnectorsSettings) -> list[str]:
    """What the service needs of its own environment, which may be another one than this."""
    notes = [
        f"{line} here: handoff serve connectors reads it where it runs"
        for line in not_here(row.secrets)
    ]
    options = OPTIONS[row.system](**row.config)
    notes += not_asked(egress_of(settings), options.asked)
    if isinstance(options, AlfaDocsOptions) and options.oauth and options.upload_letters:
        notes.append(LETTERS_NEED_THE_KEY)
    if row.system is System.OPENDENTAL_SERVER and settings.opendental_port is None:
        notes.append(interface.NOWHERE)
    return notes


async def listed(database: Database, org_id: str) -> list[str]:
    """A line for each connection, and below it a run that goes on and what waits for a person."""
    async with database.engine("connection") as engine:
        with database.telling_why():
            seen = [await look(engine, row) for row in await adding.find(engine, org_id)]
            async with AsyncSession(engine) as session:
                rows = await unresolved(session, StagedRow.org_id == org_id)
                broken = await broken_off(session, Run.org_id == org_id)
    lines = []
    for one_seen in seen:
        key = (org_id, one_seen.connection.id)
        lines += _lines(one_seen, rows.get(key, {}), broken.get(key, 0))
    return lines


def _lines(seen: Seen, rows_by_code: Mapping[str, int], broken: int) -> list[str]:
    row, under_way = seen.connection, progress(seen)
    state = row.code.value if row.code is not None else "fine"
    if row.needs_person:
        state += ", needs a person"
    succeeded = row.last_success_at.isoformat(timespec="seconds") if row.last_success_at else "-"
    line = f"{row.name:20} {row.system:18} {state:32} last success {succeeded}  {row.id}"
    below = [] if under_way is None else [under_way]
    below += [in_words(broken)] if broken else []
    below += [*waiting.needed(row), *waiting.lines(rows_by_code)]
    return [line, *(f"  {one}" for one in below)]


async def remove(database: Database, org_id: str, name: str) -> None:
    """Remove it. Raises CannotGoOn where there is none of that name."""
    async with database.engine("connection") as engine:
        row = await one(database, engine, org_id, name)
        with database.telling_why():
            await adding.remove(engine, org_id, row.id, database.operator)
