"""Finding the row that a query names: in its org, where it says, and not archived."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.interfaces import ORMOption

from contracts.problems import ProblemCode, not_found
from services.referrals.models.base import Versioned

RowT = TypeVar("RowT", bound=Versioned)


async def find_unarchived(
    session: AsyncSession,
    model: type[RowT],
    org_id: str,
    uuid: UUID,
    missing: ProblemCode,
    *,
    belongs: Callable[[RowT], bool] = lambda _: True,
    options: Sequence[ORMOption] = (),
) -> RowT:
    """The row of that id. `belongs`: whether it hangs where the query says.

    Raises Refusal `missing` where it is not there, archived, or another's.
    """
    row = await session.get(model, (org_id, uuid), options=options)
    if row is None or not belongs(row):
        raise not_found(missing)
    if row.deleted_at is not None:
        raise not_found(missing, is_archived=True)
    return row
