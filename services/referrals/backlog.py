"""The backlog of referrals: rows of the intake that wait until a person decides about them."""

import asyncio
from functools import partial

from sqlalchemy import BindParameter, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.intake import IntakeStatus
from messaging.pacing.watching import keep_looking
from messaging.telemetry import metrics
from services.referrals.models.intake import Intake

# In the statement itself, so that every plan may take the index of those rows alone.
_RECEIVED: BindParameter[IntakeStatus] = bindparam(
    "received", IntakeStatus.RECEIVED, literal_execute=True
)
# A row that was reopened waits from then on.
WAITING = (
    select(
        Intake.suspected_spam,
        func.count(),
        func.extract("epoch", func.now() - func.min(Intake.updated_at)),
    )
    .where(Intake.status == _RECEIVED)
    .group_by(Intake.suspected_spam)
)
_GAUGES = (metrics.INTAKE_WAITING, metrics.INTAKE_WAITING_AGE)


async def watch_backlog(engine: AsyncEngine, stop: asyncio.Event) -> None:
    """Look every few seconds until `stop` is set. `engine` works as the system role."""
    await keep_looking(partial(look, engine), _GAUGES, stop, name="intake backlog")


async def look(engine: AsyncEngine) -> None:
    """Look once."""
    async with engine.connect() as connection:
        found = {row[0]: (row[1], float(row[2])) for row in await connection.execute(WAITING)}
    for is_spam, label in ((False, "false"), (True, "true")):
        waiting, age = found.get(is_spam, (0, 0.0))
        metrics.INTAKE_WAITING.labels(label).set(waiting)
        metrics.INTAKE_WAITING_AGE.labels(label).set(max(0.0, age))
