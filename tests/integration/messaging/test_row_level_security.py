"""Row-level security keeps orgs apart underneath, whatever the code does."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from messaging.database.migrations import migrate
from services.ereferral_dispatch import home as dispatch_home
from tests.support.database.urls import plain_url
from tests.support.services.referrals import Org, Referrals


@pytest_asyncio.fixture(scope="module")
async def database(referrals: Referrals) -> AsyncIterator[asyncpg.Connection]:
    """The superuser on a database that has both schemas; two orgs have used referrals."""
    await asyncio.to_thread(migrate, referrals.database_url, dispatch_home.MIGRATIONS)
    for org_id in ("org_a", "org_b"):
        org = Org(referrals.client, org_id)
        await org.ask("patient.get", patient_uuid=str(uuid4()))
        await org.sent_referral(referring_provider_uuid=(await org.provider())["id"])
    await referrals.heard.everything()
    connection = await asyncpg.connect(plain_url(referrals.database_url))
    yield connection
    await connection.close()


@pytest_asyncio.fixture
async def service_role(database: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """A transaction as the role that referrals works as; rolled back afterwards."""
    transaction = database.transaction()
    await transaction.start()
    await database.execute("SET LOCAL search_path TO referrals")
    await database.execute("SET LOCAL ROLE handoff_referrals")
    yield database
    await transaction.rollback()


async def limit_to(connection: asyncpg.Connection, orgs: str) -> None:
    await connection.execute("SELECT set_config('app.orgs', $1, true)", orgs)


async def tables_of(database: asyncpg.Connection, schema: str) -> list[str]:
    """The tables of a schema but Alembic's own."""
    rows = await database.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = $1 AND tablename <> 'alembic_version' "
        "ORDER BY tablename",
        schema,
    )
    found = [row["tablename"] for row in rows]
    assert found
    return found


async def readable(database: asyncpg.Connection) -> list[str]:
    """The tables of referrals that its service may read."""
    return [
        table
        for table in await tables_of(database, "referrals")
        if await database.fetchval(
            "SELECT has_table_privilege('handoff_referrals', $1, 'SELECT')", f"referrals.{table}"
        )
    ]


@pytest.mark.parametrize("orgs", [None, "", "org_c", "org", "org_a.org_b", "*", "%"])
async def test_without_its_org_no_row_is_visible(
    service_role: asyncpg.Connection, orgs: str | None
) -> None:
    """Not set, emptied, another org, half a name, a pattern: nothing."""
    if orgs is not None:
        await limit_to(service_role, orgs)
    for table in await readable(service_role):
        assert await service_role.fetchval(f"SELECT count(*) FROM {table}") == 0, table


async def test_with_an_org_its_rows_are_visible_and_no_others(
    service_role: asyncpg.Connection,
) -> None:
    """In every table that the service reads."""
    await limit_to(service_role, "org_a")
    seen = set()
    for table in await readable(service_role):
        orgs = await service_role.fetch(f"SELECT DISTINCT org_id FROM {table}")
        assert {row["org_id"] for row in orgs} <= {"org_a"}, table
        if orgs:
            seen.add(table)
    assert seen >= {
        *("referral_partner", "patient", "provider", "practice", "referral", "referral_timeline"),
        "inbox",
    }


async def test_with_two_orgs_both_are_visible(service_role: asyncpg.Connection) -> None:
    """A batch names the orgs of all its messages."""
    await limit_to(service_role, "org_a,org_b")
    rows = await service_role.fetch("SELECT org_id FROM practice ORDER BY org_id")
    assert [row["org_id"] for row in rows] == ["org_a", "org_b"]


async def test_rows_of_another_org_cannot_be_changed_or_moved(
    service_role: asyncpg.Connection,
) -> None:
    """An update does not find them; a row cannot be handed to another org."""
    await limit_to(service_role, "org_a")
    changed = await service_role.execute("UPDATE patient SET name = 'X' WHERE org_id = 'org_b'")
    assert changed == "UPDATE 0"
    everybody = await service_role.execute("UPDATE patient SET name = 'X'")
    assert everybody == "UPDATE 1"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service_role.execute("UPDATE practice SET org_id = 'org_b'")


ROWS = {
    "patient": "(org_id, id, observed_at, version, created_at, updated_at) "
    "VALUES ($1, gen_random_uuid(), now(), 1, now(), now())",
    "inbox": "(org_id, message_id, body_hash, status, received_at) "
    "VALUES ($1, gen_random_uuid(), '', 200, now())",
    "outbox": "(org_id, subject, exchange, routing_key, message_id, content_type, headers, body) "
    "VALUES ($1, 's', 'e', 'r', gen_random_uuid(), 'c', '{}', '')",
}


@pytest.mark.parametrize("table", ROWS)
async def test_a_row_of_another_org_cannot_be_written(
    service_role: asyncpg.Connection, table: str
) -> None:
    """One's own can."""
    await limit_to(service_role, "org_a")
    await service_role.execute(f"INSERT INTO {table} {ROWS[table]}", "org_a")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service_role.execute(f"INSERT INTO {table} {ROWS[table]}", "org_b")


async def test_what_was_said_cannot_be_unsaid(database: asyncpg.Connection) -> None:
    """The service deletes nothing, forgets nothing, and does not read what is still to be said."""
    for table, privileges in (
        ("patient", "DELETE"),
        ("referral_partner", "DELETE"),
        ("referral", "DELETE"),
        ("referral_timeline", "UPDATE"),
        ("referral_timeline", "DELETE"),
        ("inbox", "UPDATE"),
        ("inbox", "DELETE"),
        ("outbox", "SELECT"),
        ("outbox", "UPDATE"),
        ("outbox", "DELETE"),
    ):
        allowed = await database.fetchval(
            "SELECT has_table_privilege('handoff_referrals', $1, $2)",
            f"referrals.{table}",
            privileges,
        )
        assert allowed is False, (table, privileges)


async def test_a_service_has_nothing_in_the_schema_of_the_other(
    database: asyncpg.Connection,
) -> None:
    """Two services in one database do not share a table."""
    for role, schema in (
        ("handoff_referrals", "ereferral_dispatch"),
        ("handoff_ereferral_dispatch", "referrals"),
    ):
        allowed = await database.fetchval(
            "SELECT has_schema_privilege($1, $2, 'USAGE')", role, schema
        )
        assert allowed is False


async def test_the_sessions_of_a_running_service_work_as_its_roles(
    database: asyncpg.Connection, referrals: Referrals
) -> None:
    """Not as the user who connected: a superuser would pass every policy."""
    async with referrals.service.engine.connect() as connection:
        row: Any = (
            await connection.exec_driver_sql(
                "SELECT current_user, session_user, current_setting('search_path')"
            )
        ).one()
    assert row[0] == "handoff_referrals" != row[1]
    assert row[2] == "referrals"
    async with referrals.service.system_engine.connect() as connection:
        row = (await connection.exec_driver_sql("SELECT current_user")).one()
    assert row[0] == "handoff_referrals_system"
