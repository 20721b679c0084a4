"""A row of AlfaDocs, mapped to resources of ours. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from pydantic_core import PydanticCustomError

from contracts.clock import birth_date_errors
from contracts.connecting import Hint
from contracts.phones import parse_phone
from contracts.text import Line
from contracts.values import Date, Email
from services.connectors.alfadocs.rows import AppointmentState, OperatorRow, PatientRow
from services.connectors.rules.clocks import AHEAD_TOLERATED, in_utc
from services.connectors.rules.reading import Mapped, Writing

ZONE = ZoneInfo("Europe/Rome")
REGION = "IT"
_LINE: TypeAdapter[Any] = TypeAdapter(Line)
_EMAIL: TypeAdapter[Any] = TypeAdapter(Email)
_DATE: TypeAdapter[Any] = TypeAdapter(Date | None)


def patient_fields(row: PatientRow, now: datetime) -> Mapped:
    """The patient as the directory has them."""
    writing = Writing()
    name = writing.full_name((row.first_name, "firstName"), (row.last_name, "lastName"))
    writing.set("name", name, named="lastName")
    writing.put("date_of_birth", _DATE, row.date_of_birth, named="dateOfBirth")
    if birth_date_errors("date_of_birth", writing.fields["date_of_birth"], now):
        writing.refuse("date_of_birth")
    writing.put("email", _EMAIL, row.email, named="email")
    writing.set("phone", None, named="phoneNumbers")
    if row.phone is not None:
        try:
            number = f"+{row.phone[2:]}" if row.phone.startswith("00") else row.phone
            writing.fields["phone"] = parse_phone(number, REGION)
        except PydanticCustomError:
            writing.refuse("phone")
    entered = () if row.created_at is None or _is_past(row.created_at, now) else ("createdAt",)
    return writing.mapped((*row.refused, *entered))


def operator_fields(row: OperatorRow) -> Mapped:
    """The provider whom an operator is."""
    writing = Writing()
    writing.put("name", _LINE, row.name, named="name")
    return writing.mapped(row.refused)


def attributed_at(created_at: str | None, stamp: str | None, now: datetime) -> datetime | None:
    """When the patient was first entered there; else the last change of their row, which is history
    too. None where neither is known."""
    for said in (created_at, stamp):
        if said is not None and _is_past(said, now):
            return min(in_utc(said, ZONE), now)
    return None


def _is_past(stamp: str, now: datetime) -> bool:
    """Whether it is no time to come, their clock being a little wrong."""
    return in_utc(stamp, ZONE) <= now + AHEAD_TOLERATED


_HINTS: Final[Mapping[str, Hint]] = {
    AppointmentState.CONFIRMED: Hint.BOOKED,
    AppointmentState.WAITING: Hint.BOOKED,
    AppointmentState.IN_CARE: Hint.BOOKED,
    AppointmentState.DONE: Hint.CAME,
    AppointmentState.ABSENT: Hint.MISSED,
    AppointmentState.CANCELLED: Hint.MISSED,
}


def hint_of(state: str | None) -> Hint | None:
    """What an appointment with a mapped visiting operator suggests about the patient's referral."""
    return _HINTS.get(state or "")
