"""Writing a referral: the patient, the partner, what for; as a draft, with its letter beside it."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from uuid_utils import compat as uuid_utils

from contracts.referral import Priority
from services.edge.desk.page import Action, Page, Shown
from services.edge.desk.sections.listing import MOST_OFFERED, all_of, offered_partners
from services.edge.desk.sections.opened import open_referral, sending
from services.edge.desk.sections.partners import channels_of, name_of
from services.edge.desk.sections.teeth import PERMANENT, PRIMARY
from services.edge.desk.visit import MAY_HAVE_BEEN_DONE, Visit
from services.edge.desk.wording import read_time
from services.edge.problems import EdgeCode, refusal

_PATH: Final = "/referrals"
_MOST_PROVIDERS: Final = 200
_FOUND_PATIENTS: Final = 12
_LEAST_CODES: Final = 2
_MOST_CODES: Final = 20
_CODE_PARTS: Final = ("system", "code", "display")
SYSTEMS: Final = (
    "http://hl7.org/fhir/sid/icd-10-cm",
    "http://www.ada.org/cdt",
    "http://snomed.info/sct",
)
_SEND: Final = "referral.send"


async def show_new(visit: Visit) -> Shown:
    """First whom it is about; then the form, beside what is open for that patient already."""
    patient = await _patient(visit)
    if patient is None:
        return {"patient": None, "referral": None, **await _search(visit)}
    return {
        "patient": patient,
        "referral": None,
        "referral_id": _new_id(visit),
        "sent_already": False,
        "opened": None,
        **await _form(visit, patient["id"], {}),
    }


async def show_draft(visit: Visit) -> Shown:
    """The form of a draft, with the letter that it makes."""
    opened = await open_referral(visit, visit.path["referral_uuid"])
    referral = opened.referral
    if referral is None:
        raise refusal(EdgeCode.NO_SUCH_ROUTE, ("path",), "There is no such referral.")
    return {
        "patient": {"id": referral["patient"]["uuid"], "name": referral["patient"]["name"]},
        "referral": referral,
        "referral_id": referral["id"],
        "sent_already": referral["status"] != "draft",
        "opened": opened,
        **await _form(visit, referral["patient"]["uuid"], referral),
    }


def _new_id(visit: Visit) -> str:
    """The id that the referral will have: the letter shows its reference before it is saved."""
    refused = visit.refused
    if refused is not None and refused.problem.status in MAY_HAVE_BEEN_DONE:
        return refused.form.get("id")
    return str(uuid_utils.uuid7())


async def _patient(visit: Visit) -> Mapping[str, Any] | None:
    """The patient who is chosen: in the address, or in the form that was refused."""
    chosen = visit.query.get("patient_uuid")
    if not chosen:
        return None
    found: Mapping[str, Any] | None = await visit.read_if_allowed(
        "patient.get", patient_uuid=chosen
    )
    return found


async def _search(visit: Visit) -> Shown:
    """The patients whom a search finds; without one, the first by name."""
    wanted = visit.query.get("patient", "").strip()
    found = await visit.read("patient.list", search=wanted or None, page_size=_FOUND_PATIENTS)
    return {"found": found, "wanted": wanted, "partner": visit.query.get("referral_partner_uuid")}


async def _form(visit: Visit, patient_uuid: str, referral: Mapping[str, Any]) -> dict[str, Any]:
    """What the form offers, and what it says already."""
    chosen = _partner_of(referral) or visit.query.get("referral_partner_uuid")
    partners, providers, open_ones, zone = await asyncio.gather(
        offered_partners(visit, chosen, is_active=True),
        _providers(visit),
        _open_referrals(visit, patient_uuid, referral.get("id")),
        visit.zone(),
    )
    return {
        "partners": _offered(partners, open_ones),
        "more_partners": len(partners) >= MOST_OFFERED,
        "providers": providers,
        "open_ones": open_ones,
        "same": [one for one in open_ones if _partner_of(one) == _partner_of(referral)],
        "chosen": chosen,
        "teeth": _teeth(visit, referral),
        "codes": _codes(visit, referral),
        "systems": SYSTEMS,
        "permanent": PERMANENT,
        "primary": PRIMARY,
        "priorities": [one.value for one in Priority],
        "respond_by": _day(referral.get("respond_by"), zone),
    }


async def _providers(visit: Visit) -> list[dict[str, Any]]:
    if not visit.may("provider.list"):
        return []
    return await all_of(visit, "provider.list", _MOST_PROVIDERS)


async def _open_referrals(
    visit: Visit, patient_uuid: str, own_uuid: str | None
) -> list[Mapping[str, Any]]:
    """The patient's other ones that are not at their end, the newest first."""
    if not visit.may("referral.list"):
        return []
    found = await asyncio.gather(
        *(
            visit.read("referral.list", patient_uuid=patient_uuid, status=status)
            for status in ("active", "draft")
        )
    )
    listed = [one for page in found for one in page["items"]]
    return [one for one in listed if one["id"] != own_uuid]


