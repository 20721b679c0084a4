"""The sources that bring patients, what each costs, and what a new patient costs by each."""

import asyncio
import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from contracts.referral_source import SourceCategory
from services.edge.desk.page import Action, Page, Shown
from services.edge.desk.sections.listing import all_of, listed
from services.edge.desk.sections.partners import changed_meanwhile, name_of
from services.edge.desk.sections.periods import days_of
from services.edge.desk.visit import Visit
from services.edge.desk.wording import Texts
from services.edge.problems import EdgeCode, HttpProblem

_PATH: Final = "/sources"
_FILTERS: Final = ("search", "category")
_FLAGS: Final = ("is_active",)
_FIELDS: Final = ("name", "category", "description", "is_active", "linked_referral_partner_uuid")
_COST_FIELDS: Final = ("amount", "period_start", "period_end", "notes")
_MOST_COSTS: Final = 400
_MOST_PARTNERS: Final = 1_000
_CATEGORIES: Final = [one.value for one in SourceCategory]
_FULL: Final = 100
_MOST_EXPLAINED: Final = 12
"""Of how many sources, the dearest, a cost that is cut is explained: each is asked for."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A source of the report. `share`: its cost per acquisition, of the highest one's 100."""

    item: Mapping[str, Any]
    share: float


@dataclass(frozen=True, slots=True)
class Cut:
    """A source's cost of which a part is of the report's days alone. `whole`: all of it.

    `days`: how many of how many count, where it is one cost that is cut.
    """

    whole: Decimal
    days: tuple[int, int] | None


async def show_list(visit: Visit) -> Shown:
    """A page of the sources, with what each has cost and brought in all."""
    shown = await listed(visit, "referral_source.list", _FILTERS, _FLAGS)
    return {**shown, "categories": _CATEGORIES}


async def show_new(visit: Visit) -> Shown:
    """An empty form."""
    return {"source": None, "categories": _CATEGORIES, "partners": await _partners(visit)}


async def show_one(visit: Visit) -> Shown:
    """One source and its costs, the newest first."""
    uuid = visit.path["referral_source_uuid"]
    source, costs, partners = await asyncio.gather(
        visit.read("referral_source.get", referral_source_uuid=uuid),
        _costs(visit, uuid),
        _partners(visit),
    )
    linked = source["linked_referral_partner"]
    now = {**source, "linked_referral_partner_uuid": None if linked is None else linked["uuid"]}
    return {
        "source": now,
        "costs": costs[::-1],
        "categories": _CATEGORIES,
        "partners": partners,
        "changed": _changed(visit, now, costs),
    }


def _changed(
    visit: Visit, source: Mapping[str, Any], costs: list[dict[str, Any]]
) -> list[tuple[str, Any]]:
    """What the source, or the cost that was written, says now."""
    refused = visit.refused
    if refused is not None and refused.operation == "referral_source_cost.update":
        uuid = refused.form.get("cost_uuid")
        now = next((one for one in costs if one["id"] == uuid), None)
        return [] if now is None else changed_meanwhile(visit, now, _COST_FIELDS)
    return changed_meanwhile(visit, source, _FIELDS)


async def _costs(visit: Visit, uuid: str) -> list[dict[str, Any]]:
    if not visit.may("referral_source_cost.list"):
        return []
    return await all_of(visit, "referral_source_cost.list", _MOST_COSTS, referral_source_uuid=uuid)


async def _partners(visit: Visit) -> list[tuple[str, str]]:
    if not visit.may("referral_partner.list"):
        return []
    found = await all_of(visit, "referral_partner.list", _MOST_PARTNERS)
    return [(one["id"], name_of(one)) for one in found]


async def show_report(visit: Visit) -> Shown:
    """The figures of a period, as bars and as a table."""
    days = await days_of(visit)
    query = urlencode({"period_start": days.start, "period_end": days.end})
    shown: dict[str, Any] = {"days": days, "query": query, "problem": None}
    try:
        report = await visit.read(
            "referral_source.report", period_start=days.start, period_end=days.end
        )
    except HttpProblem as problem:
        if problem.status != EdgeCode.VALIDATION_ERROR.status:
            raise
        return {**shown, "problem": problem}
    return {**shown, "report": report, "bars": _bars(report), "cut": await _cut(visit, report)}


