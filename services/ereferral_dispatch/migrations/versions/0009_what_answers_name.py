"""A rejection's reason, the appointment that a partner named, and the letter that came last."""

from alembic import op

from messaging.database.migrations import close

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE ereferral ADD COLUMN response_reason_code text, "
        "ADD COLUMN response_scheduled_at timestamptz"
    )
    close(
        "ereferral",
        "response_reason_code",
        "not_our_specialty",
        "no_capacity",
        "insurance",
        "patient_not_reached",
        "patient_declined",
        "more_information",
        "other",
    )
    # Null of what was composed before this was kept.
    op.execute("ALTER TABLE composed ADD COLUMN composed_at timestamptz")
    op.execute("ALTER TABLE composed ALTER COLUMN composed_at SET DEFAULT now()")


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
