"""Referral sources, their costs, and patients' attributions."""

from alembic import op

from messaging.database.migrations import protect
from services.referrals.home import HOME

revision = "0002"
down_revision = "0001"

_RESOURCE = """
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (org_id, id)
"""


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE org_counter (
            org_id text NOT NULL,
            last_sort_order integer NOT NULL,
            PRIMARY KEY (org_id)
        )
        """
    )
    op.execute(
        f"""
        CREATE TABLE referral_source (
            org_id text NOT NULL,
            id uuid NOT NULL,
            name text NOT NULL,
            category text NOT NULL,
            description text,
            is_active boolean NOT NULL,
            linked_patient_id uuid,
            linked_referral_partner_id uuid,
            sort_order integer NOT NULL,
            search_text text NOT NULL,
            {_RESOURCE},
            UNIQUE (org_id, sort_order),
            CHECK (linked_patient_id IS NULL OR linked_referral_partner_id IS NULL),
            FOREIGN KEY (org_id, linked_patient_id) REFERENCES patient (org_id, id),
            FOREIGN KEY (org_id, linked_referral_partner_id)
                REFERENCES referral_partner (org_id, id)
        )
        """
    )
    # What services.referrals.models.source.SourceFigures says. Its rows change all the time: room
    # on each page lets a changed one stay there.
    op.execute(
        """
        CREATE TABLE referral_source_figures (
            org_id text NOT NULL,
            referral_source_id uuid NOT NULL,
            patient_count integer NOT NULL CHECK (patient_count >= 0),
            total_cost numeric(20, 2) NOT NULL CHECK (total_cost >= 0),
            PRIMARY KEY (org_id, referral_source_id),
            FOREIGN KEY (org_id, referral_source_id) REFERENCES referral_source (org_id, id)
        ) WITH (fillfactor = 50)
        """
    )
    op.execute(
        f"""
        CREATE TABLE referral_source_cost (
            org_id text NOT NULL,
            id uuid NOT NULL,
            referral_source_id uuid NOT NULL,
            amount numeric(12, 2) NOT NULL CHECK (amount >= 0),
            period_start date NOT NULL,
            period_end date NOT NULL,
            notes text,
            {_RESOURCE},
            CHECK (period_end >= period_start),
            FOREIGN KEY (org_id, referral_source_id) REFERENCES referral_source (org_id, id)
        )
        """
    )
    op.execute(
        f"""
        CREATE TABLE referral_attribution (
            org_id text NOT NULL,
            id uuid NOT NULL,
            patient_id uuid NOT NULL,
            attribution_role text NOT NULL,
            source_note text,
            referral_source_id uuid,
            referral_partner_id uuid,
            provider_id uuid,
            referring_patient_id uuid,
            attributed_at timestamptz NOT NULL,
            {_RESOURCE},
            CHECK (num_nonnulls(
                referral_source_id, referral_partner_id, provider_id, referring_patient_id
            ) = 1),
            FOREIGN KEY (org_id, patient_id) REFERENCES patient (org_id, id),
            FOREIGN KEY (org_id, referral_source_id) REFERENCES referral_source (org_id, id),
            FOREIGN KEY (org_id, referral_partner_id) REFERENCES referral_partner (org_id, id),
            FOREIGN KEY (org_id, provider_id) REFERENCES provider (org_id, id),
            FOREIGN KEY (org_id, referring_patient_id) REFERENCES patient (org_id, id)
        )
        """
    )
    _create_indexes()
    for table in (
        "org_counter",
        "referral_source",
        "referral_source_figures",
        "referral_source_cost",
        "referral_attribution",
    ):
        protect(HOME, table, service="SELECT, INSERT, UPDATE", system="SELECT")


def _create_indexes() -> None:
    # A list of costs; and the report, which reads an org's costs from the index alone.
    op.execute(
        "CREATE INDEX referral_source_cost_by_period ON referral_source_cost "
        "(org_id, referral_source_id, period_start, id) INCLUDE (period_end, amount) "
        "WHERE deleted_at IS NULL"
    )
    # A patient's list; and all that a command needs to know of a patient, archived ones too.
    op.execute(
        "CREATE INDEX referral_attribution_by_patient ON referral_attribution "
        "(org_id, patient_id, attributed_at DESC, id)"
    )
    # The net beneath the patient's lock.
    op.execute(
        "CREATE UNIQUE INDEX referral_attribution_one_primary ON referral_attribution "
        "(org_id, patient_id) WHERE attribution_role = 'primary' AND deleted_at IS NULL"
    )
    # The report's new patients.
    op.execute(
        "CREATE INDEX referral_attribution_new_patients ON referral_attribution "
        "(org_id, referral_source_id, attributed_at) "
        "WHERE attribution_role = 'primary' AND deleted_at IS NULL "
        "AND referral_source_id IS NOT NULL"
    )


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
