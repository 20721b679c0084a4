"""Taking due e-referrals out of their lanes, and bringing back what was forgotten there.

A lane is locked while its e-referrals are chosen, so that over all replicas no more than the
configured number run in it. Lanes and e-referrals that somebody else holds are passed over: a claim
never waits, so it can lock lanes before e-referrals while everybody else does it the other way.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils import compat as uuid_utils

from contracts.referral_partner import ContactMethod
from letters.letter import Message
from services.ereferral_dispatch.delivery.relay_holds import RelayUse, is_held
from services.ereferral_dispatch.delivery.transitions import FINAL
from services.ereferral_dispatch.rules.channels import recognising_repeats
from services.ereferral_dispatch.rules.pace import PACES, Pace


@dataclass(frozen=True, slots=True)
class Claimed:
    """One e-referral whose attempt began at `started_at`, by the database's clock.

    `content`: what an earlier attempt composed, if any. `answer_epoch` and `answer_token_hash`: the
    answer link that its letter shows; both None where it shows none.
    """

    org_id: str
    ereferral_id: UUID
    token: UUID
    number: int
    started_at: datetime
    channel: ContactMethod
    address: str
    possible_repeat: bool
    traceparent: str | None
    message: Message
    cancel_reason: str | None
    cancelled_at: datetime | None
    package: bytes
    content: bytes | None
    answer_epoch: int | None = None
    answer_token_hash: bytes | None = None


# Each has an index of its own by this condition.
_KINDS = {
    Pace.PROMPT: "channel NOT IN ('email', 'fax')",
    Pace.LASTING: "channel IN ('email', 'fax')",
}
_LANES = {
    pace: text(
        f"""
        SELECT org_id, id FROM lane
        WHERE due_at <= now() AND {kind} AND channel <> ALL(CAST(:waiting AS text[]))
        ORDER BY due_at
        LIMIT :slots
        FOR UPDATE SKIP LOCKED
        """
    )
    for pace, kind in _KINDS.items()
}

# An e-referral whose referral still has an earlier one on its way to the same partner has to wait.
_FINAL = ", ".join(f"'{status}'" for status in FINAL)
_IN_TURN = f"""
    NOT EXISTS (
        SELECT FROM ereferral earlier
        WHERE earlier.org_id = e.org_id AND earlier.referral_id = e.referral_id
          AND earlier.referral_partner_id = e.referral_partner_id AND earlier.seq < e.seq
          AND earlier.status NOT IN ({_FINAL})
    )
"""
_RUNNING = """
    (SELECT count(*) FROM ereferral r
     WHERE r.org_id = l.org_id AND r.lane_id = l.id AND r.status = 'in_progress')
"""
_THESE_LANES = """
    unnest(CAST(:orgs AS text[]), CAST(:lanes AS uuid[])) AS asked (org_id, id)
    JOIN lane l ON l.org_id = asked.org_id AND l.id = asked.id
"""

_DUE = text(
    f"""
    SELECT e.org_id, e.id
    FROM {_THESE_LANES}
    CROSS JOIN LATERAL (
        SELECT e.org_id, e.id, e.due_at FROM ereferral e
        WHERE e.org_id = l.org_id AND e.lane_id = l.id AND e.due_at <= now()
          AND (l.held_at IS NULL OR e.forced) AND {_IN_TURN}
        ORDER BY e.due_at, e.seq
        LIMIT GREATEST(0, :lane_concurrency - {_RUNNING})
        FOR UPDATE SKIP LOCKED
    ) AS e
    ORDER BY e.due_at
    LIMIT :slots
    """
)

_PROBES = text(
    f"""
    SELECT e.org_id, e.id
    FROM {_THESE_LANES}
    CROSS JOIN LATERAL (
        SELECT e.org_id, e.id FROM ereferral e
        WHERE e.org_id = l.org_id AND e.lane_id = l.id
          AND (e.status = 'held' OR e.due_at IS NOT NULL) AND {_IN_TURN}
        ORDER BY e.seq
        LIMIT 1
        FOR UPDATE SKIP LOCKED
    ) AS e
    WHERE l.held_at IS NOT NULL AND l.probe_at <= now() AND {_RUNNING} = 0
    """
)

# `started_at` is no earlier than the end of what was before in the lane: the transaction may have
# begun while that was still being recorded, this statement has not.
_BEGIN = text(
    """
    WITH begun AS (
        UPDATE ereferral e
        SET status = 'in_progress', due_at = NULL, forced = false,
            attempts_made = e.attempts_made + 1
        FROM unnest(CAST(:orgs AS text[]), CAST(:ids AS uuid[]), CAST(:tokens AS uuid[]))
            AS chosen (org_id, id, token)
        WHERE e.org_id = chosen.org_id AND e.id = chosen.id
        RETURNING e.org_id, e.id, e.attempts_made, chosen.token, e.possible_repeat, e.traceparent,
            e.message, e.cancel_reason, e.cancel_requested_at, e.answer_token_hash,
            e.plan -> e.position ->> 'channel' AS channel,
            e.plan -> e.position ->> 'address' AS address
    ), attempts AS (
        INSERT INTO attempt (org_id, ereferral_id, number, channel, address, token, lease_until,
            started_at)
        SELECT org_id, id, attempts_made, channel, address, token,
            now() + make_interval(secs => :lease_seconds), statement_timestamp()
        FROM begun
    )
    SELECT b.*, statement_timestamp() AS started_at, p.body, c.content, a.epoch AS answer_epoch
    FROM begun b
    JOIN package p ON p.org_id = b.org_id AND p.ereferral_id = b.id
    LEFT JOIN composed c
        ON c.org_id = b.org_id AND c.ereferral_id = b.id AND c.channel = b.channel
        AND c.message = b.message
        AND (b.channel = ANY(CAST(:recognising AS text[])) OR c.possible_repeat = b.possible_repeat)
    LEFT JOIN answer_link a ON a.org_id = b.org_id AND a.ereferral_id = b.id
    """
)

# Null where the lane is full (an outcome wakes it) or has nothing that could be started.
_NEXT_LOOK = f"""
    due_at = CASE
        WHEN {_RUNNING} >= :lane_concurrency THEN NULL
        WHEN l.held_at IS NOT NULL THEN LEAST(
            CASE WHEN l.probe_at > now() THEN l.probe_at
                 ELSE now() + make_interval(secs => :probe_every_seconds) END,
            (SELECT min(e.due_at) FROM ereferral e
             WHERE e.org_id = l.org_id AND e.lane_id = l.id AND e.due_at IS NOT NULL AND e.forced
               AND (e.due_at > now() OR {_IN_TURN})))
        ELSE (SELECT min(e.due_at) FROM ereferral e
              WHERE e.org_id = l.org_id AND e.lane_id = l.id AND e.due_at IS NOT NULL
                AND (e.due_at > now() OR {_IN_TURN}))
        END
