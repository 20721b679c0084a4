"""Contacts, and whom they referred."""

from alembic import op

from messaging.database.migrations import protect
from services.referrals.home import HOME

revision = "0011"
down_revision = "0010"

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
    # Its times are compared in whole seconds: two states never share one.
    op.execute(
        f"""
        CREATE TABLE contact_referral (
            org_id text NOT NULL,
            id uuid NOT NULL,
            referred_by_id uuid NOT NULL,
            referred_to_id uuid NOT NULL,
            {_RESOURCE},
            CHECK (referred_by_id <> referred_to_id),
            CHECK (updated_at = date_trunc('second', updated_at)),
            FOREIGN KEY (org_id, referred_by_id) REFERENCES contact (org_id, id),
            FOREIGN KEY (org_id, referred_to_id) REFERENCES contact (org_id, id)
        )
        """
    )
    _create_indexes()
    protect(HOME, "contact", service="SELECT, INSERT, UPDATE", system="SELECT, UPDATE")
    # An erasure locks them, which takes the right to change them.
    protect(HOME, "contact_referral", service="SELECT, INSERT, UPDATE", system="SELECT, UPDATE")


def _create_indexes() -> None:
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
    # Those by a contact, oldest first, archived ones too; and those to one: an erasure finds both.
    op.execute(
        "CREATE INDEX contact_referral_by_contact ON contact_referral "
        "(org_id, referred_by_id, created_at, id) INCLUDE (deleted_at)"
    )
    op.execute(
        "CREATE INDEX contact_referral_to_contact ON contact_referral (org_id, referred_to_id)"
    )


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
