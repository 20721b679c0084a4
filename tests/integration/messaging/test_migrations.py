"""The mapped tables are the tables that the migrations make."""

import asyncio
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Enum, MetaData, Text, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from contracts.ereferral import FailureCode, SuccessCode
from contracts.referral_partner import ContactMethod
from messaging.database.migrations import migrate
from messaging.database.revisions import head
from messaging.database.tables import metadata as messaging_metadata
from services.ereferral_dispatch import home as dispatch_home
from services.ereferral_dispatch.models import Base as DispatchBase
from services.referrals import home as referrals_home
from services.referrals.models.base import Base as ReferralsBase

_MIGRATE = """
import sys
from pathlib import Path
from messaging.database.migrations import migrate
migrate(sys.argv[1], Path(sys.argv[2]))
"""
SERVICES = [
    pytest.param("referrals", referrals_home.MIGRATIONS, ReferralsBase.metadata, id="referrals"),
    pytest.param(
        "ereferral_dispatch", dispatch_home.MIGRATIONS, DispatchBase.metadata, id="dispatch"
    ),
]


def ours(change: Any) -> bool:
    """Whether a difference is meant: an index or a unique key, a column that is loaded late, an
    enumeration.

    SQLAlchemy takes a deferred column for nullable, whatever its annotation says, and calls
    VARCHAR what holds an enumeration: it is text, closed by a check constraint.
    """
    if change[0] == "modify_type":
        return isinstance(change[5], Text) and isinstance(change[6], Enum)
    if change[0] == "modify_nullable":
        return (change[2], change[3]) == ("composed", "content")
    return change[0] in ("remove_index", "remove_constraint")


def differences(connection: Connection, schema: str, mapped: MetaData) -> list[Any]:
    """What Alembic would change; indexes and unique keys are the migrations' own."""
    connection.execute(text(f'SET search_path TO "{schema}"'))
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found = compare_metadata(context, [mapped, messaging_metadata])  # type: ignore[arg-type]
    changes = [change for group in found for change in (group if type(group) is list else [group])]
    return [change for change in changes if not ours(change)]


@pytest.mark.parametrize(("schema", "scripts", "mapped"), SERVICES)
async def test_nothing_is_mapped_that_is_not_migrated_nor_the_other_way_round(
    new_postgres_database: Callable[[], str], schema: str, scripts: Path, mapped: MetaData
) -> None:
    """Tables, columns, types, nullability and foreign keys are the same."""
    url = new_postgres_database()
    await asyncio.to_thread(migrate, url, scripts)
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences, schema, mapped) == []
        tables = set(
            (
                await connection.execute(
                    text("SELECT tablename FROM pg_tables WHERE schemaname = :schema"),
                    {"schema": schema},
                )
            ).scalars()
        )
    await engine.dispose()
    assert tables == {*mapped.tables, *messaging_metadata.tables, "alembic_version"}


_CHECK = """
    SELECT pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = CAST(:table AS regclass) AND conname = :name
"""


@pytest.mark.parametrize(("schema", "scripts", "mapped"), SERVICES)
async def test_a_column_with_an_enumeration_takes_its_members_alone(
    new_postgres_database: Callable[[], str], schema: str, scripts: Path, mapped: MetaData
) -> None:
    """What else stood there could not be read: the database refuses it."""
    url = new_postgres_database()
    await asyncio.to_thread(migrate, url, scripts)
    engine = create_async_engine(url, poolclass=NullPool)
    closed = {
        (table.name, column.name): set(column.type.enums)
        for table in mapped.tables.values()
        for column in table.columns
        if isinstance(column.type, Enum)
    }
    taken = {}
    async with engine.connect() as connection:
        for table, column in closed:
            check = await connection.scalar(
                text(_CHECK), {"table": f"{schema}.{table}", "name": f"{table}_{column}_closed"}
            )
            taken[table, column] = set(re.findall(r"'([^']*)'::text", check or ""))
    await engine.dispose()
    assert taken == closed
    assert closed


async def test_attempts_and_plans_take_codes_and_channels_of_the_lists_alone(
    new_postgres_database: Callable[[], str],
) -> None:
    """Every code that an attempt can end with, and every channel; nothing beside."""
    url = new_postgres_database()
    await asyncio.to_thread(migrate, url, dispatch_home.MIGRATIONS)
    codes = [*FailureCode, *SuccessCode, "http_100", "http_599", "smtp_200", "smtp_599"]
    others = ["relay_down", "http_600", "smtp_199", "no_answer_2", "http_503 ", ""]
    plans = [[{"channel": channel, "address": ""}] for channel in ContactMethod]
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        for table, column, values in (
            ("attempt", "code", [(code, True) for code in codes]),
            ("attempt", "code", [(code, False) for code in others]),
            ("ereferral", "plan", [(json.dumps(plan), True) for plan in plans]),
            ("ereferral", "plan", [(json.dumps([*plans[0], {"channel": "post"}]), False)]),
        ):
            check = await connection.scalar(
                text(_CHECK),
                {"table": f"ereferral_dispatch.{table}", "name": f"{table}_{column}_closed"},
            )
            kind = "jsonb" if column == "plan" else "text"
            condition = str(check).removeprefix("CHECK").replace(":", "\\:")
            asked = text(
                f"SELECT {condition} FROM (SELECT CAST(:value AS {kind}) AS {column}) AS row"
            )
            taken = [
                (value, await connection.scalar(asked, {"value": value})) for value, _ in values
            ]
            assert taken == values
    await engine.dispose()


async def test_migrating_twice_and_at_the_same_time_is_safe(
    new_postgres_database: Callable[[], str],
) -> None:
    """Every replica may do it at its start."""
    url, scripts = new_postgres_database(), referrals_home.MIGRATIONS
    started = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", _MIGRATE, url, str(scripts))
        for _ in range(2)
    ]
    assert [await process.wait() for process in started] == [0, 0]
    await asyncio.to_thread(migrate, url, scripts)
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        held = await connection.scalar(text("SELECT version_num FROM referrals.alembic_version"))
    await engine.dispose()
    assert held == head(scripts)


async def test_both_services_may_live_in_one_database(
    new_postgres_database: Callable[[], str],
) -> None:
    """Two databases, or one with two schemas."""
    url = new_postgres_database()
    await asyncio.to_thread(migrate, url, referrals_home.MIGRATIONS)
    await asyncio.to_thread(migrate, url, dispatch_home.MIGRATIONS)
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        for schema, mapped in (
            ("referrals", ReferralsBase.metadata),
            ("ereferral_dispatch", DispatchBase.metadata),
        ):
            assert await connection.run_sync(differences, schema, mapped) == []
    await engine.dispose()
