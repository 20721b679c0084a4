"""Dispatch's schema: migrations, what the models map, and row-level security."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine

from messaging.database import limit_to_orgs, open_engine
from messaging.migrating import head, migrate
from messaging.tables import metadata as messaging_tables
from services.ereferral_dispatch.home import HOME, MIGRATIONS
from services.ereferral_dispatch.models import Base
from tests.dispatch_service import plain_url

OWN_TABLES = {"lane", "ereferral", "package", "composed", "attempt", "early_cancel"}
ALL_TABLES = OWN_TABLES | {"inbox", "outbox"}
MINE, THEIRS = "org_mine", "org_theirs"


@pytest_asyncio.fixture(scope="module")
async def database(postgres_database: str) -> AsyncIterator[asyncpg.Connection]:
    """A migrated database, as its superuser."""
    await asyncio.to_thread(migrate, postgres_database, MIGRATIONS)
    connection = await asyncpg.connect(plain_url(postgres_database))
    await connection.execute("SET search_path TO ereferral_dispatch")
    yield connection
    await connection.close()


@pytest_asyncio.fixture(scope="module")
async def rows(database: asyncpg.Connection) -> None:
    """A row in each table, for each of two orgs."""
    for org_id in (MINE, THEIRS):
        for table in sorted(ALL_TABLES, key=lambda name: (name not in ("lane", "ereferral"), name)):
            if table == "lane":
                await _fill(database, table, org_id, {"id": _id(org_id, "lane")})
            elif table == "ereferral":
                ids = {"id": _id(org_id, "ereferral"), "lane_id": _id(org_id, "lane")}
                await _fill(database, table, org_id, ids)
            else:
                ids = {"ereferral_id": _id(org_id, "ereferral")}
                await _fill(database, table, org_id, ids)


_IDS: dict[tuple[str, str], Any] = {}


def _id(org_id: str, of: str) -> Any:
    return _IDS.setdefault((org_id, of), uuid4())


# A value of each type; `seq` and whatever may be null are left out.
_VALUES = {
    "text": "'x'",
    "uuid": "gen_random_uuid()",
    "integer": "1",
    "smallint": "200",
    "boolean": "false",
    "bytea": "'\\x00'",
    "jsonb": "'[]'",
    "timestamp with time zone": "now()",
}


async def _fill(
    database: asyncpg.Connection, table: str, org_id: str, ids: dict[str, Any]
) -> None:
    columns = await database.fetch(
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = 'ereferral_dispatch' AND table_name = $1 "
        "AND is_nullable = 'NO' AND is_identity = 'NO'",
        table,
    )
    values = {row["column_name"]: _VALUES[row["data_type"]] for row in columns}
    values |= {name: f"'{uuid}'" for name, uuid in ids.items() if name in values}
    values["org_id"] = f"'{org_id}'"
    await database.execute(
        f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(values.values())})"
    )


async def test_a_second_migration_changes_nothing(
    database: asyncpg.Connection, postgres_database: str
) -> None:
    """Migrating twice, and at the same time, is safe; the database is at the newest revision."""
    both = (asyncio.to_thread(migrate, postgres_database, MIGRATIONS) for _ in range(2))
    await asyncio.gather(*both)
    assert await database.fetch("SELECT version_num FROM alembic_version") == [(head(MIGRATIONS),)]


async def test_the_models_are_the_migrated_tables(
    database: asyncpg.Connection, postgres_database: str
) -> None:
    """Tables, columns, types, nullability and foreign keys: what the models map is what there is,
    and every table is mapped."""
    assert set(Base.metadata.tables) == OWN_TABLES
    engine = create_async_engine(
        postgres_database,
        connect_args={"server_settings": {"search_path": HOME.schema}},
    )

    def differences(connection: sa.Connection) -> list[Any]:
        def ours(_: Any, name: str | None, kind: str, *__: Any) -> bool:
            # Indexes are the migrations' own; no model uses them.
            return kind != "index" and name != "alembic_version"

        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": ours}
        )
        return list(compare_metadata(context, [Base.metadata, messaging_tables]))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_every_table_enables_and_forces_row_level_security(
    database: asyncpg.Connection,
) -> None:
    """ENABLE and FORCE on every table that has an org; none but the revision has none."""
    found = await database.fetch(
        "SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = 'ereferral_dispatch' AND c.relkind IN ('r', 'p')"
    )
    assert {row["relname"] for row in found} == ALL_TABLES | {"alembic_version"}
    for row in found:
        if row["relname"] != "alembic_version":
            assert row["relrowsecurity"] and row["relforcerowsecurity"], row["relname"]


async def test_every_table_has_a_policy_for_each_of_the_two_roles(
    database: asyncpg.Connection,
) -> None:
    """The service sees the orgs of its transaction, in reading and in writing; the system all."""
    found = await database.fetch(
        "SELECT tablename, roles, cmd, permissive, qual, with_check FROM pg_policies "
        "WHERE schemaname = 'ereferral_dispatch'"
    )
    by_table = {
        (row["tablename"], role): row for row in found for role in row["roles"]
    }
    assert {table for table, _ in by_table} == ALL_TABLES
    for table in ALL_TABLES:
        service = by_table[table, HOME.service_role]
        system = by_table[table, HOME.system_role]
        assert service["cmd"] == system["cmd"] == "ALL"
        assert service["qual"] == service["with_check"]
        assert "app.orgs" in service["qual"] and "NULLIF" in service["qual"]
        assert system["qual"] == system["with_check"] == "true"
    assert len(found) == 2 * len(ALL_TABLES)


async def test_the_roles_can_neither_log_in_nor_pass_the_policies(
    database: asyncpg.Connection,
) -> None:
    """NOLOGIN, no BYPASSRLS, no superuser, and owner of nothing."""
    for role in (HOME.service_role, HOME.system_role):
        row = await database.fetchrow("SELECT * FROM pg_roles WHERE rolname = $1", role)
        assert row is not None
        assert not (row["rolcanlogin"] or row["rolbypassrls"] or row["rolsuper"])
        owned = await database.fetchval(
            "SELECT count(*) FROM pg_class WHERE relowner = $1", row["oid"]
        )
        assert owned == 0


async def test_every_key_holds_the_org(database: asyncpg.Connection) -> None:
    """Primary, unique and foreign keys all hold `org_id`, but for the outbox's order: otherwise a
    conflict in one org would tell of another's row."""
    keys = await database.fetch(
        "SELECT conrelid::regclass::text AS name, contype::text AS kind, "
        "pg_get_constraintdef(oid) AS definition FROM pg_constraint "
        "WHERE connamespace = 'ereferral_dispatch'::regnamespace AND contype IN ('p', 'u', 'f')"
    )
    assert {key["name"] for key in keys if key["kind"] == "p"} >= ALL_TABLES
    without = [
        key["name"]
        for key in keys
        if "org_id" not in key["definition"] and key["name"] != "alembic_version"
    ]
    assert without == ["outbox"]


