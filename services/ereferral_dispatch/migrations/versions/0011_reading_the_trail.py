"""The audit trail is read by a query too: of the orgs of its transaction, as every table is."""

from alembic import op

from services.ereferral_dispatch.home import HOME

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute(f'GRANT SELECT ON audit TO "{HOME.service_role}"')


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
