"""The first page: what needs a person, counted."""

import asyncio

from services.edge.desk.page import Page, Shown
from services.edge.desk.sections.tasks import TASKS, Task
from services.edge.desk.visit import Visit


async def show(visit: Visit) -> Shown:
    """Each task that the person may look at, with how many wait; those with none come last."""
    tasks = [task for task in TASKS if visit.may(*task.asks)]
    counts = await asyncio.gather(*(task.count(visit) for task in tasks))
    counted: list[tuple[Task, int]] = list(zip(tasks, counts, strict=True))
    return {
        "waiting": [(task, count) for task, count in counted if count],
        "done": [task for task, count in counted if not count],
    }


PAGE = Page("home", "", "home.html", show, in_navigation=True)
