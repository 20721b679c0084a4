"""Reading outbound referrals."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from contracts.problems import ProblemCode, not_found
from contracts.referral import (
    GET_REFERRAL,
    LIST_REFERRALS,
    ReferralDetail,
    ReferralGet,
    ReferralList,
    ReferralStatus,
)
from contracts.referral import Referral as Resource
from contracts.referral import TimelineEntry as Entry
from contracts.referral_partner import display_name
from contracts.shapes import Listed
from messaging.handlers.pages import as_table, read_list
from messaging.handlers.reader import reads
from services.referrals.handlers.referral_resource import Names, referral_resource
from services.referrals.models.directory import Patient, Provider
from services.referrals.models.partner import ReferralPartner
from services.referrals.models.referral import Referral, TimelineEntry
from services.referrals.queries.finding import find_unarchived
from services.referrals.queries.searching import referral_holds


async def get(query: ReferralGet, session: AsyncSession, _: datetime) -> ReferralDetail:
    shown = await _shown(session, query.org_id, [query.referral_uuid])
    if not shown:
        raise not_found(ProblemCode.REFERRAL_NOT_FOUND)
    entry = TimelineEntry
    entries = await session.execute(
        select(
            entry.at, entry.event, entry.actor, entry.detail, entry.reason_code, entry.scheduled_at
        )
        .where(entry.org_id == query.org_id, entry.referral_id == query.referral_uuid)
        .order_by(entry.at, entry.dispatch_version, entry.id)
    )
    return ReferralDetail.model_construct(
        **dict(shown[query.referral_uuid]),
        timeline=[Entry.model_construct(**row) for row in entries.mappings()],
    )


async def list_(query: ReferralList, session: AsyncSession, _: datetime) -> Listed[Resource]:
    await _check_filters(query, session)

    async def shown(ids: Sequence[UUID]) -> dict[UUID, Resource]:
        return await _shown(session, query.org_id, ids)

    newest_first = (Referral.created_at.desc(), Referral.id.desc())
    wanted = _wanted(query)
    return await read_list(session, query, Referral, wanted, order=newest_first, shown=shown)


async def _check_filters(query: ReferralList, session: AsyncSession) -> None:
    """Raises Refusal where the patient or partner that is asked for is not there."""
    patient, partner = query.patient_uuid, query.referral_partner_uuid
    if patient is not None:
        await find_unarchived(
            session, Patient, query.org_id, patient, ProblemCode.PATIENT_NOT_FOUND
        )
    if partner is not None:
        missing = ProblemCode.REFERRAL_PARTNER_NOT_FOUND
        await find_unarchived(session, ReferralPartner, query.org_id, partner, missing)


def _wanted(query: ReferralList) -> list[ColumnElement[bool]]:
    filters = {
        Referral.patient_id: query.patient_uuid,
        Referral.referral_partner_id: query.referral_partner_uuid,
        Referral.status: query.status,
        Referral.fulfilment_status: query.fulfilment_status,
        Referral.dispatch_status: query.dispatch_status,
        Referral.overdue: query.overdue,
        Referral.priority: query.priority,
    }
    wanted = [
        Referral.org_id == query.org_id,
        Referral.deleted_at.is_(None),
        *(column == value for column, value in filters.items() if value is not None),
        *_waiting_for_information(query.information_requested),
        *_sent_on(query.sent_on),
    ]
    if query.search is not None:
        wanted.append(referral_holds(query.org_id, query.search))
    return wanted


def _waiting_for_information(wanted: bool | None) -> list[ColumnElement[bool]]:
    if wanted is None:
        return []
    waits = Referral.information_requested.is_not(None)
    return [waits if wanted else ~waits]


def _sent_on(wanted: bool | None) -> list[ColumnElement[bool]]:
    if wanted is None:
        return []
    follower = aliased(Referral)
    followed = (
        select(follower.id)
        .where(
            follower.org_id == Referral.org_id,
            follower.id == Referral.followed_by_id,
            follower.status != ReferralStatus.REVOKED,
        )
        .correlate(Referral)
        .exists()
    )
    return [followed if wanted else ~followed]


async def _shown(session: AsyncSession, org_id: str, ids: Sequence[UUID]) -> dict[UUID, Resource]:
    """Those of the referrals that are there, as they are shown, by id.

    Each table is joined to another by its whole key, as the keys are.
    """
    asked = as_table(org_id, ids)
    found = await session.execute(
        select(
            Referral,
            Patient.name,
            Provider.name,
            ReferralPartner.contact_type,
            ReferralPartner.first_name,
            ReferralPartner.last_name,
            ReferralPartner.practice_name,
        )
        .join(asked, and_(Referral.org_id == asked.c.org_id, Referral.id == asked.c.id))
        .join(Patient, _is(Patient, Referral.patient_id))
        .join(ReferralPartner, _is(ReferralPartner, Referral.referral_partner_id))
        .outerjoin(Provider, _is(Provider, Referral.referring_provider_id))
        .where(Referral.deleted_at.is_(None))
    )
    return {
        row.id: referral_resource(
            row, Names(patient, display_name(kind, first, last, practice), provider)
        )
        for row, patient, provider, kind, first, last, practice in found
    }


def _is(model: type[Patient | ReferralPartner | Provider], id_: Any) -> ColumnElement[bool]:
    return and_(model.org_id == Referral.org_id, model.id == id_)


READERS = [
    reads(GET_REFERRAL, get, patients=lambda shown: [shown.patient.uuid]),
    reads(LIST_REFERRALS, list_, patients=lambda page: [item.patient.uuid for item in page.items]),
]
