"""Attempts after which somebody may hold the referral."""

from alembic import op

revision = "0006"
down_revision = "0004"


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


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
