"""The rows of an outcome: read as they are once locked, and written as a whole."""

import asyncio
from uuid import UUID

import asyncpg

from contracts.referral_partner import ContactMethod
from services.ereferral_dispatch.delivery.outcome_rows import Locked, read_locked, write_locked
from services.ereferral_dispatch.rules.routing import ContactPoint
from tests.support.database.urls import plain_url
from tests.support.services.dispatch import Dispatch, Org

_ROWS = """
    SELECT to_jsonb(e), to_jsonb(a) FROM ereferral_dispatch.ereferral e
    JOIN ereferral_dispatch.attempt a ON a.org_id = e.org_id AND a.ereferral_id = e.id
    WHERE e.org_id = $1 AND e.id = $2
"""
_LOCK = "SELECT FROM ereferral_dispatch.ereferral WHERE org_id = $1 AND id = $2 FOR UPDATE"
_OTHER_LANE = """
    INSERT INTO ereferral_dispatch.lane (org_id, id, referral_partner_id, channel, address,
        failures, version, created_at, updated_at)
    SELECT org_id, $2, referral_partner_id, 'fax', '+12025550112', 0, 0, now(), now()
    FROM ereferral_dispatch.lane WHERE org_id = $1 LIMIT 1
"""
_MOVE = "UPDATE ereferral_dispatch.ereferral SET lane_id = $3 WHERE org_id = $1 AND id = $2"
_SETTLE = """
    UPDATE ereferral_dispatch.attempt SET code = 'worker_lost' WHERE org_id = $1
        AND ereferral_id = $2
"""
_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
OTHER_LANE = UUID(int=1)


async def delivered(dispatch: Dispatch, org: Org) -> UUID:
    """An e-referral with one attempt, at which nobody works any more."""
    ereferral = await org.dispatch(dispatch.at_portal(org.id))
    await org.until(ereferral, "delivered")
    return UUID(ereferral)


async def test_what_was_waited_for_is_read_as_who_was_first_left_it(
    dispatch: Dispatch, org: Org, postgres_database: str
) -> None:
    """The attempt as it was settled; and the lane that it came into meanwhile was not read."""
    ereferral = await delivered(dispatch, org)
    engine = dispatch.service.system_engine

    async def read() -> Locked:
        async with engine.begin() as connection:
            return await read_locked(connection, org.id, ereferral, 1)

    assert (await read()).lane is not None
    first = await asyncpg.connect(plain_url(postgres_database))
    try:
        async with first.transaction():
            await first.execute(_LOCK, org.id, ereferral)
            second = asyncio.create_task(read())
            async with asyncio.timeout(10):
                # The database tells nobody that a session waits.
                while not await dispatch.database.fetchval(_WAITING):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            await first.execute(_SETTLE, org.id, ereferral)
            await first.execute(_OTHER_LANE, org.id, OTHER_LANE)
            await first.execute(_MOVE, org.id, ereferral, OTHER_LANE)
        locked = await second
    finally:
        await first.close()
    assert (locked.attempt.code, locked.row.lane_id) == ("worker_lost", OTHER_LANE)
    assert locked.lane is None


async def test_everything_is_written_and_nothing_else(dispatch: Dispatch, org: Org) -> None:
    """What was read and is written back changes nothing; of what was changed all arrives."""
    ereferral = await delivered(dispatch, org)
    before = list(await dispatch.database.fetchrow(_ROWS, org.id, ereferral))
    engine = dispatch.service.system_engine
    async with engine.begin() as connection:
        locked = await read_locked(connection, org.id, ereferral, 1)
        await write_locked(connection, locked)
    assert list(await dispatch.database.fetchrow(_ROWS, org.id, ereferral)) == before
    async with engine.begin() as connection:
        locked = await read_locked(connection, org.id, ereferral, 1)
        locked.row.received, locked.row.told, locked.row.not_told = [0, 1], [1], [2]
        locked.row.plan = [ContactPoint(ContactMethod.FAX, "+12025550112")]
        locked.row.due_at = locked.attempt.lease_until = locked.now
        locked.attempt.detail = "Lost."
        await write_locked(connection, locked)
    async with engine.begin() as connection:
        found = await read_locked(connection, org.id, ereferral, 1)
    row, attempt = found.row, found.attempt
    assert (row.received, row.told, row.not_told) == ([0, 1], [1], [2])
    assert row.plan == [ContactPoint(ContactMethod.FAX, "+12025550112")]
    assert (attempt.detail, row.due_at, attempt.lease_until) == ("Lost.", locked.now, locked.now)
