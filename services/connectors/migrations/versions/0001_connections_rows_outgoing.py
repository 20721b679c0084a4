"""Connections, their cursors, what is known and staged of their rows, and what is on its way."""

from alembic import op

from contracts.connecting import ConnectionFailureCode, ImportKind, RowResolution, System
from messaging.database.migrations import close, create_messaging_tables, create_roles, protect
from services.connectors.home import HOME

revision = "0001"
down_revision = None

ALL = "SELECT, INSERT, UPDATE, DELETE"


def upgrade() -> None:
    create_roles(HOME)
    op.execute(
        """
        CREATE TABLE connection (
            org_id text NOT NULL,
            id uuid NOT NULL,
            system text NOT NULL,
            name text NOT NULL,
            config jsonb NOT NULL,
            secrets jsonb NOT NULL,
            next_run_at timestamptz,
            full_asked boolean NOT NULL,
            lease_token uuid,
            lease_until timestamptz,
            pass_id uuid,
            pass_full boolean NOT NULL,
            run_id uuid,
            failures integer NOT NULL,
            failing_since timestamptz,
            told boolean NOT NULL,
            code text,
            phase text,
            row_offset integer,
            needs_person boolean NOT NULL,
            writing_stopped boolean NOT NULL,
            last_success_at timestamptz,
            last_sweep_at timestamptz,
            counts jsonb,
            complete boolean,
            skew_seconds integer,
            removed_at timestamptz,
            version integer NOT NULL,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            PRIMARY KEY (org_id, id)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE cursor (
            org_id text NOT NULL,
            connection_id uuid NOT NULL,
            phase text NOT NULL,
            pass_id uuid NOT NULL,
            row_offset integer NOT NULL,
            last_id text,
            restarts integer NOT NULL,
            complete boolean NOT NULL,
            finished boolean NOT NULL,
            asked_from text,
            next_from text,
            server_time text,
            highest_stamp text,
            moved_at timestamptz NOT NULL,
            PRIMARY KEY (org_id, connection_id, phase)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE external_id (
            org_id text NOT NULL,
            connection_id uuid NOT NULL,
            kind text NOT NULL,
            external_id text NOT NULL,
            uuid uuid NOT NULL,
            generation integer NOT NULL,
            version integer,
            external_version text,
            base bytea,
            changes integer NOT NULL,
            parent text,
            rank integer,
            identity text,
            observed_at timestamptz,
            fulfilment_status text,
            missed integer NOT NULL,
            seen_pass uuid,
            gone boolean NOT NULL,
            archived boolean NOT NULL,
            erased boolean NOT NULL,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            PRIMARY KEY (org_id, connection_id, kind, external_id)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE staged_row (
            org_id text NOT NULL,
            id uuid NOT NULL,
            seq bigint GENERATED ALWAYS AS IDENTITY,
            connection_id uuid NOT NULL,
            kind text NOT NULL,
            external_id text NOT NULL,
            external_version text NOT NULL,
            stamp text,
            body bytea,
            parent text,
            rank integer,
            identity text,
            gone boolean NOT NULL,
            state text NOT NULL,
            code text,
            fields text[] NOT NULL,
            told text,
            uuid uuid,
            as_secondary boolean NOT NULL,
            resolution text,
            resolved_at timestamptz,
            version integer NOT NULL,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            PRIMARY KEY (org_id, id)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE outgoing (
            org_id text NOT NULL,
            message_id uuid NOT NULL,
            seq bigint GENERATED ALWAYS AS IDENTITY,
            connection_id uuid NOT NULL,
            target text NOT NULL,
            kind text NOT NULL,
            external_id text NOT NULL,
            external_version text NOT NULL,
            operation text NOT NULL,
            body bytea NOT NULL,
            tries integer NOT NULL,
            due_at timestamptz,
            lease_until timestamptz,
            created_at timestamptz NOT NULL,
            PRIMARY KEY (org_id, message_id)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE run (
            org_id text NOT NULL,
            id uuid NOT NULL,
            connection_id uuid NOT NULL,
            is_full boolean NOT NULL,
            started_at timestamptz NOT NULL,
            finished_at timestamptz,
            phase text,
            row_offset integer,
            complete boolean,
            skew_seconds integer,
            code text,
            counts jsonb NOT NULL,
            version integer NOT NULL,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            PRIMARY KEY (org_id, id)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE api_budget (
            org_id text NOT NULL,
            credential text NOT NULL,
            free_at timestamptz NOT NULL,
            busy_token uuid,
            busy_until timestamptz,
            urgent_until timestamptz,
            PRIMARY KEY (org_id, credential)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE token (
            org_id text NOT NULL,
            connection_id uuid NOT NULL,
            access bytea NOT NULL,
            refresh bytea NOT NULL,
            expires_at timestamptz NOT NULL,
            lease_token uuid,
            lease_until timestamptz,
            dead boolean NOT NULL,
            PRIMARY KEY (org_id, connection_id)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE source_map (
            org_id text NOT NULL,
            connection_id uuid NOT NULL,
            external_id text NOT NULL,
            id uuid NOT NULL,
            referral_source_id uuid,
            told boolean NOT NULL,
            version integer NOT NULL,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            PRIMARY KEY (org_id, connection_id, external_id)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE operator_map (
            org_id text NOT NULL,
            connection_id uuid NOT NULL,
            external_id text NOT NULL,
            id uuid NOT NULL,
            referral_partner_id uuid,
            version integer NOT NULL,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            PRIMARY KEY (org_id, connection_id, external_id)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE od_definition (
            org_id text NOT NULL,
            def_num bigint NOT NULL,
            item_name text NOT NULL,
            PRIMARY KEY (org_id, def_num)
        )
        """
    )
    for name, columns in (
        ("connection_due", "connection (next_run_at) WHERE removed_at IS NULL"),
        ("connection_name", "connection (org_id, name, id) WHERE removed_at IS NULL"),
        ("external_id_uuid", "external_id (org_id, uuid)"),
        ("external_id_parent", "external_id (org_id, connection_id, parent, kind)"),
        ("staged_row_state", "staged_row (org_id, connection_id, state, kind, seq)"),
        ("staged_row_parent", "staged_row (org_id, connection_id, parent)"),
        ("staged_row_age", "staged_row (org_id, created_at, id)"),
        ("outgoing_connection", "outgoing (org_id, connection_id, target, seq)"),
        ("outgoing_due", "outgoing (due_at) WHERE due_at IS NOT NULL"),
        ("run_newest", "run (org_id, connection_id, started_at)"),
    ):
        op.execute(f"CREATE INDEX {name} ON {columns}")
    op.execute(
        "CREATE UNIQUE INDEX staged_row_of ON staged_row (org_id, connection_id, kind, external_id)"
    )
    close("connection", "system", *System)
    close("connection", "code", *ConnectionFailureCode)
    close("run", "code", *ConnectionFailureCode)
    close("staged_row", "resolution", *RowResolution)
    close("staged_row", "state", "staged", "waiting", "refused", "done")
    close("outgoing", "target", "referrals", "there")
    for table in ("external_id", "staged_row", "outgoing"):
        close(table, "kind", *ImportKind)
    for table, service in (
        ("connection", "SELECT, UPDATE"),
        ("cursor", "SELECT"),
        ("external_id", "SELECT, INSERT, UPDATE"),
        ("staged_row", "SELECT, UPDATE"),
        ("outgoing", "SELECT, INSERT"),
        ("run", "SELECT"),
        ("api_budget", "SELECT"),
        ("token", "SELECT"),
        ("source_map", "SELECT, INSERT, UPDATE"),
        ("operator_map", "SELECT, INSERT, UPDATE"),
        ("od_definition", "SELECT"),
    ):
        protect(HOME, table, service=service, system=ALL)
    create_messaging_tables(HOME)
    # What a person does past the service (erasing, adding a connection) is in the trail too.
    op.execute(f'GRANT INSERT ON audit TO "{HOME.system_role}"')


def downgrade() -> None:
    raise RuntimeError("the first migration is not undone: drop the schema instead")
