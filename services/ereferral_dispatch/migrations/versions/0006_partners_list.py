"""A partner's e-referrals are found without looking at all of the org's."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute(
        "CREATE INDEX ereferral_of_partner ON ereferral "
        "(org_id, referral_partner_id, created_at, id)"
    )


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
