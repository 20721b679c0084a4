"""The category that a source has here: one that somebody set is never overwritten."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    # Null of what was imported before, until the next reply about it.
    op.execute("ALTER TABLE external_id ADD COLUMN category text")


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
