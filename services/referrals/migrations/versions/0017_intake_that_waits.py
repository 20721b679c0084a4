"""Rows of the intake that wait are counted every few seconds, over all orgs: by an index of their
own, which is as large as what waits."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.execute(
        "CREATE INDEX intake_waiting ON intake (suspected_spam, updated_at) "
        "WHERE status = 'received'"
    )


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
