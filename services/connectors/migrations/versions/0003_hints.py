"""Hints that appointments gave about referrals, each told once."""

from alembic import op

from contracts.connecting import Hint
from messaging.database.migrations import close, protect
from services.connectors.home import HOME

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE hint (
            org_id text NOT NULL,
            connection_id uuid NOT NULL,
            referral_id uuid NOT NULL,
            hint text NOT NULL,
            told_at timestamptz NOT NULL,
            PRIMARY KEY (org_id, connection_id, referral_id)
        )
        """
    )
    close("hint", "hint", *Hint)
    protect(HOME, "hint", service="SELECT", system="SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
