"""Errors as PostgreSQL and its driver really raise them, and whose fault each is."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from messaging.database.errors import constraint_name, is_message_fault, is_outage, sqlstate
from tests.support.database.urls import plain_url

MESSAGE, NOBODY = "the message's", "nobody's"


@pytest_asyncio.fixture(scope="module")
async def engine(postgres_database: str) -> AsyncIterator[AsyncEngine]:
    """A database with one table of two rows."""
    made = create_async_engine(postgres_database, poolclass=NullPool, hide_parameters=True)
    async with made.begin() as connection:
        await connection.execute(
            text(
                "CREATE TABLE t (id integer PRIMARY KEY, name varchar(5) NOT NULL, "
                "parent integer REFERENCES t, CONSTRAINT positive CHECK (id > 0))"
            )
        )
        await connection.execute(text("INSERT INTO t VALUES (1, 'one'), (2, 'two')"))
    yield made
    await made.dispose()


def fault(error: BaseException) -> str:
    """Whose fault it is said to be. Fails where it is said to be both or neither."""
    assert is_message_fault(error) != is_outage(error)
    return MESSAGE if is_message_fault(error) else NOBODY


@pytest.mark.parametrize(
    ("statement", "state", "whose"),
    [
        ("INSERT INTO t VALUES (1, 'x')", "23505", MESSAGE),
        ("INSERT INTO t VALUES (3, 'x', 9)", "23503", MESSAGE),
        ("INSERT INTO t VALUES (3, NULL)", "23502", MESSAGE),
        ("INSERT INTO t VALUES (-1, 'x')", "23514", MESSAGE),
        ("INSERT INTO t VALUES (3, 'too long')", "22001", MESSAGE),
        ("INSERT INTO t VALUES (3000000000, 'x')", "22003", MESSAGE),
        ("SELECT 1 / (id - 1) FROM t", "22012", MESSAGE),
        ("SELECT name::integer FROM t", "22P02", MESSAGE),
        ("SELECT * FROM nothing", "42P01", NOBODY),
        ("SET LOCAL statement_timeout = 20; SELECT pg_sleep(1)", "57014", NOBODY),
        ("SET TRANSACTION READ ONLY; DELETE FROM t", "25006", NOBODY),
    ],
)
async def test_an_error_of_the_database(
    engine: AsyncEngine, statement: str, state: str, whose: str
) -> None:
    """Classes 22 and 23 are the message's fault, everything else is nobody's."""
    async with engine.connect() as connection:
        *before, last = statement.split("; ")
        for part in before:
            await connection.execute(text(part))
        with pytest.raises(SQLAlchemyError) as raised:
            await connection.execute(text(last))
    assert sqlstate(raised.value) == state
    assert fault(raised.value) == whose


async def test_a_value_that_the_driver_cannot_send_is_the_messages_fault(
    engine: AsyncEngine,
) -> None:
    """The database was never asked."""
    for statement, value in (
        ("SELECT CAST(:value AS integer)", 2**40),
        ("SELECT CAST(:value AS integer)", "one"),
        ("SELECT CAST(:value AS text)", 1),
    ):
        with pytest.raises(SQLAlchemyError) as raised:
            async with engine.connect() as connection:
                await connection.execute(text(statement), {"value": value})
        assert fault(raised.value) == MESSAGE


async def test_the_constraint_that_was_broken_is_named(engine: AsyncEngine) -> None:
    """So that a race for one message id is told from every other conflict."""
    for statement, name in (
        ("INSERT INTO t VALUES (1, 'x')", "t_pkey"),
        ("INSERT INTO t VALUES (-1, 'x')", "positive"),
    ):
        with pytest.raises(SQLAlchemyError) as raised:
            async with engine.begin() as connection:
                await connection.execute(text(statement))
        assert constraint_name(raised.value) == name


async def test_a_deadlock_and_a_lock_that_is_waited_for_too_long_are_nobodys_fault(
    engine: AsyncEngine,
) -> None:
    """The same messages are tried again."""
    update = text("UPDATE t SET name = 'x' WHERE id = :id")
    async with engine.connect() as one, engine.connect() as other:
        await one.execute(update, {"id": 1})
        await other.execute(update, {"id": 2})
        await other.execute(text("SET LOCAL lock_timeout = 50"))
        with pytest.raises(SQLAlchemyError) as waited:
            await other.execute(update, {"id": 1})
        assert (sqlstate(waited.value), fault(waited.value)) == ("55P03", NOBODY)
        await other.rollback()

        await other.execute(update, {"id": 2})
        results = await asyncio.gather(
            one.execute(update, {"id": 2}), other.execute(update, {"id": 1}), return_exceptions=True
        )
        [dead] = [result for result in results if isinstance(result, SQLAlchemyError)]
        assert (sqlstate(dead), fault(dead)) == ("40P01", NOBODY)


async def test_no_connection_is_nobodys_fault(engine: AsyncEngine, postgres_database: str) -> None:
    """Refused, of a database that is not there, or lost between two statements."""
    refused = create_async_engine(
        engine.url.set(port=1), poolclass=NullPool, connect_args={"timeout": 2}
    )
    missing = create_async_engine(engine.url.set(database="no_such"), poolclass=NullPool)
    for away in (refused, missing):
        with pytest.raises((OSError, SQLAlchemyError, asyncpg.PostgresError)) as raised:
            async with away.connect():
                pass
        assert fault(raised.value) == NOBODY

    killer = await asyncpg.connect(plain_url(postgres_database))
    async with engine.connect() as connection:
        pid = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        await killer.execute("SELECT pg_terminate_backend($1)", pid)
        with pytest.raises(SQLAlchemyError) as lost:
            await connection.execute(text("SELECT 1"))
        assert fault(lost.value) == NOBODY
    await killer.close()
