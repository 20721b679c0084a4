"""The audit trail on a page: who saw or changed a patient, in both services."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.edge.desk.page import Page, Shown
from services.edge.desk.visit import Visit

_FOUND_PATIENTS: Final = 12
_OF_DISPATCH: Final = "ereferral_trail.get"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was done or read. `who`: the person, else the program."""

    at: str
    operation: str
    who: str
    client: str
    status: int
    record_uuid: str | None


async def show(visit: Visit) -> Shown:
    """First the patient, then what was done, the newest first."""
    uuid = visit.query.get("patient_uuid")
    if not uuid:
        return {"patient_uuid": None, **await _search(visit)}
    trails = [await visit.read("patient_trail.get", patient_uuid=uuid)]
    if visit.may(_OF_DISPATCH):
        trails.append(await visit.read(_OF_DISPATCH, patient_uuid=uuid))
    lines = [_line(one) for trail in trails for one in trail["entries"]]
    patient = await visit.read_if_allowed("patient.get", patient_uuid=uuid)
    return {
        "patient_uuid": uuid,
        "patient": patient,
        "lines": sorted(lines, key=lambda line: line.at, reverse=True),
        "total": sum(trail["total"] for trail in trails),
        "both": visit.may(_OF_DISPATCH),
    }


async def _search(visit: Visit) -> Shown:
    wanted = visit.query.get("patient", "").strip()
    found: Mapping[str, Any] = {"items": [], "total": 0}
    if visit.may("patient.list"):
        found = await visit.read("patient.list", search=wanted or None, page_size=_FOUND_PATIENTS)
    return {"found": found, "wanted": wanted}


def _line(entry: Mapping[str, Any]) -> Line:
    client = entry["client"] or ""
    return Line(
        entry["at"],
        entry["operation"],
        entry["actor"] or client,
        client,
        entry["status"],
        entry["record_uuid"],
    )


PAGE = Page("trail", "/trail", "trail.html", show, asks=("patient_trail.get",), in_navigation=True)
