"""Retention of the inbox: bodies of replies go first, then the knowledge of the message id.

Source: the wire contract's section 2, "Idempotency".
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncEngine

from messaging import logs
from messaging.database import is_outage
from messaging.tables import inbox
from messaging.waiting import pause

log = logs.get(__name__)

ROUND_EVERY_SECONDS = 3600.0
ROWS_AT_A_TIME = 5_000


async def forget(
    engine: AsyncEngine, now: datetime, *, replies_after: timedelta, messages_after: timedelta
) -> int:
    """Empty old replies and delete old message ids, in small transactions; how many rows changed.

    `engine` works as the system role: retention is the same for every org.
    """
    key = tuple_(inbox.c.org_id, inbox.c.message_id)
    old = (
        select(inbox.c.org_id, inbox.c.message_id)
        .where(inbox.c.received_at < now - messages_after)
        .limit(ROWS_AT_A_TIME)
    )
    stale = (
        select(inbox.c.org_id, inbox.c.message_id)
        .where(inbox.c.received_at < now - replies_after, inbox.c.reply.is_not(None))
        .limit(ROWS_AT_A_TIME)
    )
    changed = 0
    for statement in (
        delete(inbox).where(key.in_(old)),
        update(inbox).where(key.in_(stale)).values(reply=None),
    ):
        while True:
            async with engine.begin() as connection:
                count = (await connection.execute(statement)).rowcount
            changed += count
            if count < ROWS_AT_A_TIME:
                break
    return changed


async def keep_forgetting(
    engine: AsyncEngine,
    stop: asyncio.Event,
    clock: Callable[[], datetime],
    *,
    replies_after: timedelta,
    messages_after: timedelta,
) -> None:
    """A round of `forget` every hour until `stop` is set."""
    while not stop.is_set():
        try:
            count = await forget(
                engine, clock(), replies_after=replies_after, messages_after=messages_after
            )
            if count:
                log.info("inbox retention", count=count)
        except Exception as error:
            if not is_outage(error):
                raise
        await pause(stop, ROUND_EVERY_SECONDS)
