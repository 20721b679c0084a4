"""Migrated databases, as copies of one that was migrated once: quicker than all its migrations."""

import asyncio
import secrets
import threading
from contextlib import suppress
from pathlib import Path

import asyncpg
from sqlalchemy.engine import make_url

from messaging.database.migrations import migrate
from ops.servers import create_database, drop_database
from ops.servers.databases import database_url
from tests.support.database.urls import plain_url

MAINTENANCE = "postgres"
"""The database that is connected to while another one is made."""

_one_at_a_time = threading.Lock()
_to_copy: dict[tuple[str, Path], str] = {}
"""The URLs of those that are copied, by their server and their migrations."""


async def newest_schema(url: str, scripts: Path) -> str:
    """The same URL, its database brought to the newest revision."""
    if await _is_empty(url):
        await _copy(await asyncio.to_thread(_migrated_once, url, scripts), url)
    else:
        await asyncio.to_thread(migrate, url, scripts)
    return url


def forget() -> None:
    """Drop what was copied."""
    while _to_copy:
        (server, _), url = _to_copy.popitem()
        with suppress(OSError):  # A test had a server of its own, which is gone.
            drop_database(server, str(make_url(url).database))


def _migrated_once(url: str, scripts: Path) -> str:
    server = database_url(url, MAINTENANCE)
    with _one_at_a_time:
        if (server, scripts) not in _to_copy:
            made = create_database(server, f"migrated_{secrets.token_hex(8)}")
            migrate(made, scripts)
            _to_copy[server, scripts] = made
        return _to_copy[server, scripts]


async def _is_empty(url: str) -> bool:
    database = await asyncpg.connect(plain_url(url))
    try:
        return await database.fetchval("SELECT count(*) = 0 FROM pg_stat_user_tables") is True
    finally:
        await database.close()


async def _copy(source: str, url: str) -> None:
    """Put a copy in the place of an empty database."""
    name, copied = make_url(url).database, make_url(source).database
    database = await asyncpg.connect(plain_url(database_url(url, MAINTENANCE)))
    try:
        await database.execute(f'DROP DATABASE "{name}"')
        await database.execute(f'CREATE DATABASE "{name}" TEMPLATE "{copied}"')
    finally:
        await database.close()