@pytest.mark.parametrize("table", sorted(ALL_TABLES - {"outbox"}))
async def test_the_service_sees_its_transactions_orgs_alone(
    rows: None, postgres_database: str, table: str
) -> None:
    """Its own org's rows, both orgs' in a batch of both, and none where no org was named."""
    engine = open_engine(postgres_database, HOME, role=HOME.service_role, name="test")
    seen = []
    for orgs in ([MINE], [THEIRS], [MINE, THEIRS], ["org_none"]):
        async with engine.begin() as connection:
            await connection.execute(
                sa.text("SELECT set_config('app.orgs', :orgs, true)"), {"orgs": ",".join(orgs)}
            )
            found = await connection.execute(sa.text(f"SELECT org_id FROM {table}"))
            seen.append(sorted(found.scalars()))
    async with engine.begin() as connection:
        # The setting of a transaction before leaves '' behind, which names no org.
        left = await connection.execute(sa.text(f"SELECT org_id FROM {table}"))
        assert left.all() == []
    await engine.dispose()
    assert seen == [[MINE], [THEIRS], [MINE, THEIRS], []]


@pytest.mark.parametrize("table", ["early_cancel", "lane", "outbox"])
async def test_the_service_cannot_write_into_another_org(
    rows: None, database: asyncpg.Connection, table: str
) -> None:
    """An insert under another org's id is refused by the policy, whatever the code does."""
    async with database.transaction():
        await database.execute(f"SET LOCAL ROLE {HOME.service_role}")
        await database.execute("SELECT set_config('app.orgs', $1, true)", MINE)
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            async with database.transaction():
                await _fill(database, table, THEIRS, {"id": uuid4(), "ereferral_id": uuid4()})


@pytest.mark.parametrize("table", ["ereferral", "lane", "attempt"])
async def test_the_service_cannot_change_another_orgs_rows(
    rows: None, database: asyncpg.Connection, table: str
) -> None:
    """An update of everything changes its own org's row."""
    async with database.transaction():
        await database.execute(f"SET LOCAL ROLE {HOME.service_role}")
        await database.execute("SELECT set_config('app.orgs', $1, true)", MINE)
        changed = await database.execute(f"UPDATE {table} SET address = address" if table != "ereferral" else "UPDATE ereferral SET status = status")
        assert changed == "UPDATE 1"
