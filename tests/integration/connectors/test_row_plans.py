"""Plans of an import's statements: rows are found by their keys, however many there are."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.connecting import ImportKind, System
from messaging.database.engine import open_engine
from messaging.database.lookups import keys
from messaging.database.migrations import migrate
from messaging.trail.audit import Operator
from services.connectors import adding
from services.connectors.home import HOME, MIGRATIONS
from services.connectors.models import ExternalId, StagedRow
from services.connectors.rules.identity import connection_id
from services.connectors.runs.keys import rows_by_name, rows_by_parent
from tests.support.connectors.running import sealed
from tests.support.database.plans import plan_of

ROWS = 5_000
NAMED = 100
OPERATOR = Operator(client=None, actor="test")
ORG_ID = "plans"
CONNECTION = connection_id(ORG_ID, System.OPENDENTAL, "main")
_FILL = """
    INSERT INTO external_id (org_id, connection_id, kind, external_id, uuid, generation, changes,
        parent, missed, gone, archived, erased, created_at, updated_at)
    SELECT :org, :connection, 'attribution', n::text, gen_random_uuid(), 1, 0,
        (n / 2)::text, 0, false, false, false, now(), now()
    FROM generate_series(1, :rows) AS n;
"""
_FILL_STAGED = """
    INSERT INTO staged_row (org_id, id, connection_id, kind, external_id, external_version, parent,
        gone, state, fields, as_secondary, version, created_at, updated_at)
    SELECT :org, gen_random_uuid(), :connection, 'attribution', n::text, '', (n / 2)::text,
        false, 'staged', '{}', false, 1, now(), now()
    FROM generate_series(1, :rows) AS n;
"""


@pytest_asyncio.fixture(scope="module")
async def engine(postgres_database: str) -> AsyncIterator[AsyncEngine]:
    """As a run works, in the middle of an import whose statistics were made."""
    await asyncio.to_thread(migrate, postgres_database, MIGRATIONS)
    engine = open_engine(postgres_database, HOME, role=HOME.system_role, name="plans")
    options = {"time_zone": "America/New_York"}
    keys = sealed(ORG_ID, System.OPENDENTAL, {"developer_key": "x", "customer_key": "y"})
    await adding.add(engine, ORG_ID, System.OPENDENTAL, "main", options, keys, OPERATOR)
    async with engine.begin() as connection:
        given = {"org": ORG_ID, "connection": CONNECTION, "rows": ROWS}
        await connection.execute(text(_FILL), given)
        await connection.execute(text(_FILL_STAGED), given)
    async with engine.begin() as connection:
        await connection.execute(text("SELECT analyze_rows()"))
    yield engine
    await engine.dispose()


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(rows_by_name(ExternalId, locked=False), id="rows"),
        pytest.param(rows_by_name(ExternalId, locked=True), id="rows to change"),
        pytest.param(rows_by_parent(ExternalId, ~ExternalId.gone), id="children"),
        pytest.param(rows_by_name(StagedRow, locked=False), id="staged rows"),
        pytest.param(rows_by_name(StagedRow, locked=True), id="staged rows to change"),
        pytest.param(rows_by_parent(StagedRow, ~StagedRow.gone), id="staged children"),
    ],
)
async def test_a_page_reads_what_it_names_and_no_other_row(
    engine: AsyncEngine, statement: Select[Any]
) -> None:
    """Nothing is read and thrown away: what a page costs does not grow with the import."""
    names = [str(number) for number in range(1, NAMED + 1)]
    by_parent = [(ORG_ID, CONNECTION, name) for name in names]
    by_name = [(ORG_ID, CONNECTION, ImportKind.ATTRIBUTION.value, name) for name in names]
    compiled = statement.compile(engine.sync_engine)
    wanted = by_name if "key_3" in compiled.params else by_parent
    values = {**compiled.params, **keys(wanted)}
    parameters = tuple(values[name] for name in compiled.positiontup or ())
    async with engine.begin() as connection:
        read = await plan_of(connection, str(compiled), parameters, run=True)
    assert read[0]["Actual Rows"] >= NAMED
    thrown_away = [
        node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Join Filter", 0)
        for node in read
    ]
    assert sum(thrown_away) == 0, read
    assert not any(node["Node Type"] == "Seq Scan" for node in read), read


async def test_only_the_system_has_statistics_made(
    engine: AsyncEngine, postgres_database: str
) -> None:
    """The role that works for clients may not."""
    service = open_engine(postgres_database, HOME, role=HOME.service_role, name="plans")
    try:
        with pytest.raises(ProgrammingError, match="permission denied for function analyze_rows"):
            async with service.begin() as connection:
                await connection.execute(text("SELECT analyze_rows()"))
    finally:
        await service.dispose()
