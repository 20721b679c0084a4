"""Creating and dropping databases on a PostgreSQL server, from code that is not async."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from messaging.database.engine import connecting


def database_url(server_url: str, name: str) -> str:
    """`server_url` with another database's name, user and password kept."""
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


def create_database(server_url: str, name: str) -> str:
    """Create an empty database and return its URL.

    `server_url` is a `postgresql+asyncpg://` URL whose user may create databases. Raises
    sqlalchemy.exc.DBAPIError, as when the database exists.
    """
    _execute(server_url, f'CREATE DATABASE "{_checked(name)}" TEMPLATE template0')
    return database_url(server_url, name)


def drop_database(server_url: str, name: str) -> None:
    """Drop a database, closing the connections it has; nothing happens where there is none."""
    _execute(server_url, f'DROP DATABASE IF EXISTS "{_checked(name)}" WITH (FORCE)')


def check_connection(server_url: str) -> None:
    """Connect once. Raises OSError or sqlalchemy.exc.DBAPIError where that fails."""
    _execute(server_url, "SELECT 1")


def _checked(name: str) -> str:
    if not name.isidentifier() or not name.isascii():
        raise ValueError(f"not a plain database name: {name!r}")
    return name


def _execute(server_url: str, statement: str) -> None:
    async def run() -> None:
        address, protection = connecting(server_url)
        engine = create_async_engine(
            address,
            isolation_level="AUTOCOMMIT",
            poolclass=NullPool,
            hide_parameters=True,
            connect_args=protection,
        )
        async with engine.connect() as connection:
            await connection.execute(text(statement))
        await engine.dispose()

    # A thread of its own: the caller's may have a running event loop.
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, run()).result()
