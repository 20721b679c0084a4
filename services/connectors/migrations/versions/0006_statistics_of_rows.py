"""Statistics that a run may have made: PostgreSQL's own come up to a minute late."""

from alembic import op

from services.connectors.home import HOME

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    # Only who owns a table may analyze it, and that is whoever migrates.
    op.execute(
        f"""
        CREATE FUNCTION analyze_rows() RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = {HOME.schema}, pg_temp AS
        $$ BEGIN ANALYZE (SKIP_LOCKED) external_id, staged_row; END $$
        """
    )
    op.execute("REVOKE EXECUTE ON FUNCTION analyze_rows() FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION analyze_rows() TO {HOME.system_role}")


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
