"""Lists as pages show them: which page is asked for, and by which filters."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from services.edge.desk.visit import Visit

PAGE_SIZE: Final = 50
_MOST_AT_ONCE: Final = 200
_NUMBER = re.compile(r"[1-9][0-9]{0,6}", re.ASCII)


def page_of(visit: Visit) -> int:
    """Which page of a list is asked for."""
    wanted = visit.query.get("page", "1")
    return int(wanted) if _NUMBER.fullmatch(wanted) else 1


def filters_of(visit: Visit, names: Iterable[str]) -> dict[str, str]:
    """What the query says of these filters, where it says something."""
    said = {name: visit.query.get(name, "").strip() for name in names}
    return {name: value for name, value in said.items() if value}


async def all_of(visit: Visit, operation: str, most: int, **filters: Any) -> list[dict[str, Any]]:
    """A list's items, up to so many: what a choice offers."""
    items: list[dict[str, Any]] = []
    page = 1
    while len(items) < most:
        found: Mapping[str, Any] = await visit.read(
            operation, page=page, page_size=_MOST_AT_ONCE, **filters
        )
        items += found["items"]
        if len(items) >= found["total"] or not found["items"]:
            break
        page += 1
    return items[:most]
