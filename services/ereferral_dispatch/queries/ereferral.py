"""Reading e-referrals."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.ereferral import (
    GET_EREFERRAL,
    LIST_EREFERRALS,
    EreferralDetail,
    EreferralGet,
    EreferralList,
    OpenCall,
)
from contracts.ereferral import Ereferral as Resource
from contracts.problems import ProblemCode, not_found
from contracts.referral import EreferralStatus
from contracts.shapes import Listed
from messaging.handlers.pages import read_list, rows_as
from messaging.handlers.reader import reads
from services.ereferral_dispatch.delivery.transitions import contact_point
from services.ereferral_dispatch.models import Attempt, Ereferral, Lane
from services.ereferral_dispatch.queries.kept import find_consignment
from services.ereferral_dispatch.resources import attempt_resource, ereferral_resource
from services.ereferral_dispatch.rules.knowing import never_dispatched
from services.ereferral_dispatch.senders.phone.script import call_script

NEEDS_PERSON = (
    EreferralStatus.AWAITING_CALL,
    EreferralStatus.OUTCOME_UNKNOWN,
    EreferralStatus.HELD,
)


async def get(query: EreferralGet, session: AsyncSession, _: datetime) -> EreferralDetail:
    row = await session.get(Ereferral, (query.org_id, query.ereferral_uuid))
    if row is None:
        raise not_found(ProblemCode.EREFERRAL_NOT_FOUND)
    attempts = await session.scalars(
        select(Attempt)
        .where(Attempt.org_id == query.org_id, Attempt.ereferral_id == row.id)
        .order_by(Attempt.number)
    )
    return EreferralDetail.model_construct(
        **dict(ereferral_resource(row)),
        call=await _open_call(row, session),
        attempts=[attempt_resource(a) for a in attempts],
    )


async def _open_call(row: Ereferral, session: AsyncSession) -> OpenCall | None:
    """What its event asked for: the number, and the script as it was composed of the package."""
    if row.status is not EreferralStatus.AWAITING_CALL:
        return None
    consignment = await find_consignment(row, session)
    return OpenCall(
        number=contact_point(row).address or None,
        script=None if consignment is None else call_script(consignment),
    )


async def list_(query: EreferralList, session: AsyncSession, now: datetime) -> Listed[Resource]:
    await _check_filters(query, session)

    shown = rows_as(session, query.org_id, Ereferral, ereferral_resource)
    newest_first = (Ereferral.created_at.desc(), Ereferral.id.desc())
    oldest_first = (Ereferral.created_at, Ereferral.id)
    order = oldest_first if query.needs_person else newest_first
    wanted = _wanted(query, now)
    return await read_list(session, query, Ereferral, wanted, order=order, shown=shown)


async def _check_filters(query: EreferralList, session: AsyncSession) -> None:
    """Raises Refusal where dispatch has never had an e-referral to that partner, or of that
    referral: by these alone it knows of them."""
    partner, referral = query.referral_partner_uuid, query.referral_uuid
    if partner is not None:
        lanes = select(Lane.id).where(
            Lane.org_id == query.org_id, Lane.referral_partner_id == partner
        )
        if await session.scalar(lanes.limit(1)) is None:
            raise never_dispatched(ProblemCode.REFERRAL_PARTNER_NOT_FOUND)
    if referral is not None:
        sent = select(Ereferral.id).where(
            Ereferral.org_id == query.org_id, Ereferral.referral_id == referral
        )
        if await session.scalar(sent.limit(1)) is None:
            raise never_dispatched(ProblemCode.REFERRAL_NOT_FOUND)


def _wanted(query: EreferralList, now: datetime) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [Ereferral.org_id == query.org_id]
    if query.status is not None:
        wanted.append(Ereferral.status == query.status)
    if query.referral_partner_uuid is not None:
        wanted.append(Ereferral.referral_partner_id == query.referral_partner_uuid)
    if query.referral_uuid is not None:
        wanted.append(Ereferral.referral_id == query.referral_uuid)
    if query.needs_person is not None:
        needs = needs_person(now)
        wanted.append(needs if query.needs_person else ~needs)
    return wanted


def needs_person(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """A call that is due, an outcome that nobody knows, a channel that is off."""
    return Ereferral.status.in_(NEEDS_PERSON) & (
        (Ereferral.status != EreferralStatus.AWAITING_CALL) | (Ereferral.call_due_at <= now)
    )


async def _patient(
    query: EreferralGet, shown: EreferralDetail, session: AsyncSession
) -> Sequence[UUID]:
    return await _patients(query.org_id, [shown], session)


async def _listed_patients(
    query: EreferralList, page: Listed[Resource], session: AsyncSession
) -> Sequence[UUID]:
    return await _patients(query.org_id, page.items, session)


async def _patients(
    org_id: str, shown: Sequence[Resource], session: AsyncSession
) -> Sequence[UUID]:
    """Whose referrals these are: an e-referral's own fields do not say it."""
    if not shown:
        return ()
    ids = literal([one.id for one in shown], ARRAY(Uuid))
    statement = select(Ereferral.patient_id).where(
        Ereferral.org_id == org_id, Ereferral.id == func.any_(ids)
    )
    return (await session.scalars(statement)).all()


READERS = [
    reads(GET_EREFERRAL, get, find_patients=_patient),
    reads(LIST_EREFERRALS, list_, find_patients=_listed_patients),
]
