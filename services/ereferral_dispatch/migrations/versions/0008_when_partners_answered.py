"""The time of a partner's answer, and since when the referral was there to be answered."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE ereferral ADD COLUMN response_occurred_at timestamptz, "
        "ADD COLUMN referral_created_at timestamptz"
    )


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
