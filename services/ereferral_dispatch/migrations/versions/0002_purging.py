"""Packages that are not kept for ever, and an audit trail of who removed them."""

from alembic import op

from services.ereferral_dispatch.home import HOME

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE ereferral ADD COLUMN purged_at timestamptz")
    op.execute(f'GRANT DELETE ON package, composed TO "{HOME.system_role}"')
    op.execute(f'GRANT UPDATE ON early_cancel TO "{HOME.system_role}"')
    # What an operator does is written down beside what clients do.
    op.execute(f'GRANT INSERT ON audit TO "{HOME.system_role}"')


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