def _offered(
    partners: Sequence[Mapping[str, Any]], open_ones: Sequence[Mapping[str, Any]]
) -> list[tuple[str, list[dict[str, Any]]]]:
    """The partners by specialty, each with what it takes and what is open with it."""
    busy = {_partner_of(one) for one in open_ones}
    groups: dict[str, list[dict[str, Any]]] = {}
    for one in partners:
        groups.setdefault(one["specialty"] or "", []).append(
            {
                "id": one["id"],
                "name": name_of(one),
                "practice_name": one["practice_name"],
                "takes": one["accepts_ereferral"],
                "ways": channels_of(one),
                "open": one["id"] in busy,
            }
        )
    return sorted(groups.items(), key=lambda group: (group[0] == "", group[0].lower()))


def _partner_of(referral: Mapping[str, Any]) -> str | None:
    partner = referral.get("referral_partner")
    return None if partner is None else str(partner["uuid"])


def _teeth(visit: Visit, referral: Mapping[str, Any]) -> frozenset[str]:
    if visit.refused is not None:
        return frozenset(visit.refused.form.all("teeth"))
    return frozenset(referral.get("teeth") or ())


def _codes(visit: Visit, referral: Mapping[str, Any]) -> list[dict[str, str]]:
    """A row for each code, and one or more to write another in."""
    if visit.refused is not None:
        form = visit.refused.form
        typed = range(sum(name.endswith("_code") for name in form.names))
        return [{part: form.get(f"code{row}_{part}") for part in _CODE_PARTS} for row in typed] or [
            dict.fromkeys(_CODE_PARTS, "")
        ]
    held = [
        {part: one.get(part) or "" for part in _CODE_PARTS}
        for one in referral.get("reason_codes") or ()
    ]
    blank = max(_LEAST_CODES - len(held), 1) if len(held) < _MOST_CODES else 0
    return [*held, *(dict.fromkeys(_CODE_PARTS, "") for _ in range(blank))]


def _day(at: str | None, zone: ZoneInfo) -> str:
    return "" if at is None else read_time(at).astimezone(zone).date().isoformat()


async def message_of(visit: Visit, fields: dict[str, Any]) -> dict[str, Any]:
    """The message's fields: the codes of their rows, and the day until its last minute."""
    own = {name for name in fields if name.startswith("code") and "_" in name}
    rows: dict[str, dict[str, str]] = {}
    for name in own:
        row, _, part = name.partition("_")
        if (value := fields.pop(name)) and part in _CODE_PARTS:
            rows.setdefault(row, {})[part] = value
    written = [rows[row] for row in sorted(rows, key=_row_number)]
    codes = [row for row in written if "code" in row or "display" in row]
    if codes or "reason_codes" in fields:
        fields["reason_codes"] = codes or None
    day = fields.get("respond_by")
    if isinstance(day, str):
        fields["respond_by"] = _last_minute(day, await visit.zone())
    return fields


def _row_number(name: str) -> int:
    number = name.removeprefix("code")
    return int(number) if number.isdecimal() else 0


def _last_minute(day: str, zone: ZoneInfo) -> str:
    """Of the practice's day; what is no day goes on as it is, and the service says so."""
    try:
        return datetime.combine(date.fromisoformat(day), time(23, 59), zone).isoformat()
    except ValueError:
        return day


def _to_draft(visit: Visit, referral: Any) -> str:
    """A draft is shown with its letter; one that was sent, with its steps."""
    path = f"{visit.home}{_PATH}/{referral['id']}"
    return f"{path}/edit" if referral["status"] == "draft" else path


NEW = Page(
    "referral_new",
    f"{_PATH}/new",
    "writing.html",
    show_new,
    asks=("referral.create", "patient.list", "referral_partner.list"),
    does=(Action("referral.create", prepare=message_of, then=_to_draft, also={_SEND: sending}),),
)
DRAFT = Page(
    "referral_draft",
    f"{_PATH}/{{referral_uuid}}/edit",
    "writing.html",
    show_draft,
    asks=("referral.get", "referral.update", "referral_partner.list"),
    does=(Action("referral.update", prepare=message_of, then=_to_draft, also={_SEND: sending}),),
)
PAGES = (NEW, DRAFT)
