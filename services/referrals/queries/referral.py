"""Reading outbound referrals."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.problems import ProblemCode, not_found
from contracts.referral import ReferralDetail, ReferralGet
from contracts.referral import TimelineEntry as Entry
from messaging.queries import Reader, Readers
from services.referrals.handlers.referral import referral_resource
from services.referrals.models import (
    Patient,
    Provider,
    Referral,
    ReferralPartner,
    TimelineEntry,
)


async def get(query: ReferralGet, session: AsyncSession, _: datetime) -> ReferralDetail:
    org = query.org_id
    row = await session.get(Referral, (org, query.referral_uuid))
    if row is None or row.deleted_at is not None:
        raise not_found(ProblemCode.REFERRAL_NOT_FOUND, query.referral_uuid)
    patient = await session.get(Patient, (org, row.patient_id))
    partner = await session.get(ReferralPartner, (org, row.referral_partner_id))
    provider = (
        await session.get(Provider, (org, row.referring_provider_id))
        if row.referring_provider_id is not None
        else None
    )
    entries = await session.scalars(
        select(TimelineEntry)
        .where(TimelineEntry.org_id == org, TimelineEntry.referral_id == row.id)
        .order_by(TimelineEntry.id)
    )
    shown = referral_resource(row, patient, partner, provider)
    return ReferralDetail.model_construct(
        **dict(shown),
        timeline=[
            Entry.model_construct(at=e.at, event=e.event, actor=e.actor, detail=e.detail)
            for e in entries
        ],
    )


READERS: Readers = {"referral.get": Reader(ReferralGet, get)}
