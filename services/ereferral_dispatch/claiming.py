"""Taking due e-referrals out of their lanes, and bringing back what was forgotten there.

A lane is locked while its e-referrals are chosen, so that over all replicas no more than the
configured number run in it. Lanes and e-referrals that somebody else holds are passed over: a claim
never waits, so it can lock lanes before e-referrals while everybody else does it the other way.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils import compat as uuid_utils

from contracts.referral_partner import ContactMethod


@dataclass(frozen=True, slots=True)
class Claimed:
    """One e-referral whose attempt has begun. `content`: what an earlier one composed, if any."""

    org_id: str
    ereferral_id: UUID
    token: UUID
    number: int
    channel: ContactMethod
    address: str
    possible_repeat: bool
    traceparent: str | None
    package: bytes
    content: bytes | None


_LANES = text(
    """
    SELECT org_id, id FROM lane
    WHERE due_at <= now()
    ORDER BY due_at
    LIMIT :slots
    FOR UPDATE SKIP LOCKED
    """
)

# An e-referral whose referral still has an earlier one on its way to the same partner has to wait.
_IN_TURN = """
    NOT EXISTS (
        SELECT FROM ereferral earlier
        WHERE earlier.org_id = e.org_id AND earlier.referral_id = e.referral_id
          AND earlier.referral_partner_id = e.referral_partner_id AND earlier.seq < e.seq
          AND earlier.status NOT IN ('delivered', 'sent', 'failed', 'cancelled')
    )
"""

_DUE = text(
    f"""
    SELECT e.org_id, e.id
    FROM unnest(CAST(:orgs AS text[]), CAST(:lanes AS uuid[])) AS l (org_id, id)
    CROSS JOIN LATERAL (
        SELECT e.org_id, e.id, e.due_at FROM ereferral e
        WHERE e.org_id = l.org_id AND e.lane_id = l.id AND e.due_at <= now() AND {_IN_TURN}
        ORDER BY e.due_at, e.seq
        LIMIT GREATEST(0, :lane_concurrency - (
            SELECT count(*) FROM ereferral r
            WHERE r.org_id = l.org_id AND r.lane_id = l.id AND r.status = 'in_progress'))
        FOR UPDATE SKIP LOCKED
    ) AS e
    ORDER BY e.due_at
    LIMIT :slots
    """
)

_BEGIN = text(
    """
    WITH begun AS (
        UPDATE ereferral e
        SET status = 'in_progress', due_at = NULL, attempts_made = e.attempts_made + 1
        FROM unnest(CAST(:orgs AS text[]), CAST(:ids AS uuid[]), CAST(:tokens AS uuid[]))
            AS chosen (org_id, id, token)
        WHERE e.org_id = chosen.org_id AND e.id = chosen.id
        RETURNING e.org_id, e.id, e.attempts_made, chosen.token, e.possible_repeat, e.traceparent,
            e.plan -> e.position ->> 'channel' AS channel,
            e.plan -> e.position ->> 'address' AS address
    ), attempts AS (
        INSERT INTO attempt (org_id, ereferral_id, number, channel, address, token, lease_until,
            started_at)
        SELECT org_id, id, attempts_made, channel, address, token,
            now() + make_interval(secs => :lease_seconds), now()
        FROM begun
    )
    SELECT b.*, p.body, c.content
    FROM begun b
    JOIN package p ON p.org_id = b.org_id AND p.ereferral_id = b.id
    LEFT JOIN composed c
        ON c.org_id = b.org_id AND c.ereferral_id = b.id AND c.channel = b.channel
    """
)

# Null where the lane is full (an outcome wakes it) or has nothing that could be started.
_NEXT_LOOK = f"""
    UPDATE lane l
    SET due_at = CASE
        WHEN (SELECT count(*) FROM ereferral r
              WHERE r.org_id = l.org_id AND r.lane_id = l.id AND r.status = 'in_progress')
             >= :lane_concurrency THEN NULL
        ELSE (SELECT min(e.due_at) FROM ereferral e
              WHERE e.org_id = l.org_id AND e.lane_id = l.id AND e.due_at IS NOT NULL
                AND (e.due_at > now() OR {_IN_TURN}))
        END
"""
_LOOK_AGAIN = text(
    _NEXT_LOOK
    + """
    FROM unnest(CAST(:orgs AS text[]), CAST(:lanes AS uuid[])) AS looked_at (org_id, id)
    WHERE l.org_id = looked_at.org_id AND l.id = looked_at.id
    """
)
_FORGOTTEN = text(
    _NEXT_LOOK
    + """
    FROM (SELECT DISTINCT org_id, lane_id FROM ereferral WHERE due_at <= now()) AS waiting
    WHERE l.org_id = waiting.org_id AND l.id = waiting.lane_id AND l.due_at IS NULL
      AND :lane_concurrency > (
        SELECT count(*) FROM ereferral r
        WHERE r.org_id = l.org_id AND r.lane_id = l.id AND r.status = 'in_progress')
    """
)
_WAKE = text(
    """
    UPDATE lane l SET due_at = LEAST(l.due_at, now())
    FROM ereferral e
    WHERE e.org_id = :org_id AND e.referral_id = :referral_id
      AND e.referral_partner_id = :partner_id AND e.due_at IS NOT NULL
      AND l.org_id = e.org_id AND l.id = e.lane_id
    """
)


async def claim(
    engine: AsyncEngine, *, slots: int, lane_concurrency: int, lease_seconds: float
) -> list[Claimed]:
    """Begin at most `slots` attempts of what is due, in one transaction."""
    async with engine.begin() as connection:
        lanes = (await connection.execute(_LANES, {"slots": slots})).all()
        if not lanes:
            return []
        looked_at: dict[str, Any] = {
            "orgs": [lane.org_id for lane in lanes],
            "lanes": [lane.id for lane in lanes],
            "lane_concurrency": lane_concurrency,
        }
        due = (await connection.execute(_DUE, {**looked_at, "slots": slots})).all()
        claimed = await _begin(connection, due, lease_seconds) if due else []
        await connection.execute(_LOOK_AGAIN, looked_at)
    return claimed


async def _begin(connection: AsyncConnection, due: Any, lease_seconds: float) -> list[Claimed]:
    begun = await connection.execute(
        _BEGIN,
        {
            "orgs": [row.org_id for row in due],
            "ids": [row.id for row in due],
            "tokens": [uuid_utils.uuid7() for _ in due],
            "lease_seconds": lease_seconds,
        },
    )
    return [
        Claimed(
            org_id=row.org_id,
            ereferral_id=row.id,
            token=row.token,
            number=row.attempts_made,
            channel=ContactMethod(row.channel),
            address=row.address,
            possible_repeat=row.possible_repeat,
            traceparent=row.traceparent,
            package=row.body,
            content=row.content,
        )
        for row in begun
    ]


async def wake_lanes(
    connection: AsyncConnection, org_id: str, referral_id: UUID, partner_id: UUID
) -> None:
    """Let the lanes be looked at in which messages about this referral to this partner wait."""
    await connection.execute(
        _WAKE, {"org_id": org_id, "referral_id": referral_id, "partner_id": partner_id}
    )


async def remember_lanes(engine: AsyncEngine, *, lane_concurrency: int) -> int:
    """Give a time to lanes in which something waits and that have none; how many there were."""
    async with engine.begin() as connection:
        result = await connection.execute(_FORGOTTEN, {"lane_concurrency": lane_concurrency})
    return result.rowcount
