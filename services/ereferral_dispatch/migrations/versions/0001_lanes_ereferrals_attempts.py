"""Lanes, e-referrals and their attempts, inbox and outbox."""

from alembic import op

from messaging.database.migrations import create_messaging_tables, create_roles, protect
from services.ereferral_dispatch.home import HOME

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_roles(HOME)
    op.execute(
        """
        CREATE TABLE lane (
            org_id text NOT NULL,
            id uuid NOT NULL,
            referral_partner_id uuid NOT NULL,
            referral_partner_name text,
            channel text NOT NULL,
            address text NOT NULL,
            due_at timestamptz,
            failures integer NOT NULL,
            failing_since timestamptz,
            held_at timestamptz,
            probe_at timestamptz,
            version integer NOT NULL,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            PRIMARY KEY (org_id, id)
        )
        """
    )
    op.execute("CREATE INDEX lane_due ON lane (due_at) WHERE due_at IS NOT NULL")
    op.execute("CREATE INDEX lane_held ON lane (held_at) WHERE held_at IS NOT NULL")
    op.execute("CREATE INDEX lane_of_partner ON lane (org_id, referral_partner_id, channel)")
    op.execute(
        """
        CREATE TABLE ereferral (
            org_id text NOT NULL,
            id uuid NOT NULL,
            seq bigint GENERATED ALWAYS AS IDENTITY,
            referral_id uuid NOT NULL,
            patient_id uuid NOT NULL,
            referral_partner_id uuid NOT NULL,
            referral_partner_name text,
            status text NOT NULL,
            plan jsonb NOT NULL,
            position integer NOT NULL,
            lane_id uuid NOT NULL,
            due_at timestamptz,
            attempts_made integer NOT NULL,
            tries integer NOT NULL,
            received_position integer,
            possible_repeat boolean NOT NULL,
            message text NOT NULL,
            forced boolean NOT NULL,
            call_due_at timestamptz,
            cancel_requested_at timestamptz,
            cancel_reason text,
            response text,
            response_note text,
            traceparent text,
            version integer NOT NULL,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            PRIMARY KEY (org_id, id),
            FOREIGN KEY (org_id, lane_id) REFERENCES lane (org_id, id)
        )
        """
    )
    for name, columns, condition in (
        ("ereferral_waiting", "org_id, lane_id, due_at", "WHERE due_at IS NOT NULL"),
        ("ereferral_due", "due_at", "WHERE due_at IS NOT NULL"),
        ("ereferral_held", "org_id, lane_id", "WHERE status = 'held'"),
        (
            "ereferral_needs_person",
            "org_id, created_at, id",
            "WHERE status IN ('awaiting_call', 'outcome_unknown', 'held')",
        ),
        ("ereferral_running", "org_id, lane_id", "WHERE status = 'in_progress'"),
        ("ereferral_of_referral", "org_id, referral_id, referral_partner_id, seq", ""),
        ("ereferral_newest", "org_id, created_at, id", ""),
    ):
        op.execute(f"CREATE INDEX {name} ON ereferral ({columns}) {condition}")
    op.execute(
        """
        CREATE TABLE package (
            org_id text NOT NULL,
            ereferral_id uuid NOT NULL,
            body bytea NOT NULL,
            PRIMARY KEY (org_id, ereferral_id),
            FOREIGN KEY (org_id, ereferral_id) REFERENCES ereferral (org_id, id)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE composed (
            org_id text NOT NULL,
            ereferral_id uuid NOT NULL,
            channel text NOT NULL,
            message text NOT NULL,
            possible_repeat boolean NOT NULL,
            content bytea NOT NULL,
            PRIMARY KEY (org_id, ereferral_id, channel, message, possible_repeat),
            FOREIGN KEY (org_id, ereferral_id) REFERENCES ereferral (org_id, id)
        )
        """
    )
    # A letter is compressed already: trying again would cost time and gain nothing.
    op.execute("ALTER TABLE composed ALTER COLUMN content SET STORAGE EXTERNAL")
    op.execute(
        """
        CREATE TABLE attempt (
            org_id text NOT NULL,
            ereferral_id uuid NOT NULL,
            number integer NOT NULL,
            channel text NOT NULL,
            address text NOT NULL,
            token uuid NOT NULL,
            lease_until timestamptz,
            started_at timestamptz NOT NULL,
            sending_at timestamptz,
            finished_at timestamptz,
            outcome text,
            code text,
            detail text,
            PRIMARY KEY (org_id, ereferral_id, number),
            FOREIGN KEY (org_id, ereferral_id) REFERENCES ereferral (org_id, id)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE early_cancel (
            org_id text NOT NULL,
            ereferral_id uuid NOT NULL,
            reason text NOT NULL,
            requested_at timestamptz NOT NULL,
            PRIMARY KEY (org_id, ereferral_id)
        )
        """
    )
    op.execute("CREATE INDEX attempt_open ON attempt (lease_until) WHERE finished_at IS NULL")
    protect(HOME, "lane", service="SELECT, INSERT, UPDATE", system="SELECT, INSERT, UPDATE")
    protect(HOME, "ereferral", service="SELECT, INSERT, UPDATE", system="SELECT, UPDATE")
    protect(HOME, "package", service="SELECT, INSERT", system="SELECT")
    protect(HOME, "composed", service="SELECT", system="SELECT, INSERT")
    protect(HOME, "attempt", service="SELECT, INSERT, UPDATE", system="SELECT, INSERT, UPDATE")
    protect(HOME, "early_cancel", service="SELECT, INSERT", system="SELECT")
    create_messaging_tables(HOME)


def downgrade() -> None:
    raise RuntimeError("the first migration is not undone: drop the schema instead")
