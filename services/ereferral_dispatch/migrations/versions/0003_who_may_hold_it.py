"""Every contact point that may hold an e-referral, and which of them heard of its cancellation."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for column in ("received", "told", "not_told"):
        op.execute(f"ALTER TABLE ereferral ADD COLUMN {column} integer[] NOT NULL DEFAULT '{{}}'")
    op.execute(
        """
        UPDATE ereferral SET received = ARRAY[received_position]
        WHERE received_position IS NOT NULL
        """
    )
    op.execute("ALTER TABLE ereferral DROP COLUMN received_position")
    for column in ("received", "told", "not_told"):
        op.execute(f"ALTER TABLE ereferral ALTER COLUMN {column} DROP DEFAULT")


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
