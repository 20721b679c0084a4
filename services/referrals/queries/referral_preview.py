"""Showing the letter of a draft, as it would be sent now."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from contracts.ereferral import EreferralPackage
from contracts.letter import ComposedLetter
from contracts.problems import ProblemCode, not_found
from contracts.referral import (
    PREVIEW_REFERRAL,
    FulfilmentStatus,
    ReferralPreview,
    ReferralStatus,
)
from letters.composing import compose
from letters.letter import Letter
from messaging.handlers.reader import reads
from services.referrals.handlers.package import frozen
from services.referrals.handlers.partner import partner_name, partner_resource
from services.referrals.handlers.referral_resource import Names, referral_resource
from services.referrals.models.directory import Patient, Practice, Provider
from services.referrals.models.partner import ReferralPartner
from services.referrals.models.referral import Referral
from services.referrals.queries.finding import find_unarchived
from services.referrals.rules.referral import check_can_be_previewed, respond_by


async def preview(query: ReferralPreview, session: AsyncSession, now: datetime) -> ComposedLetter:
    """The letter alone: whether the partner could be sent one is not asked."""
    return await compose(Letter(package=await _package(query, session, now)))


async def _package(
    query: ReferralPreview, session: AsyncSession, now: datetime
) -> EreferralPackage:
    """What `referral.send` would freeze. Raises Refusal where what it needs is not there."""
    org_id = query.org_id
    missing = ProblemCode.REFERRAL_NOT_FOUND
    row = await find_unarchived(session, Referral, org_id, query.referral_uuid, missing)
    missing = ProblemCode.PATIENT_NOT_FOUND
    patient = await find_unarchived(session, Patient, org_id, row.patient_id, missing)
    missing = ProblemCode.REFERRAL_PARTNER_NOT_FOUND
    partner = await find_unarchived(
        session, ReferralPartner, org_id, row.referral_partner_id, missing
    )
    practice = await session.get(Practice, org_id)
    if practice is None or practice.deleted_at is not None:
        raise not_found(ProblemCode.PRACTICE_NOT_FOUND)
    provider = None
    if row.referring_provider_id is not None:
        provider = await session.get(Provider, (org_id, row.referring_provider_id))
    check_can_be_previewed(row.status)
    names = Names(patient.name, partner_name(partner), None if provider is None else provider.name)
    as_sent = referral_resource(row, names).model_copy(
        update={
            "status": ReferralStatus.ACTIVE,
            "fulfilment_status": FulfilmentStatus.REQUESTED,
            "sent_at": now,
            "respond_by": respond_by(row.respond_by, now),
        }
    )
    return EreferralPackage.model_construct(
        **frozen(row, as_sent, patient, practice, provider, partner_resource(partner))
    )


async def _patient(
    query: ReferralPreview, _: ComposedLetter, session: AsyncSession
) -> Collection[UUID]:
    row = await session.get(Referral, (query.org_id, query.referral_uuid))
    return () if row is None else (row.patient_id,)


READERS = [reads(PREVIEW_REFERRAL, preview, find_patients=_patient)]
