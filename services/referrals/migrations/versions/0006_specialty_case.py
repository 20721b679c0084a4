"""Specialties are found without regard to case, in any script and whatever the database's locale.

Their key was made with the database's `lower()`, which in the locale C knows ASCII alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("DROP INDEX referral_partner_listed")
    op.execute("DROP INDEX referral_partner_long")
    op.execute(
        "ALTER TABLE referral_partner DROP COLUMN specialty_key, ADD COLUMN specialty_text text"
    )
    _fold_specialties()
    op.execute(
        """
        ALTER TABLE referral_partner
            ADD COLUMN specialty_key text GENERATED ALWAYS AS (
                CASE WHEN specialty_text IS NULL THEN ''
                    WHEN octet_length(specialty_text) <= 200 THEN specialty_text END) STORED
        """
    )
    op.execute(
        "CREATE INDEX referral_partner_listed ON referral_partner (org_id, sort_name, id) "
        "INCLUDE (contact_type, is_active, specialty_key, search_key) WHERE deleted_at IS NULL"
    )
    op.execute(
        "CREATE INDEX referral_partner_long ON referral_partner (org_id) "
        "WHERE deleted_at IS NULL AND (search_key IS NULL OR specialty_key IS NULL)"
    )


def _fold_specialties() -> None:
    # Rows of all orgs: the tables' owner sees them only while row-level security does not bind it.
    op.execute("ALTER TABLE referral_partner NO FORCE ROW LEVEL SECURITY")
    connection = op.get_bind()
    given = connection.scalars(
        sa.text("SELECT DISTINCT specialty FROM referral_partner WHERE specialty IS NOT NULL")
    ).all()
    connection.execute(
        sa.text(
            "UPDATE referral_partner SET specialty_text = folded.text "
            "FROM unnest(CAST(:given AS text[]), CAST(:folded AS text[])) AS folded (given, text) "
            "WHERE specialty = folded.given"
        ),
        {"given": given, "folded": [specialty.casefold() for specialty in given]},
    )
    op.execute("ALTER TABLE referral_partner FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
