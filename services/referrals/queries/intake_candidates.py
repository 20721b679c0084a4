"""The patients whom a row from outside may be about: found when asked, decided by a person.

Each likeness is looked up in an index of its own. The keys are columns that PostgreSQL computes
(`0012_intake`): behind row-level security no function of a column is asked of an index.
"""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Text, func, literal, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.intake import IntakeCandidate, IntakeStatus, Likeness, LikenessReason
from contracts.intake_row import full_name
from messaging.handlers.pages import rows_by_id
from services.referrals.handlers.directory import patient_resource
from services.referrals.models.directory import Patient
from services.referrals.models.intake import Intake

MOST_CANDIDATES = 10
_MOST_OF_A_KIND = 200
"""So many patients are looked at for one likeness: a number that half the town gave says little."""
_UNDECIDED = (IntakeStatus.RECEIVED, IntakeStatus.REJECTED)


async def find_candidates(row: Intake, session: AsyncSession) -> list[IntakeCandidate]:
    """The likeliest patients, at most 10: strong ones first, then those with most in common.

    Of a row that was taken in already, or is not kept any more, there are none.
    """
    if row.status not in _UNDECIDED or row.emptied_at is not None:
        return []
    found = union_all(
        *(
            select(Patient.id, literal(kind.value, Text).label("reason"))
            .where(Patient.org_id == row.org_id, Patient.deleted_at.is_(None), *conditions)
            .order_by(Patient.id)
            .limit(_MOST_OF_A_KIND)
            for kind, conditions in _likenesses(row)
        )
    ).subquery("found")
    is_strong = func.bool_or(found.c.reason != LikenessReason.SAME_NAME.value)
    best = await session.execute(
        select(found.c.id, func.array_agg(found.c.reason))
        .group_by(found.c.id)
        .order_by(is_strong.desc(), func.count().desc(), found.c.id)
        .limit(MOST_CANDIDATES)
    )
    reasons = {id_: sorted(map(LikenessReason, names)) for id_, names in best}
    patients = await rows_by_id(session, Patient, row.org_id, list(reasons)) if reasons else {}
    return [
        IntakeCandidate.model_construct(
            patient=patient_resource(patients[id_]),
            likeness=likeness(in_common),
            reasons=in_common,
        )
        for id_, in_common in reasons.items()
    ]


def likeness(reasons: list[LikenessReason]) -> Likeness:
    """A name alone is weak: many are called the same."""
    return Likeness.WEAK if reasons == [LikenessReason.SAME_NAME] else Likeness.STRONG


def _likenesses(row: Intake) -> Iterator[tuple[LikenessReason, list[ColumnElement[bool]]]]:
    """What is looked for, as far as the row says it."""
    numbers = [number for number in (row.telephone, row.mobile) if number is not None]
    if numbers:
        yield LikenessReason.SAME_PHONE, [Patient.phone.in_(numbers)]
    if row.email is not None:
        yield LikenessReason.SAME_EMAIL, [Patient.email_key == func.lower(row.email)]
    if row.date_of_birth is not None:
        surname = func.lower(literal(row.surname, Text))
        ending = func.lower(literal(f" {row.surname}", Text))
        is_called = or_(
            Patient.name_key == surname, func.right(Patient.name_key, func.length(ending)) == ending
        )
        yield (
            LikenessReason.SAME_SURNAME_AND_BIRTH_DATE,
            [Patient.date_of_birth == row.date_of_birth, is_called],
        )
    name = func.lower(literal(full_name(row.first_name, row.surname), Text))
    yield LikenessReason.SAME_NAME, [Patient.name_key == name]
