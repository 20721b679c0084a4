"""Rows of other systems that could not be imported, and what a person decides about each."""

from typing import Any, Final

from contracts.connecting import RowResolution
from services.edge.desk.page import Action, Page, Shown
from services.edge.desk.sections.listing import PAGE_SIZE, page_of
from services.edge.desk.visit import Visit

_PATH: Final = "/imports"


async def show(visit: Visit) -> Shown:
    """A page of those that wait, oldest first, each with its buttons; or of those that are done.

    Where nobody runs connectors nothing is imported, and it says that alone.
    """
    if not visit.reaches("import_row.list"):
        return {"found": None}
    resolved = visit.query.get("resolved") == "true"
    found = await visit.read(
        "import_row.list", page=page_of(visit), page_size=PAGE_SIZE, resolved=resolved
    )
    connections: dict[str, Any] = {}
    if visit.may("connection.list"):
        listed = await visit.read("connection.list", page_size=200)
        connections = {one["id"]: one["name"] for one in listed["items"]}
    return {
        "found": found,
        "resolved": resolved,
        "connections": connections,
        "resolutions": [one.value for one in RowResolution],
    }


PAGE = Page(
    "imports",
    _PATH,
    "imports.html",
    show,
    asks=("import_row.list",),
    does=(Action("import_row.resolve"),),
    in_navigation=True,
)
