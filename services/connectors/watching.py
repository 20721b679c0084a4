"""Connections that bring nothing, since when the first of them does not, and rows that wait."""

import asyncio
from functools import partial

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from messaging.pacing.watching import keep_looking
from services.connectors import metrics
from services.connectors.config import READ_OPTIONS

# A practice may switch its server off for the night, and may be asked once a day alone.
_SYSTEMS = text(
    """
    SELECT
        system,
        extract(epoch FROM now() - min(since))::float8,
        count(*) FILTER (WHERE now() - since > greatest(interval '1 day', 3 * every))
    FROM (
        SELECT
            system,
            coalesce(last_success_at, created_at) AS since,
            make_interval(mins => (config ->> 'interval_minutes')::int) AS every
        FROM connection
        WHERE removed_at IS NULL AND system = ANY (:systems)
    ) AS connected
    GROUP BY system
    """
).bindparams(systems=list(READ_OPTIONS))
_WAITING = text(
    """
    SELECT connection.system, count(*)
    FROM staged_row JOIN connection
        ON connection.org_id = staged_row.org_id AND connection.id = staged_row.connection_id
    WHERE staged_row.state <> 'done' AND connection.removed_at IS NULL
    GROUP BY connection.system
    """
)
_GAUGES = (metrics.LAST_SUCCESS_SECONDS, metrics.STALE_CONNECTIONS, metrics.WAITING_ROWS)


async def watch_connections(engine: AsyncEngine, stop: asyncio.Event) -> None:
    """Look every few seconds until `stop` is set. `engine` works as the system role."""
    await keep_looking(partial(look, engine), _GAUGES, stop, name="connections")


async def look(engine: AsyncEngine) -> None:
    """Look once."""
    async with engine.connect() as connection:
        found = {row[0]: (row[1], row[2]) for row in await connection.execute(_SYSTEMS)}
        waiting = {row[0]: row[1] for row in await connection.execute(_WAITING)}
    metrics.LAST_SUCCESS_SECONDS.clear()
    for system in READ_OPTIONS:
        oldest, stale = found.get(system.value, (None, 0))
        metrics.STALE_CONNECTIONS.labels(system.value).set(stale)
        metrics.WAITING_ROWS.labels(system.value).set(waiting.get(system.value, 0))
        if oldest is not None:
            metrics.LAST_SUCCESS_SECONDS.labels(system.value).set(oldest)
