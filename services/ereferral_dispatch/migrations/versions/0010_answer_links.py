"""Answer links, by their hashes alone; questions that a partner asks, and what it was told."""

from alembic import op

from messaging.database.migrations import protect
from services.ereferral_dispatch.home import HOME

revision = "0010"
down_revision = "0009"

_CODES = (
    "name_not_resolved|address_blocked|connect_refused|connect_timeout|connection_lost|"
    "network_unreachable|tls_failed|certificate_invalid|timed_out|no_answer|"
    "authentication_failed|recipient_refused|channel_not_available|worker_lost|internal_fault|"
    "stopped|withdrawn|line_busy|congestion|bad_number|wrong_number|fax_failed|reached|"
    "fax_completed|opened"
)


def upgrade() -> None:
    op.execute(
        "ALTER TABLE ereferral ADD COLUMN information_requested text, "
        "ADD COLUMN information_provided text, ADD COLUMN opened_at timestamptz, "
        "ADD COLUMN answer_token_hash bytea"
    )
    op.execute(
        "CREATE UNIQUE INDEX ereferral_of_token ON ereferral (org_id, answer_token_hash) "
        "WHERE answer_token_hash IS NOT NULL"
    )
    op.execute(
        "ALTER TABLE attempt DROP CONSTRAINT attempt_code_closed, "
        "ADD CONSTRAINT attempt_code_closed CHECK "
        f"(code ~ '^(http_[1-5][0-9][0-9]|smtp_[2-5][0-9][0-9]|{_CODES})$')"
    )
    op.execute(
        """
        CREATE TABLE answer_link (
            org_id text NOT NULL,
            ereferral_id uuid NOT NULL,
            id uuid NOT NULL,
            epoch integer NOT NULL,
            code_hash bytea NOT NULL,
            wrong_codes integer NOT NULL,
            answers integer NOT NULL,
            expires_at timestamptz NOT NULL,
            locked_at timestamptz,
            version integer NOT NULL,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            PRIMARY KEY (org_id, ereferral_id),
            FOREIGN KEY (org_id, ereferral_id) REFERENCES ereferral (org_id, id)
        )
        """
    )
    op.execute(
        "CREATE INDEX answer_link_newest ON answer_link (org_id, created_at, id) "
        "INCLUDE (locked_at)"
    )
    op.execute(
        "CREATE INDEX answer_link_locked ON answer_link (org_id, created_at, id) "
        "WHERE locked_at IS NOT NULL"
    )
    op.execute("CREATE UNIQUE INDEX answer_link_by_id ON answer_link (org_id, id)")
    protect(HOME, "answer_link", service="SELECT, INSERT, UPDATE", system="SELECT")


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