"""
_LOOK_AGAIN = text(
    f"""
    UPDATE lane l
    SET {_NEXT_LOOK},
        probe_at = CASE
            WHEN l.held_at IS NULL OR l.probe_at > now() THEN l.probe_at
            ELSE now() + make_interval(secs => :probe_every_seconds) END
    FROM unnest(CAST(:orgs AS text[]), CAST(:lanes AS uuid[])) AS looked_at (org_id, id)
    WHERE l.org_id = looked_at.org_id AND l.id = looked_at.id
    """
)
_FORGOTTEN = text(
    f"""
    UPDATE lane l
    SET {_NEXT_LOOK}
    FROM (SELECT DISTINCT org_id, lane_id FROM ereferral WHERE due_at <= now()) AS waiting
    WHERE l.org_id = waiting.org_id AND l.id = waiting.lane_id
      AND (l.due_at IS NULL OR l.due_at > now())
      AND {_RUNNING} < :lane_concurrency
    """
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is claimed, and for how long.

    `lease_seconds`: how long an attempt is left to a worker that does not renew it. A held lane
    gets one probe every `probe_every_seconds`. Nothing is claimed for the channels of `relay` while
    that is held.
    """

    lane_concurrency: int
    lease_seconds: float
    probe_every_seconds: float
    relay: RelayUse | None = None


async def claim(engine: AsyncEngine, limits: Limits, pace: Pace, *, slots: int) -> list[Claimed]:
    """Begin at most `slots` attempts by channels of that pace, in one transaction."""
    async with engine.begin() as connection:
        asked = {"slots": slots, "waiting": await _waiting(connection, limits.relay, pace)}
        lanes = (await connection.execute(_LANES[pace], asked)).all()
        if not lanes:
            return []
        looked_at = {"orgs": [lane.org_id for lane in lanes], "lanes": [lane.id for lane in lanes]}
        room = {"slots": slots, "lane_concurrency": limits.lane_concurrency}
        due = list(await connection.execute(_DUE, {**looked_at, **room}))
        due += await connection.execute(_PROBES, looked_at)
        claimed = await _begin(connection, due[:slots], limits) if due else []
        await connection.execute(_LOOK_AGAIN, {**looked_at, **_next_look(limits)})
    return claimed


async def _waiting(connection: AsyncConnection, relay: RelayUse | None, pace: Pace) -> list[str]:
    """The channels of that pace that wait for their relay."""
    waiting = [] if relay is None else [c.value for c in relay.channels if PACES[c] is pace]
    return waiting if waiting and relay and await is_held(connection, relay.name) else []


def _next_look(limits: Limits) -> dict[str, Any]:
    return {
        "lane_concurrency": limits.lane_concurrency,
        "probe_every_seconds": limits.probe_every_seconds,
    }


async def _begin(connection: AsyncConnection, due: list[Any], limits: Limits) -> list[Claimed]:
    chosen = sorted({(row.org_id, row.id) for row in due})
    begun = await connection.execute(
        _BEGIN,
        {
            "orgs": [org_id for org_id, _ in chosen],
            "ids": [uuid for _, uuid in chosen],
            "tokens": [uuid_utils.uuid7() for _ in chosen],
            "lease_seconds": limits.lease_seconds,
            "recognising": recognising_repeats(),
        },
    )
    return [
        Claimed(
            org_id=row.org_id,
            ereferral_id=row.id,
            token=row.token,
            number=row.attempts_made,
            started_at=row.started_at,
            channel=ContactMethod(row.channel),
            address=row.address,
            possible_repeat=row.possible_repeat,
            traceparent=row.traceparent,
            message=Message(row.message),
            cancel_reason=row.cancel_reason,
            cancelled_at=row.cancel_requested_at,
            package=row.body,
            content=row.content,
            answer_epoch=row.answer_epoch,
            answer_token_hash=row.answer_token_hash,
        )
        for row in begun
    ]


async def wake_forgotten_lanes(engine: AsyncEngine, limits: Limits) -> int:
    """Give the right time to lanes in which something is due and that have none or a later one;
    how many there were."""
    async with engine.begin() as connection:
        result = await connection.execute(_FORGOTTEN, _next_look(limits))
    return result.rowcount
