"""Indexes for the lists of referrals and of partners, and for the overdue sweep."""

from alembic import op

from services.referrals.home import HOME

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    _index_referrals()
    _index_partners()


def _index_referrals() -> None:
    # A list's filters are included: without them counting a big org's would read all its rows.
    op.execute(
        "CREATE INDEX referral_newest ON referral (org_id, created_at, id) "
        "INCLUDE (status, fulfilment_status, dispatch_status, overdue) WHERE deleted_at IS NULL"
    )
    for name, column in (
        ("referral_of_patient", "patient_id"),
        ("referral_of_partner", "referral_partner_id"),
    ):
        op.execute(
            f"CREATE INDEX {name} ON referral (org_id, {column}, created_at, id) "
            "WHERE deleted_at IS NULL"
        )
    op.execute(
        "CREATE INDEX referral_unanswered ON referral (respond_by) "
        "WHERE status = 'active' AND fulfilment_status = 'requested' AND NOT overdue"
    )
    op.execute(f'GRANT UPDATE ON referral TO "{HOME.system_role}"')
    op.execute(f'GRANT INSERT ON referral_timeline TO "{HOME.system_role}"')


def _index_partners() -> None:
    # Likewise; but an index row has at most 2,704 bytes. What a partner is called by takes up to
    # 1,604 of them, and the longest search text and specialty do not fit beside it: those are null
    # there, and the few who have such are found by an index of their own.
    op.execute(
        """
        ALTER TABLE referral_partner
            ADD COLUMN search_key text GENERATED ALWAYS AS (
                CASE WHEN octet_length(search_text) <= 500 THEN search_text END) STORED,
            ADD COLUMN specialty_key text GENERATED ALWAYS AS (
                CASE WHEN specialty IS NULL THEN ''
                    WHEN octet_length(specialty) <= 200 THEN lower(specialty) END) STORED
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
    op.execute("DROP INDEX referral_partner_by_name")


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
