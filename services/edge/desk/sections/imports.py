"""Rows of other systems that could not be imported, and what a person decides about each."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from contracts.connecting import ImportKind, RowCode, resolutions_of
from services.edge.desk.page import Action, Page, Shown
from services.edge.desk.sections.listing import PAGE_SIZE, all_of, page_of
from services.edge.desk.sections.partners import name_of
from services.edge.desk.visit import Visit

_PATH: Final = "/imports"
_MOST_SOURCES: Final = 1_000
_MOST_QUESTIONS: Final = 50


@dataclass(frozen=True, slots=True)
class Here:
    """What a row may be that is here already: its name, and where its page is."""

    name: str
    path: str


async def show(visit: Visit) -> Shown:
    """A page of those that wait, oldest first, each with its buttons; or of those that are done.

    Before them come the source numbers that a person has to explain: many rows wait for each.
    Where nobody runs connectors nothing is imported, and it says that alone.
    """
    if not visit.reaches("import_row.list"):
        return {"found": None}
    resolved = visit.query.get("resolved") == "true"
    found = await visit.read(
        "import_row.list", page=page_of(visit), page_size=PAGE_SIZE, resolved=resolved
    )
    questions = [] if resolved else await _questions(visit)
    asked = {one["id"] for one in questions}
    rows = [one for one in found["items"] if one["id"] not in asked]
    waiting = [] if resolved else rows
    connections: dict[str, Any] = {}
    if visit.may("connection.list"):
        listed = await visit.read("connection.list", page_size=200)
        connections = {one["id"]: one["name"] for one in listed["items"]}
    return {
        "found": found,
        "rows": rows,
        "questions": questions,
        "resolved": resolved,
        "connections": connections,
        "choices": {one["id"]: resolutions_of(one["code"]) for one in waiting},
        "here": await _here(visit, waiting),
        "sources": await _sources(visit) if questions else [],
    }


async def _here(visit: Visit, rows: Iterable[Mapping[str, Any]]) -> dict[str, Here]:
    """By a row's id, the partner or source that it may be."""
    asked = [row for row in rows if row["code"] == RowCode.POSSIBLE_DUPLICATE and row["uuid"]]
    found = await asyncio.gather(*(_one(visit, row["kind"], row["uuid"]) for row in asked))
    return {row["id"]: one for row, one in zip(asked, found, strict=True) if one is not None}


async def _one(visit: Visit, kind: str, uuid: str) -> Here | None:
    if kind == ImportKind.PARTNER:
        known = await visit.read_if_allowed("referral_partner.get", referral_partner_uuid=uuid)
        return None if known is None else Here(name_of(known), f"/partners/{uuid}")
    known = await visit.read_if_allowed("referral_source.get", referral_source_uuid=uuid)
    return None if known is None else Here(known["name"], f"/sources/{uuid}")


async def _questions(visit: Visit) -> list[dict[str, Any]]:
    asked = {"kind": ImportKind.SOURCE, "code": RowCode.UNMAPPED_SOURCE, "resolved": False}
    return await all_of(visit, "import_row.list", _MOST_QUESTIONS, **asked)


async def _sources(visit: Visit) -> list[tuple[str, str]]:
    """What a number of theirs may mean."""
    if not visit.may("referral_source.list"):
        return []
    found = await all_of(visit, "referral_source.list", _MOST_SOURCES, is_active=True)
    return [(one["id"], one["name"]) for one in found]


PAGE = Page(
    "imports",
    _PATH,
    "imports.html",
    show,
    asks=("import_row.list",),
    does=(Action("import_row.resolve"), Action("source_map.set")),
    in_navigation=True,
)
