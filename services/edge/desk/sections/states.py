"""A referral's state in one word: the one of its three statuses that a desk has to know."""

from collections.abc import Mapping
from typing import Any, Final

from contracts.referral import ReferralStatus

_OF_STATUS: Final = {"draft": "draft", "completed": "completed", "revoked": "cancelled"}
_OF_FULFILMENT: Final = {
    "rejected": "declined",
    "failed": "not_completed",
    "accepted": "accepted",
    "in-progress": "in_treatment",
    "completed": "completed",
}
_ON_THE_WAY: Final = ("queued", "in_progress", "retry_scheduled")


def state_of(referral: Mapping[str, Any]) -> str:
    """Draft, cancelled or completed; else what the partner said; else how the letter travels."""
    known = _OF_STATUS.get(referral["status"]) or _OF_FULFILMENT.get(
        referral["fulfilment_status"] or ""
    )
    if referral["information_requested"] and known not in ("completed", "cancelled"):
        return "asked"
    if known is not None:
        return known
    travels: str | None = referral["dispatch_status"]
    return "sending" if travels is None or travels in _ON_THE_WAY else travels


def is_followed(referral: Mapping[str, Any], follower: Mapping[str, Any] | None) -> bool:
    """Whether it was sent on, by one that is not cancelled. `follower` None: that one may not be
    seen."""
    cancelled = follower is not None and follower["status"] == ReferralStatus.REVOKED
    return referral["followed_by"] is not None and not cancelled


def is_stuck(referral: Mapping[str, Any], follower: Mapping[str, Any] | None = None) -> bool:
    """Whether another partner has to be thought of: the service decides, this shows the form."""
    return (
        referral["status"] == "active"
        and not is_followed(referral, follower)
        and (
            referral["fulfilment_status"] in ("rejected", "failed")
            or referral["dispatch_status"] == "failed"
            or referral["overdue"]
        )
    )
