"""The connection to PostgreSQL: engines, roles, and which orgs a transaction sees."""

import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

from messaging.wire.tls import is_loopback, verifying

CONNECT_TIMEOUT_SECONDS = 5.0
COMMAND_TIMEOUT_SECONDS = 15.0
_LOCAL_SETTINGS = {
    # A frozen replica must not hold the rows of the others.
    "idle_in_transaction_session_timeout": "5s",
    "lock_timeout": "2s",
    "statement_timeout": "10s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "2",
    "timezone": "UTC",
    # A statement's values are patients' data: the server must not log them when one fails. What it
    # logs of slow ones only its superuser can settle (log_parameter_max_length).
    "log_parameter_max_length_on_error": "0",
}


NO_TLS, VERIFIED = "disable", "verify-full"
"""What the URL's `ssl` may say: nothing is encrypted; certificate and name are verified."""
CA_FILE = "sslrootcert"
"""The URL's parameter with a file of CA certificates, which then count alone; as libpq's."""


def connecting(url: str) -> tuple[URL, dict[str, Any]]:
    """The URL as the driver takes it, and the driver's arguments for how it is protected.

    Without `ssl`: verified where there is a CA file or a host that is not this machine.
    """
    parts = make_url(url)
    said = parts.normalized_query
    ca_file = said.get(CA_FILE, (None,))[-1]
    default = VERIFIED if ca_file or _is_elsewhere(parts) else NO_TLS
    verified = said.get("ssl", (default,))[-1] != NO_TLS
    return (
        parts.difference_update_query(("ssl", CA_FILE)),
        {"ssl": verifying(ca_file) if verified else False},
    )


def unknown_parameters(url: str) -> list[str]:
    """What the URL's query says beyond what is known here: the driver would take some of it, a
    whole other address among them, and fall over the rest."""
    return sorted(set(make_url(url).query) - {"ssl", CA_FILE, "host", "port"})


def in_clear_text(url: str) -> bool:
    """Whether what is said to this PostgreSQL leaves the machine unencrypted."""
    parts, protection = connecting(url)
    return not protection["ssl"] and _is_elsewhere(parts)


def hosts_asked(parts: URL) -> str:
    """The hosts that the driver goes to, with a comma between; empty where none is named.

    Those of the query, which may have a port each, come before the URL's own, and PGHOST counts
    where there is neither.
    """
    named = [*parts.normalized_query.get("host", ()), *filter(None, [parts.host])]
    return ",".join(named or [os.environ.get("PGHOST", "")])


def _is_elsewhere(parts: URL) -> bool:
    """Whether one of its hosts is not this machine."""
    return not all(is_loopback(_without_port(host)) for host in hosts_asked(parts).split(","))


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    is_one = port.isdigit() and (name.endswith("]") or ":" not in name)
    return name if colon and is_one else host


@dataclass(frozen=True, slots=True)
class Home:
    """Where a service keeps its tables, and as whom it works there.

    `service_role` sees the rows of the orgs that its transaction names; `system_role` (outbox
    relay, sweeps, retention) sees all. Both are NOLOGIN roles made by the migrations: a superuser
    would pass every row-level security policy.
    """

    schema: str

    @property
    def service_role(self) -> str:
        return f"handoff_{self.schema}"

    @property
    def system_role(self) -> str:
        return f"handoff_{self.schema}_system"


def open_engine(
    url: str, home: Home, *, role: str, name: str, pool_size: int = 10, **session_settings: str
) -> AsyncEngine:
    """An engine whose sessions work in the home's schema as `role`; connects when first used.

    `pool_size` 0: every connection is closed when it is given back. SQLAlchemy's errors never show
    a statement's parameters.
    """
    server_settings = {
        **_LOCAL_SETTINGS,
        **session_settings,
        "search_path": home.schema,
        "application_name": name,
        "role": role,
    }
    pool: dict[str, Any] = (
        {"pool_size": pool_size, "max_overflow": 0, "pool_timeout": COMMAND_TIMEOUT_SECONDS}
        if pool_size
        else {"poolclass": NullPool}
    )
    address, protection = connecting(url)
    return create_async_engine(
        address,
        hide_parameters=True,
        connect_args={
            **protection,
            "server_settings": server_settings,
            "timeout": CONNECT_TIMEOUT_SECONDS,
            "command_timeout": COMMAND_TIMEOUT_SECONDS,
        },
        **pool,
    )


async def limit_to_orgs(
    connection: AsyncConnection | AsyncSession, orgs: Iterable[str]
) -> datetime:
    """Let row-level security show the rows of these orgs until the transaction ends.

    Returns the transaction's time: the database's clock is the one that all replicas share.
    """
    row = await connection.execute(
        text("SELECT set_config('app.orgs', :orgs, true), now()"),
        {"orgs": ",".join(sorted(set(orgs)))},
    )
    now: datetime = row.one()[1]
    return now


@asynccontextmanager
async def org_snapshot(
    engine: AsyncEngine, org_id: str
) -> AsyncIterator[tuple[AsyncSession, datetime]]:
    """A session that reads one org as it is at one moment, so that a page and its total agree.

    Yields the session and that moment.
    """
    async with AsyncSession(engine, autoflush=False) as session, session.begin():
        await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session, await limit_to_orgs(session, [org_id])
