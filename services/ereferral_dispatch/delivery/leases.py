"""Leases: an attempt is left to its worker for as long as that renews it.

A worker that died or froze renews nothing; the sweep of another settles what it was at. How long an
attempt takes does not matter: a fax is followed for minutes under leases of seconds.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.ereferral_dispatch.delivery.claiming import Claimed

# An attempt without a lease is a person's by now: a call. One whose lease ran out, and that nobody
# has settled, is still its worker's.
_RENEW = text(
    """
    UPDATE attempt a
    SET lease_until = now() + :lease
    FROM unnest(CAST(:orgs AS text[]), CAST(:ids AS uuid[]), CAST(:numbers AS integer[]),
            CAST(:tokens AS uuid[])) AS held (org_id, id, number, token)
    WHERE a.org_id = held.org_id AND a.ereferral_id = held.id AND a.number = held.number
      AND a.token = held.token AND a.finished_at IS NULL AND a.lease_until IS NOT NULL
    """
)


async def renew_leases(
    engine: AsyncEngine, attempts: Sequence[Claimed], lease_seconds: float
) -> None:
    """Let these attempts be left to their worker for another lease."""
    async with engine.begin() as connection:
        await connection.execute(
            _RENEW,
            {
                "lease": timedelta(seconds=lease_seconds),
                "orgs": [one.org_id for one in attempts],
                "ids": [one.ereferral_id for one in attempts],
                "numbers": [one.number for one in attempts],
                "tokens": [one.token for one in attempts],
            },
        )
