"""Holding the mail relay and letting it go, over all replicas.

One row for each relay, by its name. Who holds it or lets it go locks the row; it is locked last,
after an e-referral and its lane.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from sqlalchemy import Table, bindparam, func, inspect, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from contracts.events import NO_ORG, Event
from contracts.mail_relay import MAIL_RELAY_HELD, MAIL_RELAY_RELEASED
from contracts.mail_relay import MailRelay as Resource
from contracts.referral_partner import ContactMethod
from messaging.handlers.workspace import Outgoing, Publishing, Rows, Workspace
from messaging.outbox import table as outbox
from services.ereferral_dispatch.models import MailRelay
from services.ereferral_dispatch.resources import relay_resource
from services.ereferral_dispatch.rules.outcomes import RelayUnusable
from services.ereferral_dispatch.rules.relay_hold import (
    RelayState,
    must_be_held,
    must_be_released,
)

_RELAYS = UUID("5f0c6f55-7a3f-5d0e-8a51-5e0a6a1f2b9d")
_TABLE = inspect(MailRelay).local_table
assert isinstance(_TABLE, Table)
_READ = select(_TABLE).where(MailRelay.org_id == NO_ORG, MailRelay.name == bindparam("relay"))


@dataclass(frozen=True, slots=True)
class RelayUse:
    """The relay's name, and the channels that go through it."""

    name: str
    channels: frozenset[ContactMethod]


async def is_held(connection: AsyncConnection, name: str) -> bool:
    """Whether the relay is held now."""
    held = select(MailRelay.name).where(
        MailRelay.org_id == NO_ORG, MailRelay.name == name, MailRelay.held_at.is_not(None)
    )
    return await connection.scalar(held) is not None


async def find_relay(engine: AsyncEngine, name: str) -> MailRelay | None:
    """The relay as it is now; None where no replica has used it yet."""
    async with engine.connect() as connection:
        found = (await connection.execute(_READ, {"relay": name})).one_or_none()
    return None if found is None else MailRelay(**found._mapping)


async def read_relay(engine: AsyncEngine, name: str) -> MailRelay:
    """The relay as it is now; noted down where it was not known."""
    known = await find_relay(engine, name)
    if known is not None:
        return known
    async with engine.begin() as connection:
        await _note(connection, name)
        found = (await connection.execute(_READ, {"relay": name})).one()
        return MailRelay(**found._mapping)


async def hold_relay(
    connection: AsyncConnection,
    name: str,
    unusable: RelayUnusable,
    *,
    attempt_started_at: datetime,
    probe_every_seconds: float,
    publishing: Publishing,
) -> list[Outgoing]:
    """Hold the relay after an attempt that could not use it; what is to be published of that."""
    if await is_held(connection, name):
        return []  # The usual case while it is: nobody waits for its row.
    await _note(connection, name)
    row, now = await _lock(connection, name)
    if not must_be_held(RelayState(row.held_at, row.released_at), attempt_started_at):
        return []
    row.held_at, row.released_at = now, None
    row.probe_at = now + timedelta(seconds=probe_every_seconds)
    row.code, row.detail = unusable.code, unusable.detail
    announced = _announce(row, now, MAIL_RELAY_HELD, publishing)
    await _write(connection, row)
    return announced


async def begin_probe(
    engine: AsyncEngine, name: str, probe_every_seconds: float
) -> datetime | None:
    """When the probe began that this replica is to make; None where it is nobody's turn, or it was
    another's."""
    begun = (
        update(MailRelay)
        .where(
            MailRelay.org_id == NO_ORG,
            MailRelay.name == name,
            MailRelay.held_at.is_not(None),
            MailRelay.probe_at <= func.now(),
        )
        .values(probe_at=func.now() + timedelta(seconds=probe_every_seconds))
        .returning(func.now())
    )
    async with engine.begin() as connection:
        started: datetime | None = await connection.scalar(begun)
        return started


async def end_probe(
    engine: AsyncEngine,
    name: str,
    started_at: datetime,
    unusable: RelayUnusable | None,
    publishing: Publishing,
) -> bool:
    """Let the relay go after a probe that was let in, else keep why it was not. Whether it is let
    go by this."""
    async with engine.begin() as connection:
        row, now = await _lock(connection, name)
        if not must_be_released(RelayState(row.held_at, row.released_at), started_at):
            return False
        if unusable is not None:
            row.code, row.detail = unusable.code, unusable.detail
            await _write(connection, row)
            return False
        row.held_at = row.probe_at = row.code = row.detail = None
        row.released_at = now
        released = _announce(row, now, MAIL_RELAY_RELEASED, publishing)
        await _write(connection, row)
        await outbox.put(connection, released)
        return True


async def _note(connection: AsyncConnection, name: str) -> None:
    """Write the relay down, if nobody has."""
    noted = insert(MailRelay).values(
        org_id=NO_ORG,
        name=name,
        id=uuid5(_RELAYS, name),
        version=0,
        created_at=func.now(),
        updated_at=func.now(),
    )
    await connection.execute(noted.on_conflict_do_nothing())


async def _lock(connection: AsyncConnection, name: str) -> tuple[MailRelay, datetime]:
    """The relay, locked, and the transaction's time."""
    locking = _READ.with_for_update(key_share=True)
    found = (await connection.execute(locking, {"relay": name})).one()
    now = (await connection.execute(select(func.now()))).scalar_one()
    return MailRelay(**found._mapping), now


async def _write(connection: AsyncConnection, row: MailRelay) -> None:
    values = {column.key: getattr(row, column.key) for column in _TABLE.columns}
    its_row = (MailRelay.org_id == NO_ORG) & (MailRelay.name == row.name)
    await connection.execute(update(MailRelay).where(its_row).values(values))


def _announce(
    row: MailRelay, now: datetime, event: Event[Resource], publishing: Publishing
) -> list[Outgoing]:
    """The event about the relay as it is now: a version of its own."""
    row.version += 1
    row.updated_at = now
    workspace = Workspace(Rows(), publishing, org_id=NO_ORG, now=now)
    workspace.publish(event, relay_resource(row), subject=row.name)
    return workspace.outgoing
