"""The audit trail is read by a query too: of the orgs of its transaction, as every table is."""

from alembic import op

from services.referrals.home import HOME

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.execute(f'GRANT SELECT ON audit TO "{HOME.service_role}"')


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