async def _cut(visit: Visit, report: Mapping[str, Any]) -> dict[str, Cut]:
    """By its source, each cost that reaches beyond the report's days, so that a part counts."""
    if not visit.may("referral_source_cost.list"):
        return {}
    dearest = sorted(report["items"], key=lambda one: Decimal(one["total_cost"]), reverse=True)
    spent = [
        one["referral_source"]["uuid"]
        for one in dearest[:_MOST_EXPLAINED]
        if Decimal(one["total_cost"])
    ]
    costs = await asyncio.gather(*(_costs(visit, uuid) for uuid in spent))
    first, last = (date.fromisoformat(report[name]) for name in ("period_start", "period_end"))
    found = {uuid: cut_of(listed, first, last) for uuid, listed in zip(spent, costs, strict=True)}
    return {uuid: cut for uuid, cut in found.items() if cut is not None}


def cut_of(costs: Sequence[Mapping[str, Any]], first: date, last: date) -> Cut | None:
    """What the costs that share a day with these come to as a whole; None where all of it counts.

    `first` and `last` are both of the period.
    """
    whole, days, shared, cut = Decimal(0), 0, 0, 0
    for one in costs:
        start, end = (date.fromisoformat(one[name]) for name in ("period_start", "period_end"))
        inside = (min(end, last) - max(start, first)).days + 1
        if inside <= 0:
            continue
        whole += Decimal(one["amount"])
        if inside < (end - start).days + 1:
            cut, days, shared = cut + 1, (end - start).days + 1, inside
    if cut == 0:
        return None
    return Cut(whole, (shared, days) if cut == 1 else None)


def _bars(report: Mapping[str, Any]) -> list[Bar]:
    """Those that have brought somebody, the dearest first."""
    known = [one for one in report["items"] if one["cost_per_acquisition"] is not None]
    known.sort(key=lambda one: Decimal(one["cost_per_acquisition"]), reverse=True)
    highest = max((Decimal(one["cost_per_acquisition"]) for one in known), default=Decimal(0))
    return [
        Bar(one, float(_FULL * Decimal(one["cost_per_acquisition"]) / highest) if highest else 0.0)
        for one in known
    ]


async def show_csv(visit: Visit) -> Shown:
    """The same figures, a line each; a text that a spreadsheet would run is one of its own."""
    days = await days_of(visit)
    report = await visit.read(
        "referral_source.report", period_start=days.start, period_end=days.end
    )
    texts = Texts("en")
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    names = ("source", "category", "total_cost", "new_patients", "cost_per_acquisition")
    writer.writerow([texts(f"report.{name}") for name in names])
    for one in report["items"]:
        name, category = one["referral_source"]["name"], texts.word("category", one["category"])
        writer.writerow([_harmless(name), category, *_figures(one)])
    writer.writerow([texts("report.all"), "", *_figures(report["total"])])
    file_name = f"cost-per-acquisition-{days.start}-{days.end}.csv"
    return {
        "body": written.getvalue().encode("utf-8-sig"),
        "headers": {"Content-Disposition": f'attachment; filename="{file_name}"'},
    }


def _figures(one: Mapping[str, Any]) -> list[Any]:
    return [one["total_cost"], one["new_patients"], one["cost_per_acquisition"] or ""]


def _harmless(text: str) -> str:
    """Spreadsheets take what begins with one of these for a formula (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text


def _to_source(visit: Visit, source: Any) -> str:
    return f"{visit.home}{_PATH}/{source['id']}"


def _to_list(visit: Visit, _: Any) -> str:
    return visit.home + _PATH


PAGE = Page(
    "sources",
    _PATH,
    "sources.html",
    show_list,
    asks=("referral_source.list",),
    in_navigation=True,
)
NEW = Page(
    "source_new",
    f"{_PATH}/new",
    "source.html",
    show_new,
    asks=("referral_source.create",),
    does=(Action("referral_source.create", then=_to_source),),
)
REPORT = Page(
    "report", f"{_PATH}/report", "report.html", show_report, asks=("referral_source.report",)
)
CSV = Page(
    "report_csv",
    f"{_PATH}/report.csv",
    "report.html",
    show_csv,
    asks=("referral_source.report",),
    answers_as="text/csv; charset=utf-8",
)
ONE = Page(
    "source",
    f"{_PATH}/{{referral_source_uuid}}",
    "source.html",
    show_one,
    asks=("referral_source.get",),
    does=(
        Action("referral_source.update"),
        Action("referral_source.archive", then=_to_list),
        Action("referral_source_cost.create"),
        Action("referral_source_cost.update"),
        Action("referral_source_cost.archive"),
    ),
)
PAGES = (PAGE, NEW, REPORT, CSV, ONE)
