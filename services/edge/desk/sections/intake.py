"""The intake: whom somebody outside refers, each taken in, linked or rejected by a person."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from contracts.intake import IntakeStatus, RejectReason
from services.edge.desk.page import Action, Page, Shown
from services.edge.desk.sections.listing import all_of, listed, offered_partners
from services.edge.desk.sections.partners import channels_of, name_of
from services.edge.desk.visit import Visit

_PATH: Final = "/intake"
_FILTERS: Final = ("search", "status", "source")
_FLAGS: Final = ("suspected_spam",)
_MOST_CHOICES: Final = 1_000
_FOUND_PATIENTS: Final = 5
_OUTDATED: Final = ("version_conflict", "invalid_transition")
_AS_MAPPED: Final = "mapped"
_NONE: Final = "none"
WAITING: Final = IntakeStatus.RECEIVED.value


async def show_list(visit: Visit) -> Shown:
    """A page of the rows, oldest first; those that wait, unless others are asked for."""
    unless = {"status": WAITING}
    shown = await listed(visit, "intake.list", _FILTERS, _FLAGS, unless)
    statuses = [one.value for one in IntakeStatus]
    return {**shown, "statuses": statuses, "narrowed": shown["kept"] != unless}


async def show_one(visit: Visit) -> Shown:
    """One row, those who came with it, and the patients that it may be, side by side."""
    row = await visit.read("intake.get", intake_uuid=visit.path["intake_uuid"])
    found, following, sources, partners = await asyncio.gather(
        _found(visit, row), _following(visit, row), _sources(visit), _partners(visit)
    )
    refused = visit.refused
    return {
        "row": row,
        "waits": row["status"] == WAITING,
        "people": found,
        "wanted": visit.query.get("patient", "").strip(),
        "following": following,
        "sources": sources,
        "partners": partners,
        "reasons": [one.value for one in RejectReason],
        "late": refused is not None and refused.problem.code in _OUTDATED,
        "as_mapped": _AS_MAPPED,
        "nothing": _NONE,
    }


async def _found(visit: Visit, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The candidates, and behind them those whom the person has searched for."""
    people = [dict(one) for one in row["candidates"]]
    wanted = visit.query.get("patient", "").strip()
    if wanted and visit.may("patient.list"):
        known = {one["patient"]["id"] for one in people}
        listed = await visit.read("patient.list", search=wanted, page_size=_FOUND_PATIENTS)
        people += [
            {"patient": one, "likeness": "searched", "reasons": []}
            for one in listed["items"]
            if one["id"] not in known
        ]
    return people


async def _following(visit: Visit, row: Mapping[str, Any]) -> str:
    """Where to go when the row is decided: to one of its group that waits, else to the oldest."""
    listed = visit.home + _PATH
    group = [one["uuid"] for one in row["group"] if one["status"] == WAITING]
    if not visit.may("intake.list"):
        return f"{listed}/{row['id']}"
    found = await visit.read("intake.list", status=WAITING, page_size=2)
    waiting = [*group, *(one["id"] for one in found["items"])]
    others = [one for one in waiting if one != row["id"]]
    return f"{listed}/{others[0]}" if others else listed


async def _sources(visit: Visit) -> list[tuple[str, str]]:
    if not visit.may("referral_source.list"):
        return []
    found = await all_of(visit, "referral_source.list", _MOST_CHOICES, is_active=True)
    return [(one["id"], one["name"]) for one in found]


async def _partners(visit: Visit) -> list[tuple[str, str, list[str]]]:
    if not visit.may("referral_partner.list"):
        return []
    found = await offered_partners(visit, is_active=True)
    return [(one["id"], name_of(one), channels_of(one)) for one in found]


async def _taken_in(_: Visit, fields: dict[str, Any]) -> dict[str, Any]:
    """The message's fields: what brought the person, and the draft, each chosen from a list.

    A contact has neither.
    """
    source, partner = fields.pop("source", ""), fields.pop("partner", "")
    if fields.get("as") == "contact":
        return fields
    if source == _NONE:
        fields["attribution"] = None
    elif source and source != _AS_MAPPED:
        fields["attribution"] = {"referral_source_uuid": source}
    fields["referral"] = None
    if partner == _AS_MAPPED:
        fields["referral"] = {}
    elif partner and partner != _NONE:
        fields["referral"] = {"referral_partner_uuid": partner}
    return fields


PAGE = Page("intake", _PATH, "intake.html", show_list, asks=("intake.list",), in_navigation=True)
ONE = Page(
    "intake_row",
    f"{_PATH}/{{intake_uuid}}",
    "intake_row.html",
    show_one,
    asks=("intake.get",),
    does=(
        Action("intake.accept", prepare=_taken_in),
        Action("intake.link", prepare=_taken_in),
        Action("intake.reject"),
        Action("intake.reopen"),
    ),
)
PAGES = (PAGE, ONE)
