"""Referrals as our own Open Dental interface numbers and shows them."""

from alembic import op

from messaging.database.migrations import close, protect
from services.connectors.home import HOME

revision = "0002"
down_revision = "0001"

ALL = "SELECT, INSERT, UPDATE, DELETE"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE od_referral (
            org_id text NOT NULL,
            referral_num bigint NOT NULL,
            uuid uuid NOT NULL,
            kind text NOT NULL,
            version integer NOT NULL,
            patient_id uuid,
            patient_seen boolean NOT NULL,
            fields jsonb NOT NULL,
            tax_number bytea,
            is_hidden boolean NOT NULL,
            not_person boolean NOT NULL,
            is_doctor boolean NOT NULL,
            is_preferred boolean NOT NULL,
            is_patient boolean NOT NULL,
            business_name text NOT NULL,
            archived boolean NOT NULL,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            PRIMARY KEY (org_id, referral_num)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE od_counter (
            org_id text NOT NULL,
            connection_id uuid NOT NULL,
            next_num bigint NOT NULL,
            next_def_num bigint NOT NULL,
            PRIMARY KEY (org_id)
        )
        """
    )
    op.execute("CREATE UNIQUE INDEX od_referral_uuid ON od_referral (org_id, uuid)")
    op.execute("CREATE INDEX od_referral_patient ON od_referral (org_id, patient_id)")
    op.execute("CREATE INDEX od_definition_name ON od_definition (org_id, item_name)")
    op.execute(
        "CREATE INDEX od_referral_unseen ON od_referral (org_id, referral_num) "
        "WHERE NOT patient_seen"
    )
    close("od_referral", "kind", "partner", "source")
    protect(HOME, "od_referral", service="SELECT, INSERT, UPDATE", system=ALL)
    protect(HOME, "od_counter", service="SELECT, UPDATE", system=ALL)
    op.execute(f'GRANT INSERT ON od_definition TO "{HOME.service_role}"')


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
