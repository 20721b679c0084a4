"""References to connections: a row of one that was never added cannot be."""

from alembic import op

revision = "0004"
down_revision = "0003"

OF_A_CONNECTION = (
    "cursor",
    "external_id",
    "staged_row",
    "outgoing",
    "run",
    "token",
    "source_map",
    "operator_map",
    "hint",
    "od_counter",
)


def upgrade() -> None:
    for table in OF_A_CONNECTION:
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_connection "
            "FOREIGN KEY (org_id, connection_id) REFERENCES connection (org_id, id)"
        )


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
