"""Numbers that are read again: a practice of no country yet, and rows from outside.

A practice that was put without a country was one of the United States, and its patients' national
numbers were read so. What rows from outside gave as national numbers is kept as it came, with the
country by which it was read; empty where none was known.
"""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute("ALTER TABLE practice ALTER COLUMN country DROP NOT NULL")
    op.execute(
        "ALTER TABLE intake ADD COLUMN numbers_given json NOT NULL DEFAULT '{}', "
        "ADD COLUMN numbers_country text"
    )
    op.execute("ALTER TABLE intake NO FORCE ROW LEVEL SECURITY")
    op.execute("""
        UPDATE intake SET numbers_country = '', numbers_given = (
            SELECT json_object_agg(warning ->> 'field', extra ->> (warning ->> 'field'))
            FROM json_array_elements(warnings) AS warning
            WHERE warning ->> 'type' = 'phone_country_unknown'
        )
        WHERE status = 'received' AND warnings::text LIKE '%"phone_country_unknown"%'
    """)
    op.execute("ALTER TABLE intake FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE INDEX ix_intake_numbers_country ON intake (org_id, numbers_country) "
        "WHERE numbers_country IS NOT NULL"
    )


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
