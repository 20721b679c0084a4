"""The rows of a task: who waits, for whom, and since when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.edge.desk.sections.tasks import Kind, Task, count_old_drafts
from services.edge.desk.visit import Visit


@dataclass(frozen=True)
class Row:
    """One of what waits. `id`: of the referral, e-referral or intake row that it opens."""

    id: str
    who: str
    to: str
    why: str
    since: str | None
    item: Mapping[str, Any]


async def found_of(task: Task, visit: Visit, page: int, page_size: int) -> Mapping[str, Any]:
    """A page of what waits, the oldest first, with how many there are in all."""
    if task.kind is Kind.DRAFT:
        oldest = await count_old_drafts(visit)
        return await visit.oldest_first(
            task.operation, page, page_size, oldest=oldest, **task.filters
        )
    if task.oldest_first:
        listed: Mapping[str, Any] = await visit.read(
            task.operation, page=page, page_size=page_size, **task.filters
        )
        return listed
    return await visit.oldest_first(task.operation, page, page_size, **task.filters)


async def rows_of(task: Task, visit: Visit, items: Sequence[Mapping[str, Any]]) -> Sequence[Row]:
    """Each as its list shows it."""
    match task.kind:
        case Kind.REFERRAL | Kind.DRAFT:
            return [
                Row(
                    one["id"],
                    one["patient"]["name"] or "",
                    one["referral_partner"]["name"] or "",
                    one["reason"],
                    one[task.since],
                    one,
                )
                for one in items
            ]
        case Kind.EREFERRAL | Kind.LINK:
            patients = await _patients(task, visit, items)
            return [
                Row(
                    one["id"] if task.kind is Kind.EREFERRAL else one["ereferral_uuid"],
                    patients.get(one["referral_uuid"], one.get("reference") or ""),
                    one["referral_partner"]["name"] or "",
                    one.get("address") or "",
                    one[task.since] or one["updated_at"],
                    one,
                )
                for one in items
            ]
        case Kind.INTAKE:
            return [
                Row(
                    one["id"],
                    f"{one['first_name']} {one['surname']}",
                    one["description"] or "",
                    "",
                    one[task.since],
                    one,
                )
                for one in items
            ]


async def _patients(task: Task, visit: Visit, items: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The patients of e-referrals, which do not name them, by their referral."""
    if not items or not visit.may("referral.list"):
        return {}
    status = task.filters.get("status")
    found = await visit.read("referral.list", dispatch_status=status, page_size=200)
    known = {one["id"]: one["patient"]["name"] or "" for one in found["items"]}
    for one in items:
        if one["referral_uuid"] not in known:
            uuid = one["referral_uuid"]
            referral = await visit.read_if_allowed("referral.get", referral_uuid=uuid)
            known[uuid] = "" if referral is None else referral["patient"]["name"] or ""
    return known
