"""Columns that hold one of a closed list of values take no other."""

from messaging.database.migrations import close

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    close("referral_partner", "contact_type", "provider", "practice", "lab", "other")
    close("referral_partner", "preferred_contact_method", "portal", "email", "fax", "phone")
    close(
        "referral_source",
        "category",
        "patient_referral",
        "doctor_referral",
        "digital_advertising",
        "organic_search",
        "social_media",
        "online_directory",
        "website",
        "insurance_plan",
        "direct_mail",
        "print_media",
        "community_event",
        "signage",
        "tv_radio",
        "email_marketing",
        "walk_in",
        "internal_transfer",
        "other",
    )
    close("referral_attribution", "attribution_role", "primary", "secondary", "assist")
    _close_referrals()


def _close_referrals() -> None:
    close("referral", "priority", "routine", "urgent", "asap", "stat")
    close("referral", "status", "draft", "active", "completed", "revoked")
    close(
        "referral",
        "fulfilment_status",
        "requested",
        "accepted",
        "rejected",
        "in-progress",
        "completed",
        "failed",
        "cancelled",
    )
    close(
        "referral",
        "dispatch_status",
        "queued",
        "in_progress",
        "retry_scheduled",
        "held",
        "awaiting_call",
        "sent",
        "delivered",
        "outcome_unknown",
        "failed",
        "cancelled",
    )


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
