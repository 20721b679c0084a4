"""The rights that erasing a patient needs, and an audit trail of who did it."""

from alembic import op

from services.referrals.home import HOME

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute(
        "GRANT UPDATE ON patient, referral_timeline, referral_attribution, referral_source, "
        f'referral_source_cost TO "{HOME.system_role}"'
    )
    # What an operator does is written down beside what clients do.
    op.execute(f'GRANT INSERT ON audit TO "{HOME.system_role}"')


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
