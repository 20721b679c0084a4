"""Plans of the outbox relay: for the outbox as it is now, empty or long."""

import secrets

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from messaging.database.engine import open_engine
from messaging.outbox.relay import CONFIRMED, SESSION
from services.referrals.home import HOME
from tests.support.database.plans import KEPT_AFTER, nodes_of
from tests.support.services.referrals import migrated

FEW, MANY = 10, 5_000
_FILL = """
    INSERT INTO outbox (org_id, subject, exchange, routing_key, message_id, content_type, headers,
        body)
    SELECT 'plans', n::text, 'events', 'key', gen_random_uuid(), 'text', '{}', :body
    FROM generate_series(1, :rows) AS n
"""


async def test_what_was_confirmed_is_found_in_a_long_outbox_too(postgres_database: str) -> None:
    """Though the relay has deleted from a short one before."""
    url = await migrated(postgres_database)
    engine = open_engine(
        url, HOME, role=HOME.system_role, name="relay_plans", pool_size=1, **SESSION
    )
    execute = "EXECUTE confirmed(ARRAY[1, 2, 3, 4, 5, 6, 7, 8]::bigint[])"
    async with engine.begin() as connection:
        await connection.exec_driver_sql(
            f"PREPARE confirmed AS {CONFIRMED.compile(engine.sync_engine)}"
        )
        await _fill(connection, FEW)
        for _ in range(KEPT_AFTER + 1):
            await connection.exec_driver_sql(execute)
        await _fill(connection, MANY)
        explained = await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {execute}")
        read = nodes_of(explained.scalar_one())
    await engine.dispose()
    assert not any(node["Node Type"] == "Seq Scan" for node in read), read


async def _fill(connection: AsyncConnection, rows: int) -> None:
    await connection.execute(text(_FILL), {"rows": rows, "body": secrets.token_bytes(500)})
