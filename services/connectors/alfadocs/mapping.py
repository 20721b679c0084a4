"""A row of AlfaDocs, mapped to resources of ours. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from pydantic_core import PydanticCustomError

from contracts.connecting import Hint
from contracts.phones import parse_phone
from contracts.text import Line
from contracts.values import Date, Email
from services.connectors.alfadocs.rows import AppointmentState, OperatorRow, PatientRow
from services.connectors.rules.clocks import in_utc
from services.connectors.rules.reading import Mapped, Writing, one_line

ZONE = ZoneInfo("Europe/Rome")
REGION = "IT"
_LINE: TypeAdapter[Any] = TypeAdapter(Line)
_EMAIL: TypeAdapter[Any] = TypeAdapter(Email)
_DATE: TypeAdapter[Any] = TypeAdapter(Date | None)


def patient_fields(row: PatientRow) -> Mapped:
    """The patient as the directory has them."""
    writing = Writing()
    writing.put("name", _LINE, one_line(row.first_name, row.last_name), named="lastName")
    writing.put("date_of_birth", _DATE, row.date_of_birth, named="dateOfBirth")
    writing.put("email", _EMAIL, row.email, named="email")
    writing.fields["phone"] = None
    if row.phone is not None:
        try:
            number = f"+{row.phone[2:]}" if row.phone.startswith("00") else row.phone
            writing.fields["phone"] = parse_phone(number, REGION)
        except PydanticCustomError:
            writing.refused.add("phoneNumbers")
    return writing.mapped()


def operator_fields(row: OperatorRow) -> Mapped:
    """The provider whom an operator is."""
    writing = Writing()
    writing.put("name", _LINE, row.name, named="name")
    return writing.mapped()


def attributed_at(row: PatientRow, now: datetime) -> datetime | None:
    """When the patient was first entered there; never after now."""
    return None if row.created_at is None else min(in_utc(row.created_at, ZONE), now)


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
