"""Retention of the inbox: bodies of replies go first, then the knowledge of the message id.

Source: docs/contract/wire.md#idempotency.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Delete, Update, and_, delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.replies import ReplyStatus
from messaging.database.tables import inbox, outbox
from messaging.pacing.sweep import in_rounds, keep_sweeping
from messaging.telemetry import logs
from messaging.trail import audit

log = logs.get(__name__)

ROUND_EVERY_SECONDS = 3600.0
ROWS_AT_A_TIME = 5_000
_KEY = tuple_(inbox.c.org_id, inbox.c.message_id)


@dataclass(frozen=True, slots=True)
class Horizon:
    """What came in before these moments is forgotten: its whole reply, and that it was there."""

    replies: datetime
    messages: datetime


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many message ids were deleted, and how many replies emptied of those that stay."""

    message_ids: int
    replies: int

    @property
    def total(self) -> int:
        """Rows changed."""
        return self.message_ids + self.replies


def _old(horizon: Horizon) -> ColumnElement[bool]:
    return inbox.c.received_at < horizon.messages


def _stale(horizon: Horizon) -> ColumnElement[bool]:
    return and_(inbox.c.received_at < horizon.replies, inbox.c.reply.is_not(None))


async def forget(
    engine: AsyncEngine, horizon: Horizon, operator: audit.Operator | None = None
) -> Forgotten:
    """Delete old message ids and empty old replies, in small transactions; may break off anywhere.

    `engine` works as the system role: retention is the same for every org. With an operator, each
    transaction leaves an entry in the trail of every org that it touched.
    """
    some_old = select(inbox.c.org_id, inbox.c.message_id).where(_old(horizon)).limit(ROWS_AT_A_TIME)
    some_stale = (
        select(inbox.c.org_id, inbox.c.message_id).where(_stale(horizon)).limit(ROWS_AT_A_TIME)
    )
    return Forgotten(
        message_ids=await _in_rounds(
            engine, delete(inbox).where(_KEY.in_(some_old)), "inbox.purge", operator
        ),
        replies=await _in_rounds(
            engine,
            update(inbox).where(_KEY.in_(some_stale)).values(reply=None),
            "reply.purge",
            operator,
        ),
    )


async def forgettable(engine: AsyncEngine, horizon: Horizon) -> Forgotten:
    """What `forget` would do now."""
    async with engine.connect() as connection:
        counted = await connection.execute(
            select(
                func.count().filter(_old(horizon)),
                func.count().filter(_stale(horizon), ~_old(horizon)),
            ).select_from(inbox)
        )
        return Forgotten(*counted.one())


async def unpublished(engine: AsyncEngine) -> int:
    """How many messages wait in the outbox: they are promised, and nothing but their publication
    removes them."""
    async with engine.connect() as connection:
        return await connection.scalar(select(func.count()).select_from(outbox)) or 0


async def _in_rounds(
    engine: AsyncEngine,
    statement: Delete | Update,
    operation: str,
    operator: audit.Operator | None,
) -> int:
    returning = statement.returning(inbox.c.org_id, func.now())

    async def some() -> int:
        async with engine.begin() as connection:
            rows = (await connection.execute(returning)).all()
            if operator is not None:
                entries = [
                    operator.did(operation, at=now, org_id=org_id, status=ReplyStatus.ARCHIVED)
                    for org_id, now in sorted({(org_id, now) for org_id, now in rows})
                ]
                await audit.append(connection, entries)
        return len(rows)

    return await in_rounds(some, ROWS_AT_A_TIME)


async def keep_forgetting(
    engine: AsyncEngine,
    stop: asyncio.Event,
    clock: Callable[[], datetime],
    *,
    replies_after: timedelta,
    messages_after: timedelta,
) -> None:
    """A round of `forget` every hour until `stop` is set."""

    async def once() -> bool:
        now = clock()
        forgotten = await forget(engine, Horizon(now - replies_after, now - messages_after))
        if forgotten.total:
            log.info("inbox retention", count=forgotten.total)
        return False

    await keep_sweeping(once, stop, name="inbox retention", every_seconds=ROUND_EVERY_SECONDS)
