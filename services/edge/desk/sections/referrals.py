"""The list of referrals, of all channels in one."""

from typing import Final

from contracts.referral import EreferralStatus, FulfilmentStatus, Priority, ReferralStatus
from services.edge.desk.page import Page, Shown
from services.edge.desk.sections.listing import listed, offered_partners
from services.edge.desk.sections.states import state_of
from services.edge.desk.visit import Visit

_FILTERS: Final = (
    *("status", "fulfilment_status", "dispatch_status", "priority"),
    *("referral_partner_uuid", "patient_uuid", "search"),
)
_FLAGS: Final = ("overdue", "information_requested")


async def show(visit: Visit) -> Shown:
    """A page of those that the filters leave; the newest first."""
    shown = await listed(visit, "referral.list", _FILTERS, _FLAGS)
    chosen = shown["kept"].get("referral_partner_uuid")
    may_choose = visit.may("referral_partner.list")
    return {
        **shown,
        "state_of": state_of,
        "partners": await offered_partners(visit, chosen) if may_choose else [],
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
