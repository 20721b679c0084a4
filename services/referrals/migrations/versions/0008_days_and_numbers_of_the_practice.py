"""Whose day and whose country: the practice's time zone, and by which country numbers were read.

A directory record that was observed in the future shut out every later truth; from now on that is
refused, and what is held of it counts as observed at the time of this migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_MIRRORED = ("patient", "provider", "practice")


def upgrade() -> None:
    op.execute("ALTER TABLE practice ADD COLUMN time_zone text")
    op.execute("ALTER TABLE referral ADD COLUMN respond_by_offset_minutes integer")
    op.execute("ALTER TABLE patient ADD COLUMN phone_given text, ADD COLUMN phone_country text")
    for table in _MIRRORED:
        # Rows of all orgs: the tables' owner sees them only while row-level security does not bind.
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        mirrored = sa.table(table, sa.column("observed_at"))
        in_the_future = mirrored.c.observed_at > sa.func.now() + sa.text("interval '5 minutes'")
        op.execute(sa.update(mirrored).where(in_the_future).values(observed_at=sa.func.now()))
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
