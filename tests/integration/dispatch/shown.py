"""An e-referral as `ereferral.get` and `ereferral.cancel` show it, in short."""

from collections.abc import Mapping
from typing import Any

from messaging.replies.client import Reply


def attempts(ereferral: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Number, channel, outcome and code of each attempt."""
    return [(a["number"], a["channel"], a["outcome"], a["code"]) for a in ereferral["attempts"]]


def is_cancelled(answered: Reply) -> bool:
    """200 with an e-referral that is cancelled."""
    return answered.status == 200 and answered.data["status"] == "cancelled"
