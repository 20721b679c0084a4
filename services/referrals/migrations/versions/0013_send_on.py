"""Referrals that follow others, declines taken back, and partners' questions."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE referral ADD COLUMN information_requested text, "
        "ADD COLUMN reopened_at timestamptz, "
        "ADD COLUMN follows_id uuid, ADD COLUMN followed_by_id uuid"
    )
    for column in ("follows_id", "followed_by_id"):
        # A batch writes what changed before what is new: the one before the one that follows it.
        op.execute(
            f"ALTER TABLE referral ADD FOREIGN KEY (org_id, {column}) "
            "REFERENCES referral (org_id, id) DEFERRABLE INITIALLY DEFERRED"
        )
    op.execute(
        "CREATE INDEX referral_questions ON referral (org_id, created_at, id) "
        "WHERE information_requested IS NOT NULL AND deleted_at IS NULL"
    )


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
