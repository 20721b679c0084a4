"""A count of the partner's answers that an e-referral has taken."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute("ALTER TABLE ereferral ADD COLUMN responses_taken integer NOT NULL DEFAULT 0")


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
