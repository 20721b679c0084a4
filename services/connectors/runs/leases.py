"""Leases of connections: claimed by one replica, held by a lease, checked at every write."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils import compat as uuid_utils

from contracts.connecting import System
from messaging.outbox.system_work import SystemWork, system_work
from services.connectors.home import PUBLISHING
from services.connectors.models import Connection

LEASE_SECONDS = 60.0
RENEW_EVERY_SECONDS = 20.0


class LeaseLost(Exception):
    """Somebody else runs the connection by now, or it was removed: nothing more is written."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A connection that this replica runs."""

    org_id: str
    id: UUID
    system: System
    token: UUID


_CLAIM = text(
    """
    UPDATE connection c
    SET lease_token = gen_random_uuid(), lease_until = now() + make_interval(secs => :lease)
    FROM (
        SELECT org_id, id FROM connection
        WHERE removed_at IS NULL AND system IN ('opendental', 'alfadocs') AND next_run_at <= now()
          AND (lease_until IS NULL OR lease_until < now())
        ORDER BY next_run_at
        LIMIT :slots
        FOR UPDATE SKIP LOCKED
    ) AS due
    WHERE c.org_id = due.org_id AND c.id = due.id
    RETURNING c.org_id, c.id, c.system, c.lease_token
    """
)
_RENEW = text(
    """
    UPDATE connection SET lease_until = now() + make_interval(secs => :lease)
    WHERE org_id = :org_id AND id = :id AND lease_token = :token AND lease_until > now()
    RETURNING 1
    """
)


_GIVE_BACK = text(
    """
    UPDATE connection SET lease_token = NULL, lease_until = NULL
    WHERE org_id = :org_id AND id = :id AND lease_token = :token
    """
)


_HELD = (
    select(Connection)
    .where(
        Connection.org_id == bindparam("of_org"),
        Connection.id == bindparam("connection"),
        Connection.lease_token == bindparam("token"),
        Connection.lease_until > func.now(),
        Connection.removed_at.is_(None),
    )
    .with_for_update(key_share=True)
)


async def claim(
    engine: AsyncEngine, *, slots: int, lease_seconds: float = LEASE_SECONDS
) -> list[Claimed]:
    """Claim at most `slots` connections whose run is due."""
    async with engine.begin() as connection:
        rows = await connection.execute(_CLAIM, {"slots": slots, "lease": lease_seconds})
        return [Claimed(row.org_id, row.id, System(row.system), row.lease_token) for row in rows]


async def renew(
    engine: AsyncEngine, claimed: Claimed, lease_seconds: float = LEASE_SECONDS
) -> bool:
    """Hold it for another lease; False where it is lost."""
    given = {"org_id": claimed.org_id, "id": claimed.id, "token": claimed.token}
    async with engine.begin() as connection:
        renewed = await connection.scalar(_RENEW, {**given, "lease": lease_seconds})
    return renewed is not None


async def give_back(engine: AsyncEngine, claimed: Claimed) -> None:
    """Let another replica go on at once, where the lease is still held."""
    given = {"org_id": claimed.org_id, "id": claimed.id, "token": claimed.token}
    async with engine.begin() as connection:
        await connection.execute(_GIVE_BACK, given)


@asynccontextmanager
async def leased(
    engine: AsyncEngine, claimed: Claimed
) -> AsyncIterator[tuple[SystemWork, Connection]]:
    """A transaction of whoever holds the lease; the connection's row is locked meanwhile.

    Raises LeaseLost before anything is written: a replica that was frozen past its lease writes
    nothing.
    """
    async with system_work(engine, PUBLISHING) as work:
        given = {"of_org": claimed.org_id, "connection": claimed.id, "token": claimed.token}
        row = await work.session.scalar(_HELD, given)
        if row is None:
            raise LeaseLost
        yield work, row


def new_token() -> UUID:
    """A token of a lease, of a pass or of a run."""
    return uuid_utils.uuid7()
