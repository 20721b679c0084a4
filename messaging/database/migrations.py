"""Migrations: each service's own Alembic history, in the service's own schema.

Also the pieces that a service's migrations are made of: roles, row-level security, closed columns,
inbox, outbox.
"""

import asyncio
from pathlib import Path

import sqlalchemy as sa
from alembic import command, context, op
from alembic.config import Config
from sqlalchemy.ext.asyncio import create_async_engine

from messaging.database.engine import Home, connecting
from messaging.database.revisions import OLDEST_PROGRAM
from messaging.database.tables import metadata

_ONE_AT_A_TIME = 0x48414E45  # the advisory lock of whoever migrates


def migrate(url: str, scripts: Path) -> None:
    """Bring the database to the newest revision; safe to run twice and at the same time.

    The URL's user must be allowed to create roles and schemas. Runs an event loop of its own.
    """
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["url"] = url
    command.upgrade(config, "head")


def run_environment(home: Home, *, oldest_program: str) -> None:
    """What a service's `env.py` does: run its migrations in its schema, one process at a time.

    `oldest_program`: the revision that the oldest program was made for which works with the newest
    schema. It is written down with the schema: replicas of older programs go on meanwhile, so that
    one after another can be replaced.
    """
    asyncio.run(_run(home, context.config.attributes["url"], oldest_program))


async def _run(home: Home, url: str, oldest_program: str) -> None:
    address, protection = connecting(url)
    engine = create_async_engine(
        address, hide_parameters=True, poolclass=sa.pool.NullPool, connect_args=protection
    )
    async with engine.begin() as connection:
        await connection.execute(
            sa.select(sa.func.pg_advisory_xact_lock(sa.literal(_ONE_AT_A_TIME, sa.BigInteger)))
        )
        await connection.execute(sa.text(f'CREATE SCHEMA IF NOT EXISTS "{home.schema}"'))
        await connection.execute(sa.text(f'SET LOCAL search_path TO "{home.schema}"'))
        await connection.run_sync(_upgrade, home)
        note = sa.literal(f"{OLDEST_PROGRAM}{oldest_program}").compile(
            dialect=connection.dialect, compile_kwargs={"literal_binds": True}
        )
        await connection.execute(sa.text(f"COMMENT ON TABLE alembic_version IS {note}"))
    await engine.dispose()


def _upgrade(connection: sa.Connection, home: Home) -> None:
    context.configure(connection=connection, version_table_schema=home.schema)
    context.run_migrations()


def create_roles(home: Home) -> None:
    """The two NOLOGIN roles of a service, which the one who migrates may become."""
    for role in (home.service_role, home.system_role):
        op.execute(
            f"""
            DO $$ BEGIN
                CREATE ROLE "{role}" NOLOGIN NOBYPASSRLS;
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
            END $$
            """
        )
        op.execute(
            f"""
            DO $$ BEGIN
                IF NOT pg_has_role(current_user, '{role}', 'MEMBER') THEN
                    GRANT "{role}" TO CURRENT_USER;
                END IF;
            END $$
            """
        )
        op.execute(f'GRANT USAGE ON SCHEMA "{home.schema}" TO "{role}"')
        op.execute(f'GRANT SELECT ON "{home.schema}".alembic_version TO "{role}"')


def protect(home: Home, table: str, *, service: str, system: str) -> None:
    """Row-level security on a table: the service sees the orgs of its transaction, the system all.

    `service` and `system` are the privileges, such as `SELECT, INSERT, UPDATE`.
    """
    op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
    op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
    # set_config(…, true) leaves '' behind, not null: an empty setting must show nothing.
    orgs = "org_id = ANY (string_to_array(NULLIF(current_setting('app.orgs', true), ''), ','))"
    op.execute(
        f'CREATE POLICY {table}_orgs ON "{table}" TO "{home.service_role}" '
        f"USING ({orgs}) WITH CHECK ({orgs})"
    )
    op.execute(f'GRANT {service} ON "{table}" TO "{home.service_role}"')
    if system:
        op.execute(
            f'CREATE POLICY {table}_system ON "{table}" TO "{home.system_role}" '
            "USING (true) WITH CHECK (true)"
        )
        op.execute(f'GRANT {system} ON "{table}" TO "{home.system_role}"')


def create_messaging_tables(home: Home) -> None:
    """Inbox, outbox and audit trail as of their first version."""
    metadata.create_all(op.get_bind(), checkfirst=False)
    protect(home, "inbox", service="SELECT, INSERT", system="SELECT, UPDATE, DELETE")
    protect(home, "outbox", service="INSERT", system="SELECT, INSERT, DELETE")
    # Append-only: nobody who runs here may change or remove what the trail holds.
    protect(home, "audit", service="INSERT", system="SELECT")
    op.execute("CREATE INDEX audit_patients ON audit USING gin (patient_ids)")
    op.execute("CREATE INDEX inbox_received_at ON inbox (received_at)")
    # The outbox is emptied all the time; its dead rows stand at the place that the relay looks at.
    op.execute(
        "ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0, "
        "autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0)"
    )


def close(table: str, column: str, *values: str) -> None:
    """Let a column of text hold these values alone, whatever it was closed to before; null, where
    it may be null, is no value."""
    listed = ", ".join(f"'{value}'" for value in values)
    name = f"{table}_{column}_closed"
    op.execute(
        f'ALTER TABLE "{table}" DROP CONSTRAINT IF EXISTS {name}, '
        f"ADD CONSTRAINT {name} CHECK ({column} IN ({listed}))"
    )
