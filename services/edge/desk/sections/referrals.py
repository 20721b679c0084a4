"""The list of referrals, of all channels in one."""

import re
from typing import Any, Final

from contracts.referral import EreferralStatus, FulfilmentStatus, Priority, ReferralStatus
from services.edge.desk.page import Page, Shown
from services.edge.desk.sections.opened import MOST_PARTNERS
from services.edge.desk.sections.states import state_of
from services.edge.desk.visit import Visit

PAGE_SIZE: Final = 50
_FILTERS: Final = (
    *("status", "fulfilment_status", "dispatch_status", "priority"),
    *("referral_partner_uuid", "patient_uuid", "search"),
)
_NUMBER = re.compile(r"[1-9][0-9]{0,6}", re.ASCII)


def page_of(visit: Visit) -> int:
    """Which page of a list is asked for."""
    wanted = visit.query.get("page", "1")
    return int(wanted) if _NUMBER.fullmatch(wanted) else 1


async def show(visit: Visit) -> Shown:
    """A page of those that the filters leave; the newest first."""
    kept: dict[str, Any] = {
        name: visit.query[name].strip() for name in _FILTERS if visit.query.get(name, "").strip()
    }
    for name in ("overdue", "information_requested"):
        if visit.query.get(name) == "true":
            kept[name] = "true"
    asked = {name: value if value != "true" else True for name, value in kept.items()}
    found = await visit.read("referral.list", page=page_of(visit), page_size=PAGE_SIZE, **asked)
    partners = await visit.read_if_allowed("referral_partner.list", page_size=MOST_PARTNERS)
    return {
        "found": found,
        "kept": kept,
        "state_of": state_of,
        "partners": [] if partners is None else partners["items"],
        "choices": {
            "status": [one.value for one in ReferralStatus],
            "fulfilment_status": [one.value for one in FulfilmentStatus],
            "dispatch_status": [one.value for one in EreferralStatus],
            "priority": [one.value for one in Priority],
        },
    }


PAGE = Page(
    "referrals",
    "/referrals",
    "referrals.html",
    show,
    asks=("referral.list",),
    in_navigation=True,
)
