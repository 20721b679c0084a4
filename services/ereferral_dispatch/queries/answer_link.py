"""Reading answer links: what a partner may see, and which links there are."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, and_, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.answer_link import (
    LIST_ANSWER_LINKS,
    OPEN_ANSWER_LINK,
    AnswerLinkList,
    AnswerLinkOpen,
    AnswerLinkPractice,
    AnswerLinkReferral,
    AnswerLinkStatus,
    OpenedAnswerLink,
)
from contracts.answer_link import AnswerLink as Resource
from contracts.ereferral import EreferralDispatch
from contracts.problems import ProblemCode, not_found
from contracts.shapes import Listed
from contracts.text import KEPT
from letters.letter import Letter
from messaging.handlers.pages import as_table, read_list
from messaging.handlers.reader import reads
from services.ereferral_dispatch.models import AnswerLink, Ereferral, Package
from services.ereferral_dispatch.resources import answer_link_resource
from services.ereferral_dispatch.rules.answer_links import (
    MOST_ANSWERS,
    check_can_be_used,
    hash_token,
    is_proof,
    read_token,
)
from services.ereferral_dispatch.rules.opening import (
    answers_taken,
    is_withdrawn,
    takes_a_question,
)

_ITS_EREFERRAL = and_(
    Ereferral.org_id == AnswerLink.org_id, Ereferral.id == AnswerLink.ereferral_id
)


async def open_(query: AnswerLinkOpen, session: AsyncSession, now: datetime) -> OpenedAnswerLink:
    """What the link shows; of the referral nothing without a proof that holds."""
    row, link = await _find(query, session)
    check_can_be_used(link.locked_at, link.expires_at, row.purged_at, now)
    letter = Letter(package=await _package(row, session))
    practice = letter.package.practice
    withdrawn = is_withdrawn(row.status, row.message, row.cancel_requested_at)
    proven = query.proof is not None and is_proof(query.proof, link.code_hash, now)
    return OpenedAnswerLink(
        id=link.id,
        status=AnswerLinkStatus.WITHDRAWN if withdrawn else AnswerLinkStatus.OPEN,
        practice=AnswerLinkPractice(
            name=practice.name, phone=practice.phone, time_zone=practice.time_zone
        ),
        partner=row.referral_partner_name,
        sent_on=letter.authored_day,
        expires_at=link.expires_at,
        referral=_referral(row, link, letter, withdrawn=withdrawn) if proven else None,
    )


async def _find(query: AnswerLinkOpen, session: AsyncSession) -> tuple[Ereferral, AnswerLink]:
    """Raises Refusal `answer_link_not_found`, one for whatever is no link."""
    token = read_token(query.answer_link)
    if token is None:
        raise not_found(ProblemCode.ANSWER_LINK_NOT_FOUND)
    found = await session.execute(
        select(Ereferral, AnswerLink)
        .join(AnswerLink, _ITS_EREFERRAL)
        .where(Ereferral.org_id == query.org_id, Ereferral.answer_token_hash == hash_token(token))
    )
    one = found.one_or_none()
    if one is None:
        raise not_found(ProblemCode.ANSWER_LINK_NOT_FOUND)
    return one[0], one[1]


async def _package(row: Ereferral, session: AsyncSession) -> EreferralDispatch:
    body = await session.scalar(
        select(Package.body).where(Package.org_id == row.org_id, Package.ereferral_id == row.id)
    )
    if body is None:
        raise LookupError("a package that was not purged is not there")
    return EreferralDispatch.model_validate_json(body, context=KEPT)


def _referral(
    row: Ereferral, link: AnswerLink, letter: Letter, *, withdrawn: bool
) -> AnswerLinkReferral:
    referral = letter.package.referral
    answers_left = max(0, MOST_ANSWERS - link.answers)
    takes_any = answers_left > 0 and not withdrawn
    return AnswerLinkReferral(
        ereferral_uuid=row.id,
        reference=letter.reference,
        patient_initials=initials(letter.package.patient.name),
        priority=referral.priority,
        respond_by=referral.respond_by,
        respond_on=letter.respond_by_day,
        response=row.response,
        scheduled_at=row.response_scheduled_at,
        information_requested=row.information_requested,
        information_provided=row.information_provided,
        may_answer=answers_taken(row.response) if takes_any else [],
        may_request_information=takes_any and takes_a_question(row.response),
        answers_left=answers_left,
    )


def initials(name: str) -> str:
    """Of the first and the last word of a name: `Sample van der Patient` is `S. P.`."""
    words = name.split()
    ends = words if len(words) < 2 else [words[0], words[-1]]
    return " ".join(f"{_first_letter(word)}." for word in ends)


def _first_letter(word: str) -> str:
    """With the marks that belong to it, as upper case where there is one."""
    end = 1
    while end < len(word) and unicodedata.category(word[end]).startswith("M"):
        end += 1
    return word[:end].upper()


async def list_(query: AnswerLinkList, session: AsyncSession, _: datetime) -> Listed[Resource]:
    if query.ereferral_uuid is not None:
        row = await session.get(Ereferral, (query.org_id, query.ereferral_uuid))
        if row is None:
            raise not_found(ProblemCode.EREFERRAL_NOT_FOUND)

    async def shown(ids: Sequence[UUID]) -> dict[UUID, Resource]:
        asked = as_table(query.org_id, ids)
        found = await session.execute(
            select(AnswerLink, Ereferral)
            .join(asked, and_(AnswerLink.org_id == asked.c.org_id, AnswerLink.id == asked.c.id))
            .join(Ereferral, _ITS_EREFERRAL)
        )
        return {link.id: answer_link_resource(link, row) for link, row in found}

    newest_first = (AnswerLink.created_at.desc(), AnswerLink.id.desc())
    wanted = _wanted(query)
    return await read_list(session, query, AnswerLink, wanted, order=newest_first, shown=shown)


def _wanted(query: AnswerLinkList) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [AnswerLink.org_id == query.org_id]
    if query.ereferral_uuid is not None:
        wanted.append(AnswerLink.ereferral_id == query.ereferral_uuid)
    if query.locked is not None:
        is_locked = AnswerLink.locked_at.is_not(None)
        wanted.append(is_locked if query.locked else ~is_locked)
    return wanted


async def _patient(
    query: AnswerLinkOpen, shown: OpenedAnswerLink, session: AsyncSession
) -> Sequence[UUID]:
    """Nobody's data are shown before the code was given."""
    if shown.referral is None:
        return ()
    row = await session.get(Ereferral, (query.org_id, shown.referral.ereferral_uuid))
    return () if row is None else (row.patient_id,)


async def _listed_patients(
    query: AnswerLinkList, page: Listed[Resource], session: AsyncSession
) -> Sequence[UUID]:
    """Whose referrals these links answer."""
    if not page.items:
        return ()
    ids = literal([item.ereferral_uuid for item in page.items], ARRAY(Uuid))
    statement = select(Ereferral.patient_id).where(
        Ereferral.org_id == query.org_id, Ereferral.id == func.any_(ids)
    )
    return (await session.scalars(statement)).all()


READERS = [
    reads(OPEN_ANSWER_LINK, open_, find_patients=_patient),
    reads(LIST_ANSWER_LINKS, list_, find_patients=_listed_patients),
]
