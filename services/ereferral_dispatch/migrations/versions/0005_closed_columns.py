"""Columns that hold one of a closed list of values take no other."""

from alembic import op

from messaging.database.migrations import close

revision = "0005"
down_revision = "0004"

_CHANNELS = ("portal", "email", "fax", "phone")
_MESSAGES = ("referral", "cancellation")
_CODES = (
    "name_not_resolved|address_blocked|connect_refused|connect_timeout|connection_lost|"
    "network_unreachable|tls_failed|certificate_invalid|timed_out|no_answer|"
    "authentication_failed|recipient_refused|channel_not_available|worker_lost|internal_fault|"
    "stopped|withdrawn|line_busy|congestion|bad_number|wrong_number|fax_failed|reached|"
    "fax_completed"
)


def upgrade() -> None:
    close("lane", "channel", *_CHANNELS)
    close("composed", "channel", *_CHANNELS)
    close("composed", "message", *_MESSAGES)
    close("attempt", "channel", *_CHANNELS)
    close(
        "attempt",
        "outcome",
        "delivered",
        "sent",
        "transient_failure",
        "permanent_failure",
        "outcome_unknown",
    )
    op.execute(
        "ALTER TABLE attempt ADD CONSTRAINT attempt_code_closed CHECK "
        f"(code ~ '^(http_[1-5][0-9][0-9]|smtp_[2-5][0-9][0-9]|{_CODES})$')"
    )
    _close_ereferrals()


def _close_ereferrals() -> None:
    close(
        "ereferral",
        "status",
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
    close("ereferral", "message", *_MESSAGES)
    close("ereferral", "response", "accepted", "rejected", "in-progress", "completed", "failed")
    others = " && ".join(f'@ != "{channel}"' for channel in _CHANNELS)
    op.execute(
        "ALTER TABLE ereferral ADD CONSTRAINT ereferral_plan_closed CHECK "
        f"(NOT jsonb_path_exists(plan, '$[*].channel ? ({others})'))"
    )


def downgrade() -> None:
    raise RuntimeError("migrations go forward only: restore a backup instead")
