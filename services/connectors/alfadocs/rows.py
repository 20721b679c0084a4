"""The rows of AlfaDocs' API as far as they are kept: no fiscal code, no address, no price list.

`refused` of a row: the names of its fields whose value could not be read, which are null.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from services.connectors.rules.reading import Reading


class AppointmentState(StrEnum):
    """The state of an appointment."""

    ABSENT = "absent"
    WAITING = "waiting"
    IN_CARE = "in_care"
    DONE = "done"
    CANCELLED = "cancelled"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class PatientRow:
    """What is kept of a patient. `source_id`: who or what brought them, 0 for nobody said."""

    id: int
    first_name: str | None = None
    last_name: str | None = None
    date_of_birth: str | None = None
    phone: str | None = None
    email: str | None = None
    source_id: int = 0
    created_at: str | None = None
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OperatorRow:
    """What is kept of an operator."""

    id: int
    name: str | None = None
    is_deleted: bool = False
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AppointmentRow:
    """What is kept of an appointment."""

    id: int
    patient_id: int
    operator_id: int
    date: str | None
    state: str | None


@dataclass(frozen=True, slots=True)
class Read:
    """A row as it was read. `row` is None where it has no id. `refused`: fields not taken."""

    row: Any
    stamp: str | None
    refused: tuple[str, ...]


def read_patient(raw: Mapping[str, Any]) -> Read:
    """A patient as the list gives them, and `GET /patients/{id}`."""
    reading = Reading(raw)
    stamp = reading.stamp("lastModifiedAt")
    id_ = _id(raw)
    if id_ is None:
        return Read(None, stamp, tuple(sorted(reading.refused)))
    born = "dateOfBirth" if "dateOfBirth" in raw else "dateBirth"
    row = PatientRow(
        id=id_,
        first_name=reading.text("firstName"),
        last_name=reading.text("lastName"),
        date_of_birth=_birth(raw, born, reading),
        phone=_phone(raw, reading),
        email=reading.text("email"),
        source_id=0 if raw.get("sourceId") is None else reading.number("sourceId"),
        created_at=reading.stamp("createdAt"),
    )
    refused = tuple(sorted(reading.refused))
    return Read(replace(row, refused=refused), stamp, refused)


def read_operator(raw: Mapping[str, Any]) -> Read:
    """An operator as `/operators` gives them."""
    reading = Reading(raw)
    id_ = _id(raw)
    if id_ is None:
        return Read(None, None, ())
    name, is_deleted = reading.text("name"), raw.get("deleted") is True
    refused = tuple(sorted(reading.refused))
    return Read(OperatorRow(id_, name, is_deleted, refused), None, refused)


def read_appointment(raw: Mapping[str, Any]) -> Read:
    """An appointment as `/appointments` gives it."""
    reading = Reading(raw)
    id_ = _id(raw)
    if id_ is None:
        return Read(None, None, ())
    row = AppointmentRow(
        id_,
        reading.number("patientId"),
        0 if raw.get("operatorId") is None else reading.number("operatorId"),
        reading.stamp("date"),
        reading.text("state"),
    )
    return Read(row, None, tuple(sorted(reading.refused)))


def kept(row: PatientRow | OperatorRow) -> dict[str, Any]:
    """The row as it is sealed and compared; `type(row)(**kept(row))` is the row again."""
    held = asdict(row)
    if not held["refused"]:
        del held["refused"]
    return held


def _id(raw: Mapping[str, Any]) -> int | None:
    value = raw.get("id")
    return value if type(value) is int and value > 0 else None


def _birth(raw: Mapping[str, Any], name: str, reading: Reading) -> str | None:
    value = raw.get(name)
    if isinstance(value, str) and value.startswith("-"):
        return None  # "-0001-11-30" is how an empty date comes out of their database.
    return reading.day(name)


def _phone(raw: Mapping[str, Any], reading: Reading) -> str | None:
    """The first number that takes text messages, else the first one, its country before it."""
    numbers = raw.get("phoneNumbers")
    if numbers is None:
        return None
    if not isinstance(numbers, list) or not all(isinstance(one, dict) for one in numbers):
        reading.refused.add("phoneNumbers")
        return None
    chosen = next((one for one in numbers if one.get("smsEnabled") is True), None)
    chosen = chosen or (numbers[0] if numbers else None)
    if chosen is None:
        return None
    number, prefix = chosen.get("number"), chosen.get("prefix")
    if not isinstance(number, str) or not (prefix is None or isinstance(prefix, str)):
        reading.refused.add("phoneNumbers")
        return None
    if number.lstrip().startswith(("+", "00")) or not prefix:
        return number or None
    return f"{prefix}{number}"
