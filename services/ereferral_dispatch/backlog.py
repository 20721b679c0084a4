"""The backlog of dispatch: attempts that are due, channels that are held, what needs a person."""

import asyncio
from functools import partial

from prometheus_client import Gauge
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.referral_partner import ContactMethod
from messaging.pacing.watching import keep_looking
from messaging.telemetry import metrics
from services.ereferral_dispatch.models import Ereferral, Lane
from services.ereferral_dispatch.queries.ereferral import NEEDS_PERSON, needs_person

_DUE = text(
    """
    SELECT l.channel, count(*), extract(epoch FROM now() - min(e.due_at))::float8
    FROM ereferral e
    JOIN lane l ON l.org_id = e.org_id AND l.id = e.lane_id
    WHERE e.due_at <= now() AND l.held_at IS NULL
    GROUP BY l.channel
    """
)
_HELD = select(Lane.channel, func.count()).where(Lane.held_at.is_not(None)).group_by(Lane.channel)
# A call is waited for from when it is due.
_SINCE = func.min(func.coalesce(Ereferral.call_due_at, Ereferral.updated_at))
_PEOPLE = (
    select(Ereferral.status, func.count(), func.extract("epoch", func.now() - _SINCE))
    .where(needs_person(func.now()))
    .group_by(Ereferral.status)
)


async def watch_backlog(engine: AsyncEngine, stop: asyncio.Event) -> None:
    """Look every few seconds until `stop` is set. `engine` works as the system role."""
    await keep_looking(partial(_look, engine), _GAUGES, stop, name="backlog")


_GAUGES = (
    metrics.ATTEMPTS_DUE,
    metrics.ATTEMPTS_DUE_AGE,
    metrics.LANES_HELD,
    metrics.NEEDS_PERSON,
    metrics.NEEDS_PERSON_AGE,
)


async def _look(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        due = {row[0]: (row[1], row[2]) for row in await connection.execute(_DUE)}
        held = {row[0]: row[1] for row in await connection.execute(_HELD)}
        people = {row[0]: (row[1], float(row[2])) for row in await connection.execute(_PEOPLE)}
    for channel in ContactMethod:
        count, age = due.get(channel.value, (0, 0.0))
        _set(metrics.ATTEMPTS_DUE, channel.value, count)
        _set(metrics.ATTEMPTS_DUE_AGE, channel.value, age)
        _set(metrics.LANES_HELD, channel.value, held.get(channel, 0))
    for status in NEEDS_PERSON:
        waiting, age = people.get(status, (0, 0.0))
        _set(metrics.NEEDS_PERSON, status.value, waiting)
        _set(metrics.NEEDS_PERSON_AGE, status.value, max(0.0, age))


def _set(gauge: Gauge, label: str, value: float) -> None:
    gauge.labels(label).set(value)
