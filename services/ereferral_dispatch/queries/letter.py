"""Reading letters: what an e-referral brings, and what a package would be sent with."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.ereferral import (
    GET_EREFERRAL_LETTER,
    PREVIEW_EREFERRAL,
    EreferralLetter,
    EreferralPreview,
)
from contracts.letter import ComposedLetter, letter_reference
from contracts.problems import ProblemCode, Refusal
from letters.composing import as_shown, compose
from letters.letter import Letter
from messaging.handlers.reader import about_nobody, reads
from services.ereferral_dispatch.models import Attempt, Composed, Ereferral
from services.ereferral_dispatch.queries.kept import find_consignment
from services.ereferral_dispatch.rules.channels import CALLS
from services.ereferral_dispatch.rules.knowing import never_dispatched
from services.ereferral_dispatch.rules.package import check_package, with_named_offset
from services.ereferral_dispatch.senders.composed_letter import letter_in


async def get_letter(query: EreferralLetter, session: AsyncSession, _: datetime) -> ComposedLetter:
    """What a partner has in hand was made by the template of its day: it is not made again."""
    row = await session.get(Ereferral, (query.org_id, query.ereferral_uuid))
    if row is None:
        raise never_dispatched(ProblemCode.EREFERRAL_NOT_FOUND)
    pdf = await _last_composed(row, session)
    if pdf is not None:
        return as_shown(letter_reference(row.referral_id), pdf)
    consignment = await find_consignment(row, session)
    if consignment is None:
        raise Refusal(
            ProblemCode.LETTER_NOT_FOUND,
            "The letter is not kept any more: its package was purged. "
            "ereferral.get still shows what became of the e-referral.",
        )
    return await compose(consignment)


async def _last_composed(row: Ereferral, session: AsyncSession) -> bytes | None:
    """The letter that was composed last; None where it was none that is kept.

    A call's is not kept: it is composed again with each answer.
    """
    newest = await session.get(Attempt, (row.org_id, row.id, row.attempts_made))
    if newest is not None and newest.channel is CALLS:
        return None
    latest_first = (
        Composed.composed_at.desc().nulls_last(),
        Composed.message,
        Composed.possible_repeat.desc(),
    )
    contents = await session.scalars(
        select(Composed.content)
        .where(Composed.org_id == row.org_id, Composed.ereferral_id == row.id)
        .order_by(*latest_first)
    )
    return next((pdf for pdf in map(letter_in, contents) if pdf is not None), None)


async def preview(query: EreferralPreview, _: AsyncSession, __: datetime) -> ComposedLetter:
    check_package(query)
    return await compose(Letter(package=with_named_offset(query)))


async def _patient(
    query: EreferralLetter, _: ComposedLetter, session: AsyncSession
) -> Collection[UUID]:
    row = await session.get(Ereferral, (query.org_id, query.ereferral_uuid))
    return () if row is None else (row.patient_id,)


READERS = [
    reads(GET_EREFERRAL_LETTER, get_letter, find_patients=_patient),
    # It shows what whoever asks brought along, and nothing that is held here.
    reads(PREVIEW_EREFERRAL, preview, patients=about_nobody),
]
