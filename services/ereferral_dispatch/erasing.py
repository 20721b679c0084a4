"""Erasing a patient from dispatch: what e-referrals about them hold beside ids.

The e-referrals stay, with their attempts and the partner's addresses. Nothing of what goes is shown
in an event's resource, so there is no version and no event.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.text import ERASED
from messaging.trail import audit
from messaging.trail.erasure import (
    CannotErase,
    Erased,
    clear,
    empty_replies,
    waiting_messages,
    write_down,
)
from services.ereferral_dispatch.delivery.transitions import FINAL
from services.ereferral_dispatch.models import Attempt, EarlyCancel, Ereferral
from services.ereferral_dispatch.purging import remove_packages


@dataclass(frozen=True, slots=True)
class Known:
    """What dispatch has of a patient's e-referrals: the version of each, by its id, and which of
    those that it never heard of were cancelled."""

    versions: dict[UUID, int]
    cancelled_early: frozenset[UUID]


async def known(
    session: AsyncSession, org_id: str, patient_id: UUID, sent: Sequence[UUID]
) -> Known:
    """Look, changing nothing. `sent`: the e-referrals that dispatch was asked for.

    `session` works as the system role.
    """
    rows = await session.execute(
        select(Ereferral.id, Ereferral.version).where(
            Ereferral.org_id == org_id, Ereferral.patient_id == patient_id
        )
    )
    early = await session.scalars(
        select(EarlyCancel.ereferral_id).where(
            EarlyCancel.org_id == org_id, EarlyCancel.ereferral_id.in_(sent)
        )
    )
    return Known({row.id: row.version for row in rows}, frozenset(early))


async def erase(
    session: AsyncSession,
    org_id: str,
    patient_id: UUID,
    sent: Sequence[UUID],
    operator: audit.Operator,
) -> Erased:
    """Erase what is held about a patient; the caller commits, or rolls back to have only looked.

    `session` works as the system role. Raises CannotErase where an e-referral has not ended, or an
    event about one waits to be published.
    """
    rows = (
        await session.scalars(
            select(Ereferral)
            .where(Ereferral.org_id == org_id, Ereferral.patient_id == patient_id)
            .order_by(Ereferral.id)
            .with_for_update(key_share=True)
        )
    ).all()
    ids = [row.id for row in rows]
    await _check_over(session, org_id, rows)
    removed = await remove_packages(session, [(org_id, uuid) for uuid in ids])
    these = (Ereferral.org_id == org_id, Ereferral.id.in_(ids))
    of_these = (Attempt.org_id == org_id, Attempt.ereferral_id.in_(ids))
    asked = (EarlyCancel.org_id == org_id, EarlyCancel.ereferral_id.in_({*ids, *sent}))
    erased = Erased(
        {
            "packages": removed.packages,
            "letters and bundles": removed.composed,
            "e-referrals": await clear(
                session,
                Ereferral,
                *these,
                cancel_reason=None,
                response_note=None,
                information_requested=None,
                information_provided=None,
            ),
            "attempts": await clear(session, Attempt, *of_these, detail=None),
            "early cancels": await clear(session, EarlyCancel, *asked, reason=ERASED),
            "stored replies": await empty_replies(session, org_id, patient_id, ids),
        }
    )
    if erased.total:
        await write_down(session, org_id, patient_id, operator)
    return erased


async def _check_over(session: AsyncSession, org_id: str, rows: Sequence[Ereferral]) -> None:
    reasons = [
        f"e-referral {row.id} is {row.status}: end it first (ereferral.cancel, or "
        "ereferral.complete_call where a call is open), or wait"
        for row in rows
        if row.status not in FINAL
    ]
    waiting = await waiting_messages(session, org_id, [row.id for row in rows])
    if waiting:
        reasons.append(f"dispatch has {waiting} events about the patient to publish: wait")
    if reasons:
        raise CannotErase(reasons)
