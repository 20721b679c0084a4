"""The partners: who they are, how each is reached, and whether it takes e-referrals."""

from collections.abc import Mapping
from typing import Any, Final

from contracts.referral_partner import (
    ContactMethod,
    ContactType,
    PartnerFields,
    ReferralPartner,
    contact_addresses,
    display_name,
    endpoint_channel,
)
from services.edge.desk.page import Action, Page, Shown
from services.edge.desk.sections.endpoints import UNCLEAR, Unclear, meant_endpoint
from services.edge.desk.sections.listing import listed
from services.edge.desk.visit import Visit
from services.edge.problems import Detail, invalid

_PATH = "/partners"
_FILTERS: Final = ("search", "contact_type")
_FLAGS: Final = ("is_active",)
FIELDS: Final = tuple(PartnerFields.model_fields)
"""What a person may write about a partner."""

TYPES: Final = [one.value for one in ContactType]
METHODS: Final = [one.value for one in ContactMethod]
_SHOWN_AS_IT_IS: Final = frozenset({"version_conflict"})


def name_of(partner: Mapping[str, Any]) -> str:
    """How a partner is called."""
    return display_name(
        ContactType(partner["contact_type"]),
        partner["first_name"],
        partner["last_name"],
        partner["practice_name"],
    )


def ways_to(partner: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The channels by which a letter can reach it with its address there, the first one first."""
    held = ReferralPartner.model_validate(partner)
    addresses = contact_addresses(held)
    first = held.preferred_contact_method
    if first is None and held.ereferral_endpoint is not None:
        first = endpoint_channel(held.ereferral_endpoint)
    known = [one for one in ContactMethod if one in addresses]
    return [(one.value, addresses[one]) for one in sorted(known, key=lambda one: one != first)]


def channels_of(partner: Mapping[str, Any]) -> list[str]:
    """The channels by which a letter can reach it, the first one first."""
    return [channel for channel, _ in ways_to(partner)]


async def show_list(visit: Visit) -> Shown:
    """A page of those that the filters leave, by their names."""
    shown = await listed(visit, "referral_partner.list", _FILTERS, _FLAGS)
    return {**shown, "types": TYPES, "name_of": name_of, "ways": channels_of}


async def show_new(visit: Visit) -> Shown:
    """An empty form."""
    return {"partner": None, "types": TYPES, "methods": METHODS, "changed": []}


async def show_one(visit: Visit) -> Shown:
    """One partner, as it is now, with what stands against what was typed."""
    uuid = visit.path["referral_partner_uuid"]
    partner = await visit.read("referral_partner.get", referral_partner_uuid=uuid)
    return {
        "partner": partner,
        "name": name_of(partner),
        "ways": ways_to(partner),
        "types": TYPES,
        "methods": METHODS,
        "changed": changed_meanwhile(visit, partner, FIELDS),
    }


def changed_meanwhile(
    visit: Visit, current: Mapping[str, Any], names: tuple[str, ...]
) -> list[tuple[str, Any]]:
    """What a thing says now, where somebody was quicker, and what was typed says otherwise."""
    refused = visit.refused
    if refused is None or refused.problem.code not in _SHOWN_AS_IT_IS:
        return []
    return [
        (name, current[name])
        for name in names
        if name in refused.form.names and refused.form.get(name) != _as_typed(current[name])
    ]


def _as_typed(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


async def _as_meant(_: Visit, fields: dict[str, Any]) -> dict[str, Any]:
    """The message's fields: the address as a URI, where a person wrote it bare."""
    written = fields.get("ereferral_endpoint")
    if not written:
        return fields
    preferred, country = fields.get("preferred_contact_method"), fields.get("country") or ""
    try:
        return {**fields, "ereferral_endpoint": meant_endpoint(written, preferred, country)}
    except Unclear:
        detail = Detail(("body", "ereferral_endpoint"), UNCLEAR, "Is no address that can be used")
        raise invalid([detail]) from None


def _to_partner(visit: Visit, partner: Any) -> str:
    return f"{visit.home}{_PATH}/{partner['id']}"


def _to_list(visit: Visit, _: Any) -> str:
    return visit.home + _PATH


PAGE = Page(
    "partners",
    _PATH,
    "partners.html",
    show_list,
    asks=("referral_partner.list",),
    in_navigation=True,
)
NEW = Page(
    "partner_new",
    f"{_PATH}/new",
    "partner.html",
    show_new,
    asks=("referral_partner.create",),
    does=(Action("referral_partner.create", prepare=_as_meant, then=_to_partner),),
)
ONE = Page(
    "partner",
    f"{_PATH}/{{referral_partner_uuid}}",
    "partner.html",
    show_one,
    asks=("referral_partner.get",),
    does=(
        Action("referral_partner.update", prepare=_as_meant),
        Action("referral_partner.archive", then=_to_list),
    ),
)
PAGES = (PAGE, NEW, ONE)
