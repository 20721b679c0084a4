"""`handoff migrate`, and the state of a service's schema before and after it."""

import asyncio
import os
from dataclasses import dataclass
from enum import StrEnum

import asyncpg
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from messaging.database.engine import CONNECT_TIMEOUT_SECONDS, Home, connecting, hosts_asked
from messaging.database.errors import sqlstate, why_away
from messaging.database.revisions import head
from ops import environment
from ops.catalogue import ServiceName, place_of
from ops.environment import CannotGoOn, check_database_url


class _State(StrEnum):
    """SQLSTATEs (PostgreSQL's appendix A) that a wrong URL, an empty or a busy database gives."""

    NO_SUCH_TABLE = "42P01"
    NO_SUCH_SCHEMA = "3F000"
    NO_SUCH_DATABASE = "3D000"
    WRONG_LOGIN = "28P01"
    NOT_AUTHORIZED = "28000"
    NO_PRIVILEGE = "42501"
    LOCK_NOT_AVAILABLE = "55P03"
    DEADLOCK = "40P01"
    NOT_SERIALIZABLE = "40001"


@dataclass(frozen=True, slots=True)
class SchemaState:
    """A service's schema. `held` is None where no migration was applied.

    `logs_values`: the server's settings let statements' values into its log. `sees_all_orgs`: the
    URL's user does, before it works as a role of the service's.
    """

    server_version: str
    logs_values: bool
    sees_all_orgs: bool
    held: str | None
    needed: str

    @property
    def current(self) -> bool:
        """Whether the schema is the one that this program needs."""
        return self.held == self.needed

    @property
    def newer(self) -> bool:
        """Whether a later version of the program has migrated it."""
        return self.held is not None and self.held > self.needed


def database_url(name: ServiceName) -> str:
    """The service's database. Raises SettingError."""
    url = environment.database_url(name)
    check_database_url(name, url)
    return url


def database_place(url: str) -> str:
    """Host, port and name of a database's URL, without user and password."""
    parts = make_url(url)
    ports = ",".join(parts.normalized_query.get("port", ())) or parts.port
    hosts = hosts_asked(parts) or "localhost"
    return f"{hosts}:{ports or os.environ.get('PGPORT') or 5432}/{parts.database or ''}"


def schema_state(name: ServiceName, url: str) -> SchemaState:
    """Look at the service's schema. Raises CannotGoOn where the database cannot be reached."""
    where = place_of(name)
    try:
        version, logs_values, sees_all_orgs, held = asyncio.run(_look(url, where.home))
    except Exception as error:
        raise CannotGoOn(f"{name.prefix}DATABASE_URL: {why_it_failed(error, url)}") from None
    return SchemaState(version, logs_values, sees_all_orgs, held, head(where.migrations))


def migrate_service(name: ServiceName) -> str:
    """Bring one service's database to the newest revision and return what was done, in one line.

    Raises SettingError and CannotGoOn, each one line that names the variable.
    """
    url = database_url(name)
    before = schema_state(name, url)
    at = database_place(url)
    if before.newer:
        return f"{name}: {at} is at {before.held}, newer than this program; nothing to do"
    if before.current:
        return f"{name}: {at} is at {before.held}, the newest; nothing to do"
    try:
        # Alembic takes long to load, and no other command needs it.
        from messaging.database.migrations import migrate

        migrate(url, place_of(name).migrations)
    except Exception as error:
        if sqlstate(error) == _State.NO_PRIVILEGE:
            raise CannotGoOn(
                f"{name.prefix}DATABASE_URL: its user may not create schemas or roles; migrate "
                "as one who may (CREATEROLE, and CREATE on the database)"
            ) from None
        raise
    return f"{name}: {at} migrated from {before.held or 'nothing'} to {before.needed}"


# Logged statements come with their values unless log_parameter_max_length is 0.
_LOGS_VALUES = """
    SELECT current_setting('log_parameter_max_length') <> '0' AND (
        current_setting('log_statement') IN ('mod', 'all')
        OR current_setting('log_min_duration_statement') <> '-1'
        OR current_setting('log_min_duration_sample') <> '-1'
        OR current_setting('log_transaction_sample_rate') <> '0')
"""


_ROLE = """
    SELECT pg_has_role(session_user, oid, 'MEMBER') AS may_be_taken,
        pg_has_role(session_user, oid, 'USAGE') AS is_inherited
    FROM pg_roles WHERE rolname = :role
"""


async def _look(url: str, home: Home) -> tuple[str, bool, bool, str | None]:
    address, protection = connecting(url)
    engine = create_async_engine(
        address,
        hide_parameters=True,
        poolclass=NullPool,
        connect_args={
            **protection,
            "timeout": CONNECT_TIMEOUT_SECONDS,
            "server_settings": {"search_path": home.schema},
        },
    )
    try:
        async with engine.connect() as connection:
            version = str(await connection.scalar(text("SHOW server_version")))
            logs_values = bool(await connection.scalar(text(_LOGS_VALUES)))
            role = (await connection.execute(text(_ROLE), {"role": home.system_role})).first()
            if role is not None and role.may_be_taken:
                await connection.execute(text(f'SET ROLE "{home.system_role}"'))
            inherits = role is not None and bool(role.is_inherited)
            try:
                held = await connection.scalar(text("SELECT version_num FROM alembic_version"))
            except Exception as error:
                if sqlstate(error) in (_State.NO_SUCH_TABLE, _State.NO_SUCH_SCHEMA):
                    return version, logs_values, inherits, None
                raise
            return version, logs_values, inherits, held
    finally:
        await engine.dispose()


def is_contended(error: Exception) -> bool:
    """Whether somebody else works with the same rows just now: another try may do."""
    return sqlstate(error) in (
        _State.LOCK_NOT_AVAILABLE,
        _State.DEADLOCK,
        _State.NOT_SERIALIZABLE,
    )


def why_it_failed(error: Exception, url: str) -> str:
    """What a person is told about a database that refused or was away. Raises any other error."""
    state, at = sqlstate(error), database_place(url)
    if state == _State.NO_SUCH_DATABASE:
        return (
            f"there is no database {make_url(url).database} at {at.rpartition('/')[0]}; create it"
        )
    if state in (_State.WRONG_LOGIN, _State.NOT_AUTHORIZED):
        return f"PostgreSQL at {at} refused the user or the password"
    if state == _State.NO_PRIVILEGE:
        return f"PostgreSQL at {at} does not let this user read the service's schema"
    if is_contended(error):
        return f"a service at {at} is working with the same rows; run it again"
    if state is not None:
        return f"PostgreSQL at {at} refused it (SQLSTATE {state})"
    if isinstance(error, (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)):
        return f"no PostgreSQL to be used at {at} ({why_away(error)})"
    raise error
