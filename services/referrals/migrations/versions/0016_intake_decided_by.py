"""A row from outside says who decided about it: the next one to look is told."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.execute("ALTER TABLE intake ADD COLUMN decided_by text")


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
