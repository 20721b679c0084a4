"""Adding and removing connections: at the command line alone, straight in the database.

Secrets never travel over the broker. A connection that is removed keeps what it knows, so that one
that is added again under the same name goes on where it was.
"""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from contracts.connecting import System
from contracts.replies import ReplyStatus
from messaging.outbox.system_work import system_work
from messaging.trail import audit
from services.connectors.config import OPTIONS
from services.connectors.credentials import check_secrets
from services.connectors.home import PUBLISHING
from services.connectors.models import Connection, OdCounter, OdReferral, Token
from services.connectors.opendental.rows import Keep
from services.connectors.rules.identity import connection_id
from services.connectors.serving.numbers import new_counter, stay_beside_theirs

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class CannotAdd(ValueError):
    """A name is none, or is another connection's; one line for a person."""


async def add(
    engine: AsyncEngine,
    org_id: str,
    system: System,
    name: str,
    options: Mapping[str, Any],
    secrets: Mapping[str, Any],
    operator: audit.Operator,
) -> UUID:
    """Add a connection, or change the one of that name; its first run begins at once.

    `secrets` are references, or sealed already. Of one that is changed, options and secrets that
    are not given stay as they are. Raises CannotAdd, WrongSecret where one is lacking or is not
    used, and pydantic's ValidationError for options that do not fit.
    """
    id_ = connection_id(org_id, system, name)
    async with system_work(engine, PUBLISHING) as work:
        await _check_name(work.session, org_id, system, name)
        row = await work.session.get(Connection, (org_id, id_), with_for_update=True)
        held = row if row is not None and row.removed_at is None else None
        config = OPTIONS[system](**{**(held.config if held else {}), **options})
        stay = {f: s for f, s in held.secrets.items() if f in config.secrets} if held else {}
        stored = {**stay, **secrets}
        check_secrets(config.secrets, stored)
        if row is None:
            row = Connection(
                org_id=org_id,
                id=id_,
                system=system,
                name=name,
                full_asked=False,
                pass_full=False,
                version=0,
                created_at=work.now,
            )
            work.session.add(row)
        row.config, row.secrets = config.model_dump(mode="json"), stored
        row.next_run_at, row.full_asked, row.pass_id = work.now, True, None
        row.lease_token = row.lease_until = row.removed_at = None
        row.failures, row.failing_since, row.code = 0, None, None
        # Whoever was told that it failed is told that it recovered.
        row.told = held is not None and row.told
        row.needs_person = row.writing_stopped = False
        row.version += 1
        row.updated_at = work.now
        if system is System.OPENDENTAL_SERVER:
            await _count(work.session, org_id, id_)
            await _forget_tax_numbers(work.session, org_id, Keep(row.config["keep"]))
        if system is System.OPENDENTAL:
            counter = await work.session.get(OdCounter, org_id, with_for_update=True)
            if counter is not None:
                stay_beside_theirs(counter)
        await audit.append(
            work.session,
            [
                operator.did(
                    "connection.add",
                    at=work.now,
                    org_id=org_id,
                    status=ReplyStatus.OK,
                    record_id=id_,
                    patient_ids=(),
                )
            ],
        )
    return id_


async def _check_name(session: AsyncSession, org_id: str, system: System, name: str) -> None:
    """A name is one connection's, of whichever system, and an org has one interface of ours, whose
    numbers are given once."""
    if not NAME.fullmatch(name):
        raise CannotAdd("The name must be 1 to 64 of A-Z a-z 0-9 _ -")
    others = await session.execute(
        select(Connection.system, Connection.name).where(
            Connection.org_id == org_id, Connection.removed_at.is_(None)
        )
    )
    for other, called in others:
        if called == name and other is not system:
            raise CannotAdd(f"{org_id} has a connection {name!r} already, of {other}: name another")
        if called != name and other is system is System.OPENDENTAL_SERVER:
            raise CannotAdd(f"{org_id} has an {system} already: {called}")


async def _count(session: AsyncSession, org_id: str, connection_id: UUID) -> None:
    """The counter of an org's own interface, which stays when the interface is removed: no number
    is given twice, and patients keep theirs."""
    if await session.get(OdCounter, org_id, with_for_update=True) is not None:
        return
    theirs = await session.scalar(
        select(Connection.id).where(
            Connection.org_id == org_id, Connection.system == System.OPENDENTAL
        )
    )
    await session.flush()  # The connection first, which the counter refers to.
    session.add(new_counter(org_id, connection_id, beside_theirs=theirs is not None))


async def _forget_tax_numbers(session: AsyncSession, org_id: str, keep: Keep) -> None:
    """What the interface keeps no longer, of its rows' SSN and TIN; the counter is locked, as by
    whoever changes rows."""
    if keep is Keep.SSN:
        return
    forget = update(OdReferral).where(
        OdReferral.org_id == org_id, OdReferral.tax_number.is_not(None)
    )
    if keep is Keep.TIN:
        forget = forget.where(OdReferral.fields["UsingTIN"].astext != "true")
    await session.execute(forget.values(tax_number=None))


async def remove(engine: AsyncEngine, org_id: str, id_: UUID, operator: audit.Operator) -> bool:
    """End a connection: its run writes nothing more, its secrets go; whether there was one."""
    async with system_work(engine, PUBLISHING) as work:
        row = await work.session.get(Connection, (org_id, id_), with_for_update=True)
        if row is None or row.removed_at is not None:
            return False
        row.removed_at, row.secrets = work.now, {}
        row.lease_token = row.lease_until = row.next_run_at = None
        row.version += 1
        row.updated_at = work.now
        await work.session.execute(
            update(Token)
            .where(Token.org_id == org_id, Token.connection_id == id_)
            .values(dead=True, access=b"", refresh=b"")
        )
        await audit.append(
            work.session,
            [
                operator.did(
                    "connection.remove",
                    at=work.now,
                    org_id=org_id,
                    status=ReplyStatus.ARCHIVED,
                    record_id=id_,
                    patient_ids=(),
                )
            ],
        )
    return True


async def held(engine: AsyncEngine, org_id: str, system: System, name: str) -> Connection | None:
    """The connection that `add` would add again or change; None where it would be a new one."""
    async with AsyncSession(engine, expire_on_commit=False) as session:
        return await session.get(Connection, (org_id, connection_id(org_id, system, name)))


async def lacks_tokens(engine: AsyncEngine, row: Connection) -> bool:
    """Whether a person has to authorize it before anything can be read."""
    if not row.config.get("oauth"):
        return False
    async with AsyncSession(engine) as session:
        token = await session.get(Token, (row.org_id, row.id))
        return token is None or token.dead


async def find(engine: AsyncEngine, org_id: str, name: str | None = None) -> list[Connection]:
    """An org's connections by name, or the one of that name."""
    async with AsyncSession(engine, expire_on_commit=False) as session:
        wanted = select(Connection).where(
            Connection.org_id == org_id, Connection.removed_at.is_(None)
        )
        if name is not None:
            wanted = wanted.where(Connection.name == name)
        rows = await session.scalars(wanted.order_by(Connection.name, Connection.system))
        return list(rows)
