"""Appointments and what they suggest about referrals. Pure.

An appointment proves nothing of another practice: it counts where a person said which partner the
operator is who visits.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from contracts.connecting import Hint
from contracts.referral import FulfilmentStatus, ReferralStatus, Response
from services.connectors.alfadocs.mapping import hint_of
from services.connectors.alfadocs.rows import AppointmentRow

WINDOW_DAYS = 28
"""AlfaDocs gives 30 days at most."""
_STRONGEST_FIRST = (Hint.CAME, Hint.BOOKED, Hint.MISSED)
_RESPONSES: Final[Mapping[Hint, Response]] = {
    Hint.BOOKED: Response.ACCEPTED,
    Hint.CAME: Response.IN_PROGRESS,
}
_BEFORE: Final[Mapping[Hint, frozenset[str | None]]] = {
    Hint.BOOKED: frozenset({None, FulfilmentStatus.REQUESTED}),
    Hint.CAME: frozenset({None, FulfilmentStatus.REQUESTED, FulfilmentStatus.ACCEPTED}),
}


@dataclass(frozen=True, slots=True)
class Visit:
    """A patient there with the partner who an operator is, and what that suggests."""

    patient: str
    partner_uuid: UUID
    day: date
    hint: Hint


def windows(today: date) -> tuple[tuple[date, date], ...]:
    """The days that are asked for: four weeks back, and four weeks on from today."""
    days = timedelta(days=WINDOW_DAYS)
    return (today - days, today - timedelta(days=1)), (today, today + days - timedelta(days=1))


def visits(appointments: Iterable[AppointmentRow], partners: Mapping[str, UUID]) -> list[Visit]:
    """The appointments with operators who are partners; of those of a patient and a partner the one
    that says most: who came has come, though another appointment was missed."""
    found: dict[tuple[str, UUID], Visit] = {}
    for one in appointments:
        partner, hint = partners.get(str(one.operator_id)), hint_of(one.state)
        if partner is None or hint is None or one.date is None or not one.patient_id:
            continue
        visit = Visit(str(one.patient_id), partner, date.fromisoformat(one.date[:10]), hint)
        held = found.get((visit.patient, partner))
        if held is None or _rank(visit) < _rank(held):
            found[visit.patient, partner] = visit
    return list(found.values())


def _rank(visit: Visit) -> tuple[int, int]:
    return _STRONGEST_FIRST.index(visit.hint), -visit.day.toordinal()


def is_about(referral: Mapping[str, Any], visit: Visit) -> bool:
    """Whether a visit may be what a referral asked for: one that is under way, made before it."""
    made = date.fromisoformat(str(referral["created_at"])[:10])
    return referral["status"] == ReferralStatus.ACTIVE and made <= visit.day


def response_to(hint: Hint, fulfilment_status: str | None) -> Response | None:
    """The answer that a hint stands for, where the referral is not as far yet; None: none. A visit
    completes nothing."""
    return _RESPONSES.get(hint) if fulfilment_status in _BEFORE.get(hint, ()) else None
