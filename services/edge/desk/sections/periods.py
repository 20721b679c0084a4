"""The days that a report is about: those that are asked for, else the last three months."""

from dataclasses import dataclass
from datetime import date

from services.edge.desk.visit import Visit

_MONTHS = 3


@dataclass(frozen=True, slots=True)
class Days:
    """Both days belong to it, as they are written in an address."""

    start: str
    end: str


async def days_of(visit: Visit) -> Days:
    """What the query says; what it leaves out is until the practice's today, from the first of the
    month before the last."""
    today = visit.now.astimezone(await visit.zone()).date()
    start = visit.query.get("period_start", "").strip() or _months_ago(today).isoformat()
    return Days(start, visit.query.get("period_end", "").strip() or today.isoformat())


def _months_ago(today: date) -> date:
    months = today.year * 12 + today.month - _MONTHS
    return date(months // 12, months % 12 + 1, 1)
