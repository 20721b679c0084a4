"""Indexes for whoever reads the whole lists of partners and of referrals, by id."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    # The filters are included, as in `referral_partner_listed` and `referral_newest`: a step that
    # finds few must not read the rows that it passes over.
    op.execute(
        "CREATE INDEX referral_partner_by_id ON referral_partner (org_id, id) "
        "INCLUDE (contact_type, is_active, specialty_key, search_key) WHERE deleted_at IS NULL"
    )
    op.execute(
        "CREATE INDEX referral_by_id ON referral (org_id, id) "
        "INCLUDE (status, fulfilment_status, dispatch_status, overdue) WHERE deleted_at IS NULL"
    )


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
