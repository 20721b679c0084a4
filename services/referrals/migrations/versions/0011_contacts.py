"""Contacts."""

from alembic import op

from messaging.database.migrations import protect
from services.referrals.home import HOME

revision = "0011"
down_revision = "0009"

_RESOURCE = """
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (org_id, id)
"""


def upgrade() -> None:
    # Names are null in what was archived before it was ever put.
    op.execute(
        f"""
        CREATE TABLE contact (
            org_id text NOT NULL,
            id uuid NOT NULL,
            name text,
            patient_id uuid,
            referral_partner_id uuid,
            provider_id uuid,
            observed_at timestamptz NOT NULL,
            sort_name text COLLATE "C",
            search_text text,
            {_RESOURCE},
            CHECK (num_nonnulls(patient_id, referral_partner_id, provider_id) <= 1),
            FOREIGN KEY (org_id, patient_id) REFERENCES patient (org_id, id),
            FOREIGN KEY (org_id, referral_partner_id) REFERENCES referral_partner (org_id, id),
            FOREIGN KEY (org_id, provider_id) REFERENCES provider (org_id, id)
        )
        """
    )
    # A page, and a cursor's stretch: a search looks at no row that it does not show.
    op.execute(
        "CREATE INDEX contact_by_name ON contact (org_id, sort_name, id) INCLUDE (search_text) "
        "WHERE deleted_at IS NULL"
    )
    op.execute(
        "CREATE INDEX contact_by_id ON contact (org_id, id) INCLUDE (search_text) "
        "WHERE deleted_at IS NULL"
    )
    # Those of a patient who is erased.
    op.execute(
        "CREATE INDEX contact_of_patient ON contact (org_id, patient_id) "
        "WHERE patient_id IS NOT NULL"
    )
    protect(HOME, "contact", service="SELECT, INSERT, UPDATE", system="SELECT, UPDATE")


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
