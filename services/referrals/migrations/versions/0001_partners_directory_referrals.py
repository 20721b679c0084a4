"""Partners, the directory, outbound referrals, inbox and outbox."""

from alembic import op

from messaging.database.migrations import create_messaging_tables, create_roles, protect
from services.referrals.home import HOME

revision = "0001"
down_revision = None

_RESOURCE = """
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    PRIMARY KEY (org_id, id)
"""
_ADDRESS = """
    phone text,
    fax text,
    email text,
    address_line1 text,
    address_line2 text,
    city text,
    state text,
    postal_code text,
    country text NOT NULL,
"""


def upgrade() -> None:
    create_roles(HOME)
    op.execute(
        f"""
        CREATE TABLE referral_partner (
            org_id text NOT NULL,
            id uuid NOT NULL,
            contact_type text NOT NULL,
            first_name text,
            last_name text,
            practice_name text,
            npi text,
            specialty text,
            {_ADDRESS}
            notes text,
            is_active boolean NOT NULL,
            accepts_ereferral boolean NOT NULL,
            ereferral_endpoint text,
            preferred_contact_method text,
            sort_name text COLLATE "C" NOT NULL,
            search_text text NOT NULL,
            {_RESOURCE}
        )
        """
    )
    op.execute(
        "CREATE INDEX referral_partner_by_name ON referral_partner (org_id, sort_name, id) "
        "WHERE deleted_at IS NULL"
    )
    op.execute(
        f"""
        CREATE TABLE patient (
            org_id text NOT NULL,
            id uuid NOT NULL,
            name text,
            date_of_birth date,
            phone text,
            email text,
            observed_at timestamptz NOT NULL,
            {_RESOURCE}
        )
        """
    )
    op.execute(
        f"""
        CREATE TABLE provider (
            org_id text NOT NULL,
            id uuid NOT NULL,
            name text,
            npi text,
            observed_at timestamptz NOT NULL,
            {_RESOURCE}
        )
        """
    )
    op.execute(
        f"""
        CREATE TABLE practice (
            org_id text NOT NULL,
            id uuid NOT NULL,
            name text,
            npi text,
            {_ADDRESS}
            observed_at timestamptz NOT NULL,
            {_RESOURCE.replace("(org_id, id)", "(org_id)")}
        )
        """
    )
    op.execute(
        f"""
        CREATE TABLE referral (
            org_id text NOT NULL,
            id uuid NOT NULL,
            patient_id uuid NOT NULL,
            referral_partner_id uuid NOT NULL,
            referring_provider_id uuid,
            priority text NOT NULL,
            reason text NOT NULL,
            reason_codes jsonb,
            teeth jsonb,
            notes text,
            respond_by timestamptz,
            status text NOT NULL,
            fulfilment_status text,
            dispatch_status text,
            dispatch_version integer NOT NULL,
            ereferral_id uuid,
            sent_at timestamptz,
            overdue boolean NOT NULL,
            cancel_reason text,
            {_RESOURCE},
            FOREIGN KEY (org_id, patient_id) REFERENCES patient (org_id, id),
            FOREIGN KEY (org_id, referral_partner_id) REFERENCES referral_partner (org_id, id),
            FOREIGN KEY (org_id, referring_provider_id) REFERENCES provider (org_id, id)
        )
        """
    )
    op.execute(
        """
        CREATE TABLE referral_timeline (
            org_id text NOT NULL,
            id bigint GENERATED ALWAYS AS IDENTITY,
            referral_id uuid NOT NULL,
            at timestamptz NOT NULL,
            event text NOT NULL,
            actor text,
            detail text,
            PRIMARY KEY (org_id, id),
            FOREIGN KEY (org_id, referral_id) REFERENCES referral (org_id, id)
        )
        """
    )
    op.execute(
        "CREATE INDEX referral_timeline_by_referral ON referral_timeline (org_id, referral_id, id)"
    )
    for table in ("referral_partner", "patient", "provider", "practice", "referral"):
        protect(HOME, table, service="SELECT, INSERT, UPDATE", system="SELECT")
    protect(HOME, "referral_timeline", service="SELECT, INSERT", system="SELECT")
    create_messaging_tables(HOME)


def downgrade() -> None:
    raise RuntimeError("the first migration is not undone: drop the schema instead")
