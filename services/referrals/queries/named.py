"""The rows that a query names."""

from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.interfaces import ORMOption

from contracts.problems import ProblemCode, not_found
from services.referrals.models.base import Versioned

RowT = TypeVar("RowT", bound=Versioned)


async def named(
    session: AsyncSession,
    model: type[RowT],
    org_id: str,
    uuid: UUID,
    missing: ProblemCode,
    *options: ORMOption,
) -> RowT:
    """The row of this id. Raises Refusal `missing` where the org has none, or it is archived."""
    row = await session.get(model, (org_id, uuid), options=options)
    if row is None or row.deleted_at is not None:
        raise not_found(missing, uuid)
    return row
