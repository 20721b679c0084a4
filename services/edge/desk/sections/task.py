"""The list of one task: the rows that wait, oldest first, one of them open with its buttons."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from services.edge.desk.page import Page, Shown
from services.edge.desk.sections.listing import page_of
from services.edge.desk.sections.opened import ACTIONS, Opened, open_ereferral, open_referral
from services.edge.desk.sections.rows import Row, found_of, rows_of
from services.edge.desk.sections.tasks import TASKS, Kind, Task
from services.edge.desk.visit import Visit
from services.edge.http.answering import forbidden
from services.edge.problems import EdgeCode, refusal

PAGE_SIZE: Final = 25


async def show(visit: Visit) -> Shown:
    """The rows, and the open one: the one that is asked for, else the first."""
    task = next((one for one in TASKS if one.name == visit.path["task"]), None)
    if task is None:
        raise refusal(EdgeCode.NO_SUCH_ROUTE, ("path",), "There is no such task.")
    if not visit.may(*task.asks):
        raise forbidden()
    page = page_of(visit)
    found = await found_of(task, visit, page, PAGE_SIZE)
    rows = await rows_of(task, visit, found["items"])
    chosen = _chosen(visit, rows)
    following = _following(task, visit, rows, chosen, page)
    if chosen is not None:
        visit.here = f"{_path(task, visit)}?{urlencode({'page': page, 'row': chosen})}"
    return {
        "task": task,
        "found": found,
        "rows": rows,
        "chosen": chosen,
        "path": _path(task, visit),
        "opened": await _opened(task, visit, chosen, following),
    }


def _chosen(visit: Visit, rows: Sequence[Row]) -> str | None:
    """The row that is asked for, where it still waits or somebody is at it; else the first."""
    asked = visit.query.get("row")
    at_it = visit.refreshes or visit.refused is not None or visit.reply is not None
    if asked and (at_it or any(row.id == asked for row in rows)):
        return asked
    return rows[0].id if rows else None


def _path(task: Task, visit: Visit) -> str:
    return f"{visit.home}/tasks/{task.name}"


def _following(task: Task, visit: Visit, rows: Sequence[Row], chosen: str | None, page: int) -> str:
    """Where to go when the open row was done: to the next one, which then opens."""
    ids = [row.id for row in rows]
    place = ids.index(chosen) if chosen in ids else -1
    others = [*ids[place + 1 :], *ids[: max(place, 0)]]
    query: dict[str, Any] = {"page": page} if page > 1 else {}
    if others:
        query["row"] = others[0]
    path = _path(task, visit)
    return f"{path}?{urlencode(query)}#opened" if query else path


async def _opened(
    task: Task, visit: Visit, chosen: str | None, following: str
) -> Opened | Mapping[str, Any] | None:
    if chosen is None:
        return None
    match task.kind:
        case Kind.INTAKE:
            found: Mapping[str, Any] | None = await visit.read_if_allowed(
                "intake.get", intake_uuid=chosen
            )
            return found
        case Kind.EREFERRAL | Kind.LINK:
            return await open_ereferral(visit, chosen, following)
        case Kind.REFERRAL | Kind.DRAFT:
            return await open_referral(visit, chosen, following)


PAGE = Page("task", "/tasks/{task}", "task.html", show, does=ACTIONS)
