"""Outbound referrals: what their list and the overdue sweep look through."""

from alembic import op

from services.referrals.home import HOME

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for name, columns in (
        ("referral_newest", "org_id, created_at, id"),
        ("referral_of_patient", "org_id, patient_id, created_at, id"),
        ("referral_of_partner", "org_id, referral_partner_id, created_at, id"),
    ):
        op.execute(f"CREATE INDEX {name} ON referral ({columns}) WHERE deleted_at IS NULL")
    op.execute(
        "CREATE INDEX referral_unanswered ON referral (respond_by) "
        "WHERE status = 'active' AND fulfilment_status = 'requested' AND NOT overdue"
    )
    op.execute(f'GRANT UPDATE ON referral TO "{HOME.system_role}"')
    op.execute(f'GRANT INSERT ON referral_timeline TO "{HOME.system_role}"')


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
