"""Referrals from outside, staged, what forms mean here, and how a row's patient is looked for."""

from alembic import op

from messaging.database.migrations import close, protect
from services.referrals.home import HOME

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    _create_intake()
    _create_fingerprints()
    _create_map()
    _index_patients()
    close("intake", "status", "received", "accepted", "linked", "rejected")
    close("intake", "reason", "spam", "duplicate", "not_eligible", "not_reached", "other")
    close("intake_map", "kind", "project", "source")
    # Retention and erasure empty rows, and forget the fingerprints.
    protect(HOME, "intake", service="SELECT, INSERT, UPDATE", system="SELECT, UPDATE")
    protect(
        HOME,
        "intake_fingerprint",
        service="SELECT, INSERT, UPDATE",
        system="SELECT, UPDATE, DELETE",
    )
    protect(HOME, "intake_map", service="SELECT, INSERT, UPDATE", system="SELECT")


def _create_intake() -> None:
    op.execute(
        """
        CREATE TABLE intake (
            org_id text NOT NULL,
            id uuid NOT NULL,
            group_id uuid NOT NULL,
            row_number integer NOT NULL CHECK (row_number >= 1),
            status text NOT NULL,
            first_name text NOT NULL,
            surname text NOT NULL,
            org_type_id text NOT NULL,
            source text,
            referral_role text,
            project text,
            description text,
            date_of_birth date,
            telephone text,
            mobile text,
            email text,
            extra json NOT NULL,
            warnings json NOT NULL,
            suspected_spam boolean NOT NULL,
            possible_repeat_of uuid,
            search_text text NOT NULL,
            reason text,
            note text,
            patient_id uuid,
            contact_id uuid,
            attribution_id uuid,
            referral_id uuid,
            decided_at timestamptz,
            emptied_at timestamptz,
            version integer NOT NULL,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            PRIMARY KEY (org_id, id),
            CHECK ((status = 'rejected') = (reason IS NOT NULL)),
            CHECK ((status = 'received') = (decided_at IS NULL)),
            CHECK (num_nonnulls(patient_id, contact_id)
                = CASE WHEN status IN ('accepted', 'linked') THEN 1 ELSE 0 END),
            CHECK (patient_id IS NOT NULL OR num_nonnulls(attribution_id, referral_id) = 0),
            -- A row that is accepted is changed before what it is taken in as is inserted.
            FOREIGN KEY (org_id, patient_id) REFERENCES patient (org_id, id)
                DEFERRABLE INITIALLY DEFERRED,
            FOREIGN KEY (org_id, contact_id) REFERENCES contact (org_id, id)
                DEFERRABLE INITIALLY DEFERRED,
            FOREIGN KEY (org_id, attribution_id) REFERENCES referral_attribution (org_id, id)
                DEFERRABLE INITIALLY DEFERRED,
            FOREIGN KEY (org_id, referral_id) REFERENCES referral (org_id, id)
                DEFERRABLE INITIALLY DEFERRED
        )
        """
    )
    # A page of the list, with the filters in the index: what is passed over is not read.
    op.execute(
        "CREATE INDEX intake_oldest ON intake (org_id, created_at, id) "
        "INCLUDE (status, source, suspected_spam)"
    )
    # Who reads everything, by id.
    op.execute(
        "CREATE INDEX intake_by_id ON intake (org_id, id) INCLUDE (status, source, suspected_spam)"
    )
    # What waits is looked at most, and is few among many.
    op.execute(
        "CREATE INDEX intake_by_status ON intake (org_id, status, created_at, id) "
        "INCLUDE (source, suspected_spam)"
    )
    op.execute("CREATE INDEX intake_by_group ON intake (org_id, group_id, row_number)")
    op.execute(
        "CREATE INDEX intake_by_patient ON intake (org_id, patient_id) WHERE patient_id IS NOT NULL"
    )
    op.execute(
        "CREATE INDEX intake_by_contact ON intake (org_id, contact_id) WHERE contact_id IS NOT NULL"
    )
    # Of all orgs, what retention has not emptied yet.
    op.execute(
        "CREATE INDEX intake_to_empty ON intake (decided_at) "
        "WHERE emptied_at IS NULL AND decided_at IS NOT NULL"
    )


def _create_fingerprints() -> None:
    op.execute(
        """
        CREATE TABLE intake_fingerprint (
            org_id text NOT NULL,
            fingerprint text NOT NULL,
            group_id uuid NOT NULL,
            received_at timestamptz NOT NULL,
            PRIMARY KEY (org_id, fingerprint)
        )
        """
    )
    op.execute("CREATE INDEX intake_fingerprint_received ON intake_fingerprint (received_at)")


def _create_map() -> None:
    op.execute(
        """
        CREATE TABLE intake_map (
            org_id text NOT NULL,
            kind text NOT NULL,
            outside_id text NOT NULL,
            referral_role text NOT NULL,
            id uuid NOT NULL,
            referral_source_id uuid,
            referral_partner_id uuid,
            version integer NOT NULL,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            deleted_at timestamptz,
            PRIMARY KEY (org_id, kind, outside_id, referral_role),
            UNIQUE (org_id, id),
            CHECK (num_nonnulls(referral_source_id, referral_partner_id) = 1),
            CHECK ((kind = 'source') = (referral_source_id IS NOT NULL)),
            FOREIGN KEY (org_id, referral_source_id) REFERENCES referral_source (org_id, id),
            FOREIGN KEY (org_id, referral_partner_id) REFERENCES referral_partner (org_id, id)
        )
        """
    )


def _index_patients() -> None:
    """How a row's person is looked for. The keys are columns: behind row-level security a function
    that is not leakproof, as lower() is not, cannot be asked of an index."""
    op.execute(
        "ALTER TABLE patient "
        "ADD COLUMN name_key text GENERATED ALWAYS AS (lower(name)) STORED, "
        "ADD COLUMN email_key text GENERATED ALWAYS AS (lower(email)) STORED"
    )
    for key in ("phone", "email_key", "date_of_birth", "name_key"):
        op.execute(
            f"CREATE INDEX patient_by_{key} ON patient (org_id, {key}) WHERE deleted_at IS NULL"
        )


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
