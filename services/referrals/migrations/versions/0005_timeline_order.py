"""Dispatch's news of one moment, shown in the order of its versions, however it came."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE referral_timeline ADD COLUMN dispatch_version integer NOT NULL DEFAULT 0"
    )


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
