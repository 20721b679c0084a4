"""Whether an interface shows what was there before: until then news gives no number."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("ALTER TABLE od_counter ADD COLUMN is_filled boolean NOT NULL DEFAULT false")


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
