"""Partly received attempts; lanes by how long their channel takes; the mail relay's hold."""

from alembic import op

from messaging.database.migrations import protect
from services.ereferral_dispatch.home import HOME

revision = "0007"
down_revision = "0006"

_CODES = (
    "name_not_resolved|address_blocked|connect_refused|connect_timeout|connection_lost|"
    "network_unreachable|tls_failed|certificate_invalid|timed_out|no_answer|"
    "authentication_failed|recipient_refused|channel_not_available|worker_lost|internal_fault|"
    "stopped|withdrawn|line_busy|congestion|bad_number|wrong_number|fax_failed|reached|"
    "fax_completed"
)


def upgrade() -> None:
    op.execute(
        "ALTER TABLE attempt ADD COLUMN may_have_been_received boolean NOT NULL DEFAULT false"
    )
    op.execute(
        """
        UPDATE attempt SET may_have_been_received = true
        WHERE outcome IN ('delivered', 'sent', 'outcome_unknown')
           OR (code LIKE 'http_5%' AND code <> 'http_503')
        """
    )
    # What lasts and what does not is claimed apart: neither is looked for among the other's.
    op.execute("DROP INDEX lane_due")
    for name, kind in (("prompt", "NOT IN"), ("lasting", "IN")):
        op.execute(
            f"CREATE INDEX lane_due_{name} ON lane (due_at) "
            f"WHERE due_at IS NOT NULL AND channel {kind} ('email', 'fax')"
        )
    # It is no org's, and has a row of org '-': like every table it is behind row-level security.
    op.execute(
        """
        CREATE TABLE mail_relay (
            org_id text NOT NULL,
            name text NOT NULL,
            id uuid NOT NULL,
            held_at timestamptz,
            probe_at timestamptz,
            released_at timestamptz,
            code text,
            detail text,
            version integer NOT NULL,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            PRIMARY KEY (org_id, name)
        )
        """
    )
    op.execute(
        "ALTER TABLE mail_relay ADD CONSTRAINT mail_relay_code_closed CHECK "
        f"(code ~ '^(http_[1-5][0-9][0-9]|smtp_[2-5][0-9][0-9]|{_CODES})$')"
    )
    protect(HOME, "mail_relay", service="SELECT", system="SELECT, INSERT, UPDATE")


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
