"""No org's rows show in another, in any table of dispatch, whatever the code does."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid5

import asyncpg
import pytest_asyncio
from sqlalchemy import Enum

from messaging.database.migrations import migrate
from services.ereferral_dispatch.home import HOME, MIGRATIONS
from services.ereferral_dispatch.models import Base
from tests.support.database.urls import plain_url

MINE, THEIRS, OTHERS = "org_mine", "org_theirs", "org_others"
# What refers comes after what it refers to.
OWN_TABLES = [table.name for table in Base.metadata.sorted_tables]

# A value of each type, where a column must have one.
_VALUES = {
    "text": "'x'",
    "uuid": "gen_random_uuid()",
    "integer": "1",
    "bigint": "1",
    "smallint": "200",
    "boolean": "false",
    "bytea": "'\\x00'",
    "jsonb": "'[]'",
    "ARRAY": "'{}'",
    "timestamp with time zone": "now()",
}
_COLUMNS = """
    SELECT column_name, data_type FROM information_schema.columns
    WHERE table_schema = 'ereferral_dispatch' AND table_name = $1
      AND is_nullable = 'NO' AND is_identity = 'NO'
"""


def _id(org_id: str, name: str) -> UUID:
    return uuid5(UUID(int=0), f"{org_id}/{name}")


async def insert(database: asyncpg.Connection, table: str, org_id: str) -> None:
    """A row of that org, with its references to the org's other rows."""
    columns = await database.fetch(_COLUMNS, table)
    values = {row["column_name"]: _VALUES[row["data_type"]] for row in columns}
    ids = {
        "id": _id(org_id, table),
        "lane_id": _id(org_id, "lane"),
        "ereferral_id": _id(org_id, "ereferral"),
    }
    values |= {
        column.name: f"'{column.type.enums[0]}'"
        for column in Base.metadata.tables[table].columns
        if isinstance(column.type, Enum) and column.name in values
    }
    values |= {name: f"'{uuid}'" for name, uuid in ids.items() if name in values}
    values["org_id"] = f"'{org_id}'"
    await database.execute(
        f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(values.values())})"
    )


@pytest_asyncio.fixture(scope="module")
async def database(postgres_database: str) -> AsyncIterator[asyncpg.Connection]:
    """The superuser, on a database where two orgs have a row in every table of dispatch."""
    await asyncio.to_thread(migrate, postgres_database, MIGRATIONS)
    connection = await asyncpg.connect(plain_url(postgres_database))
    await connection.execute("SET search_path TO ereferral_dispatch")
    for org_id in (MINE, THEIRS):
        for table in OWN_TABLES:
            await insert(connection, table, org_id)
    yield connection
    await connection.close()


@pytest_asyncio.fixture
async def service(database: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """A transaction as the role that the service works as; rolled back afterwards."""
    transaction = database.transaction()
    await transaction.start()
    await database.execute(f"SET LOCAL ROLE {HOME.service_role}")
    yield database
    await transaction.rollback()


def in_each(*orgs: str) -> dict[str, list[Any]]:
    """One row of each of these orgs in every table."""
    return {table: list(orgs) for table in OWN_TABLES}


async def seen(service: asyncpg.Connection, orgs: str) -> dict[str, list[Any]]:
    """Whose rows the service sees, by table, while its transaction names these orgs."""
    await service.execute("SELECT set_config('app.orgs', $1, true)", orgs)
    return {
        table: [row[0] for row in await service.fetch(f"SELECT org_id FROM {table} ORDER BY 1")]
        for table in OWN_TABLES
    }


async def test_the_tables_are_those_of_dispatch() -> None:
    """A new one has to stand here, and with it in every test of this module."""
    assert set(OWN_TABLES) == {
        "lane",
        "ereferral",
        "package",
        "composed",
        "attempt",
        "early_cancel",
        "mail_relay",
        "answer_link",
    }


async def test_a_transaction_sees_the_rows_of_its_orgs(service: asyncpg.Connection) -> None:
    """Its own org's, and in a batch for two orgs both; another's never."""
    assert await seen(service, MINE) == in_each(MINE)
    assert await seen(service, THEIRS) == in_each(THEIRS)
    assert await seen(service, f"{MINE},{THEIRS}") == in_each(MINE, THEIRS)


async def test_without_its_org_no_row_is_seen(service: asyncpg.Connection) -> None:
    """An org without rows, half a name, a pattern, and no org at all: nothing."""
    for orgs in (OTHERS, "org", "%", ""):
        assert await seen(service, orgs) == in_each()


async def test_no_row_can_be_written_for_another_org(service: asyncpg.Connection) -> None:
    """Where the service may write at all, one's own row can be written and another's cannot."""
    await service.execute("SELECT set_config('app.orgs', $1, true)", OTHERS)
    for table in OWN_TABLES:
        if await service.fetchval("SELECT has_table_privilege($1, 'INSERT')", table):
            await insert(service, table, OTHERS)
    for table in OWN_TABLES:
        refused = None
        try:
            async with service.transaction():
                await insert(service, table, "org_elsewhere")
        except asyncpg.InsufficientPrivilegeError as error:
            refused = error.sqlstate
        assert refused == "42501", table


async def test_an_update_does_not_reach_another_orgs_rows(service: asyncpg.Connection) -> None:
    """An update of everything changes what is one's own, one row in each table."""
    await service.execute("SELECT set_config('app.orgs', $1, true)", MINE)
    changed = {}
    for table in OWN_TABLES:
        if await service.fetchval("SELECT has_table_privilege($1, 'UPDATE')", table):
            changed[table] = await service.execute(f"UPDATE {table} SET org_id = org_id")
    assert changed == dict.fromkeys(("lane", "ereferral", "attempt", "answer_link"), "UPDATE 1")
