"""Plans of look-ups: a plan that was made while a table was nearly empty does for a long one."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import Select, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from messaging.database.engine import limit_to_orgs, open_engine
from messaging.database.lookups import rows_by_keys
from messaging.database.tables import inbox
from messaging.decision.loading import lookup
from services.referrals.home import HOME
from services.referrals.models.directory import Patient
from tests.support.database.plans import KEPT_AFTER, nodes_of
from tests.support.services.referrals import migrated, new_org_id

ORG = new_org_id()
ROWS = 5_000
_FILL = {
    "inbox": """
        INSERT INTO inbox (org_id, message_id, body_hash, status, received_at)
        SELECT :org, gen_random_uuid(), '', 200, now() FROM generate_series(1, :rows)
    """,
    "patient": """
        INSERT INTO patient (org_id, id, name, sort_name, search_text, observed_at, version,
            created_at, updated_at)
        SELECT :org, gen_random_uuid(), 'Sample', 'sample', 'sample', now(), 1, now(), now()
        FROM generate_series(1, :rows)
    """,
}
_BY_ID = ("org_id", "id")


@pytest_asyncio.fixture
async def engine(postgres_database: str) -> AsyncIterator[AsyncEngine]:
    """As a service works, on a database that nothing was written to yet."""
    url = await migrated(postgres_database)
    engine = open_engine(url, HOME, role=HOME.service_role, name="lookup_plans")
    yield engine
    await engine.dispose()


@pytest.mark.parametrize(
    ("table", "looked_up"),
    [
        pytest.param(
            "inbox",
            rows_by_keys(select(inbox), (inbox.c.org_id, inbox.c.message_id)),
            id="replies",
        ),
        pytest.param(
            "patient",
            lookup(inspect(Patient), _BY_ID, several=False, locked=True),
            id="rows to change",
        ),
        pytest.param(
            "patient",
            lookup(inspect(Patient), _BY_ID, several=False, locked=False),
            id="rows",
        ),
    ],
)
async def test_a_lookup_reads_what_it_names_however_long_the_table_became(
    engine: AsyncEngine, table: str, looked_up: Select[Any]
) -> None:
    """Nothing is read and thrown away."""
    async with engine.begin() as connection:
        await limit_to_orgs(connection, [ORG])
        await connection.exec_driver_sql(
            f"PREPARE looked_up AS {looked_up.compile(engine.sync_engine)}"
        )
        for _ in range(KEPT_AFTER + 1):
            await _read(connection, uuid4())
        await connection.execute(text(_FILL[table]), {"org": ORG, "rows": ROWS})
        column = "message_id" if table == "inbox" else "id"
        one = (await connection.execute(text(f"SELECT {column} FROM {table} LIMIT 1"))).scalar_one()
        read = await _read(connection, one)
    assert read[0]["Actual Rows"] == 1
    rows_read = [
        node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        for node in read
        if node.get("Relation Name") == table
    ]
    assert rows_read == [1], read


async def _read(connection: AsyncConnection, id_: UUID) -> list[dict[str, Any]]:
    explained = await connection.exec_driver_sql(
        f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE looked_up(ARRAY['{ORG}'], ARRAY['{id_}'::uuid], 1)"
    )
    return nodes_of(explained.scalar_one())
