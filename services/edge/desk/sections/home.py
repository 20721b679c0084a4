"""The first page: what needs a person, counted, with the first of each that wait."""

import asyncio
from collections.abc import Sequence
from typing import Final

from services.edge.desk.page import Page, Shown
from services.edge.desk.sections.rows import Row, found_of, rows_of
from services.edge.desk.sections.tasks import DEAD_LETTERS, TASKS, Task
from services.edge.desk.visit import Visit

FIRST: Final = 3
"""How many of each task are shown."""


async def show(visit: Visit) -> Shown:
    """Each task that the person may look at; those with nothing come last, by their names."""
    tasks = [task for task in TASKS if visit.may(*task.asks)]
    counted = await asyncio.gather(*(_first(task, visit) for task in tasks))
    looked_at = list(zip(tasks, counted, strict=True))
    runs_it = visit.may(DEAD_LETTERS)
    return {
        "waiting": [(task, total, rows) for task, (total, rows) in looked_at if total],
        "done": [task for task, (total, _) in looked_at if not total],
        "dead_letters": await visit.dead_letters() if runs_it else 0,
        "imports": await _imports(visit),
    }


async def _imports(visit: Visit) -> int:
    """How many rows of other systems wait for a person."""
    if not (visit.may("import_row.list") and visit.reaches("import_row.list")):
        return 0
    found = await visit.read("import_row.list", page_size=1, resolved=False)
    return int(found["total"])


async def _first(task: Task, visit: Visit) -> tuple[int, Sequence[Row]]:
    found = await found_of(task, visit, 1, FIRST)
    return found["total"], await rows_of(task, visit, found["items"])


PAGE = Page("home", "", "home.html", show, in_navigation=True)
