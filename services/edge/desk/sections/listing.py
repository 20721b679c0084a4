"""Lists as pages show them: which page is asked for, and by which filters."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from services.edge.desk.visit import Visit

PAGE_SIZE: Final = 50
ANY: Final = "any"
"""Said of a filter that is set unless the query says otherwise: then it is not."""
MOST_OFFERED: Final = 400
"""Partners in a choice; of those behind them each page of a partner leads to the form."""
_MOST_AT_ONCE: Final = 200
_SAID: Final[Mapping[str, Any]] = {"true": True, "false": False}
_NUMBER = re.compile(r"[1-9][0-9]{0,6}", re.ASCII)


def page_of(visit: Visit) -> int:
    """Which page of a list is asked for."""
    wanted = visit.query.get("page", "1")
    return int(wanted) if _NUMBER.fullmatch(wanted) else 1


def filters_of(visit: Visit, names: Iterable[str]) -> dict[str, str]:
    """What the query says of these filters, where it says something."""
    said = {name: visit.query.get(name, "").strip() for name in names}
    return {name: value for name, value in said.items() if value}


async def listed(
    visit: Visit,
    operation: str,
    filters: Iterable[str],
    flags: Iterable[str] = (),
    asked: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The page of a list that is asked for, as `found`, and the filters that it keeps, as `kept`.

    `flags`: filters that are yes or no. `asked`: what is asked for unless the query says otherwise.
    """
    kept = {**(asked or {}), **filters_of(visit, filters)}
    for name, said in filters_of(visit, flags).items():
        if said in _SAID:
            kept[name] = said
    typed = {name: _SAID.get(said, said) if name in flags else said for name, said in kept.items()}
    wanted = {name: said for name, said in typed.items() if said != ANY}
    found = await visit.read(operation, page=page_of(visit), page_size=PAGE_SIZE, **wanted)
    return {"found": found, "kept": kept}


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


async def offered_partners(
    visit: Visit, chosen: str | None = None, **filters: Any
) -> list[dict[str, Any]]:
    """The first partners by name, and the one that is chosen already, wherever it is."""
    found = await all_of(visit, "referral_partner.list", MOST_OFFERED, **filters)
    if chosen and all(one["id"] != chosen for one in found):
        known = await visit.read_if_allowed("referral_partner.get", referral_partner_uuid=chosen)
        found += [] if known is None else [known]
    return found
