"""The end of what is not kept for ever: packages of e-referrals that ended, letters composed, and
the reasons of cancels that came before their dispatch.

The e-referral and its attempts stay, and so does that it was cancelled. Works as the system role,
across all orgs.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from contracts.replies import ReplyStatus
from contracts.text import ERASED
from messaging.pacing.sweep import in_rounds
from messaging.trail import audit
from services.ereferral_dispatch.delivery.transitions import FINAL
from services.ereferral_dispatch.models import Composed, EarlyCancel, Ereferral, Package

AT_A_TIME = 200

Key = tuple[str, UUID]
_FIRST: Key = ("", UUID(int=0))


@dataclass(frozen=True, slots=True)
class Purged:
    """How many packages were removed, and how many letters and bundles composed of them."""

    packages: int
    composed: int


def _ended(before: datetime) -> Select[Package]:
    """Packages of e-referrals that ended, and to which nothing has happened since then."""
    return (
        select(Package)
        .join(
            Ereferral,
            (Ereferral.org_id == Package.org_id) & (Ereferral.id == Package.ereferral_id),
        )
        .where(Ereferral.status.in_(FINAL), Ereferral.updated_at < before)
    )


async def purgeable(engine: AsyncEngine, before: datetime) -> Purged:
    """What `purge` would do now."""
    async with engine.connect() as connection:
        ended = _ended(before).with_only_columns(Package.org_id, Package.ereferral_id)
        packages = await connection.scalar(select(func.count()).select_from(ended.subquery()))
        composed = await connection.scalar(
            select(func.count())
            .select_from(Composed)
            .where(tuple_(Composed.org_id, Composed.ereferral_id).in_(ended))
        )
    return Purged(packages or 0, composed or 0)


async def purge(engine: AsyncEngine, before: datetime, operator: audit.Operator) -> Purged:
    """Remove them, some hundred in a transaction, each with its entry in the audit trail.

    May break off anywhere and run again, beside running services and itself: an e-referral that
    somebody moves just now is left for the next time.
    """
    packages = composed = 0
    after: Key | None = _FIRST
    while after is not None:
        async with AsyncSession(engine, autoflush=False) as session, session.begin():
            chosen, after = await _next(session, before, after)
            composed += await _remove(session, chosen, operator)
            packages += len(chosen)
    return Purged(packages, composed)


async def _next(
    session: AsyncSession, before: datetime, after: Key
) -> tuple[list[Ereferral], Key | None]:
    """The e-referrals of the next packages by key, locked, and the last key; None: that is all."""
    key = tuple_(Package.org_id, Package.ereferral_id)
    found = await session.scalars(
        _ended(before)
        .with_only_columns(Ereferral)
        .where(key > tuple_(*after))
        .order_by(Package.org_id, Package.ereferral_id)
        .limit(AT_A_TIME)
        .with_for_update(key_share=True, skip_locked=True, of=Ereferral)
    )
    chosen = list(found)
    return chosen, (chosen[-1].org_id, chosen[-1].id) if len(chosen) == AT_A_TIME else None


async def _remove(session: AsyncSession, chosen: list[Ereferral], operator: audit.Operator) -> int:
    if not chosen:
        return 0
    now: datetime = (await session.scalars(select(func.now()))).one()
    removed = await remove_packages(session, [(row.org_id, row.id) for row in chosen])
    await audit.append(
        session,
        [
            operator.did(
                "ereferral.purge",
                at=now,
                org_id=row.org_id,
                status=ReplyStatus.ARCHIVED,
                record_id=row.id,
                patient_ids=[row.patient_id],
            )
            for row in chosen
        ],
    )
    return removed.composed


async def remove_packages(session: AsyncSession, keys: list[Key]) -> Purged:
    """Remove what these e-referrals, whose rows are locked, were made of; mark them as such."""
    composed = await session.execute(
        delete(Composed)
        .where(tuple_(Composed.org_id, Composed.ereferral_id).in_(keys))
        .returning(Composed.ereferral_id)
    )
    packages = await session.execute(
        delete(Package)
        .where(tuple_(Package.org_id, Package.ereferral_id).in_(keys))
        .returning(Package.ereferral_id)
    )
    await session.execute(
        update(Ereferral)
        .where(tuple_(Ereferral.org_id, Ereferral.id).in_(keys), Ereferral.purged_at.is_(None))
        .values(purged_at=func.now())
        .execution_options(synchronize_session=False)
    )
    return Purged(len(packages.all()), len(composed.all()))


def _explained(before: datetime) -> ColumnElement[bool]:
    """Early cancels that were asked for before then, and still say why."""
    return and_(EarlyCancel.requested_at < before, EarlyCancel.reason != ERASED)


async def early_reasons(engine: AsyncEngine, before: datetime) -> int:
    """How many reasons `purge_early_reasons` would take now."""
    async with engine.connect() as connection:
        counted = select(func.count()).select_from(EarlyCancel).where(_explained(before))
        return await connection.scalar(counted) or 0


async def purge_early_reasons(
    engine: AsyncEngine, before: datetime, operator: audit.Operator
) -> int:
    """Take the reasons of early cancels, some hundred in a transaction, each with its entry in the
    audit trail; how many.

    The cancel itself stays: its dispatch ends `cancelled`, however late it comes. The entry names
    the patient where dispatch ever heard whose e-referral it was.
    """
    key = tuple_(EarlyCancel.org_id, EarlyCancel.ereferral_id)
    some = select(EarlyCancel.org_id, EarlyCancel.ereferral_id).where(_explained(before))
    patient = (
        select(Ereferral.patient_id)
        .where(Ereferral.org_id == EarlyCancel.org_id, Ereferral.id == EarlyCancel.ereferral_id)
        .scalar_subquery()
    )
    statement = (
        update(EarlyCancel)
        .where(key.in_(some.limit(AT_A_TIME)))
        .values(reason=ERASED)
        .returning(EarlyCancel.org_id, EarlyCancel.ereferral_id, patient, func.now())
    )

    async def take_some() -> int:
        async with engine.begin() as connection:
            rows = (await connection.execute(statement)).all()
            await audit.append(connection, [_reason_purged(operator, *row) for row in rows])
        return len(rows)

    return await in_rounds(take_some, AT_A_TIME)


def _reason_purged(
    operator: audit.Operator,
    org_id: str,
    ereferral_id: UUID,
    patient_id: UUID | None,
    now: datetime,
) -> audit.Entry:
    return operator.did(
        "early_cancel.purge",
        at=now,
        org_id=org_id,
        status=ReplyStatus.ARCHIVED,
        record_id=ereferral_id,
        patient_ids=() if patient_id is None else (patient_id,),
    )
