"""Runs that broke off, by a fault of ours or with their process: nothing but the log tells of them.

One that breaks off is begun again within a minute, so that a fault which stays is met each time.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.connectors.models import Connection, Run

SEVERAL = 3
"""Fewer come of a restart."""
WITHIN = text("interval '1 hour'")


async def broken_off(
    session: AsyncSession, *wanted: ColumnElement[bool]
) -> Mapping[tuple[str, UUID], int]:
    """By org and connection, how many runs broke off within the hour, where there are several."""
    counted = await session.execute(
        select(Run.org_id, Run.connection_id, func.count())
        .join(Connection, (Connection.org_id == Run.org_id) & (Connection.id == Run.connection_id))
        .where(
            Run.finished_at.is_(None),
            Run.id != Connection.run_id,
            Run.started_at > func.now() - WITHIN,
            *wanted,
        )
        .group_by(Run.org_id, Run.connection_id)
        .having(func.count() >= SEVERAL)
    )
    return {(org_id, connection_id): number for org_id, connection_id, number in counted}


def in_words(number: int) -> str:
    """What a person is told."""
    return f"{number} runs broke off within an hour: the log of handoff serve connectors says where"
