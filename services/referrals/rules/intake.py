"""The reading of a row from outside, where it may go, and what of it a draft says.

Source: docs/contract/wire.md#intake.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from pydantic_core import PydanticCustomError

from contracts.clock import birth_date_errors
from contracts.intake import IntakeStatus
from contracts.intake_row import IntakeRow, Scalar
from contracts.phones import is_international, is_number, parse_phone
from contracts.problems import FieldError, ProblemCode, Refusal, invalid
from contracts.text import NAME_LENGTH, REASON_LENGTH
from contracts.values import parse_date, parse_email

FORWARD: Mapping[IntakeStatus, frozenset[IntakeStatus]] = {
    IntakeStatus.RECEIVED: frozenset(
        {IntakeStatus.ACCEPTED, IntakeStatus.LINKED, IntakeStatus.REJECTED}
    ),
    IntakeStatus.ACCEPTED: frozenset(),
    IntakeStatus.LINKED: frozenset(),
    IntakeStatus.REJECTED: frozenset({IntakeStatus.RECEIVED}),
}
"""Which statuses each one leads to."""


@dataclass(slots=True)
class RowRead:
    """What a row says, typed where it parses. Each field that was given is in one of the two:
    under its own name, or in `extra`, and then `warnings` says why. `numbers_given`: its national
    numbers as they came."""

    date_of_birth: date | None = None
    telephone: str | None = None
    mobile: str | None = None
    email: str | None = None
    extra: dict[str, Scalar] = field(default_factory=dict)
    warnings: list[dict[str, str]] = field(default_factory=list)
    numbers_given: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NumbersRead:
    """A row's national numbers as another country reads them, and what is kept beside them."""

    numbers: dict[str, str | None]
    extra: dict[str, Scalar]
    warnings: list[dict[str, str]]


def national_numbers(row: IntakeRow) -> dict[str, str]:
    """The numbers of a row that no country is named in, by field, as they came."""
    given = {name: getattr(row, name) for name in ("telephone", "mobile")}
    return {
        name: number
        for name, number in given.items()
        if isinstance(number, str) and _is_national(number)
    }


def _is_national(text: str) -> bool:
    is_one_line = "\n" not in text and "\t" not in text and len(text) <= NAME_LENGTH
    return is_one_line and is_number(text) and not is_international(text)


def numbers_again(
    given: Mapping[str, str],
    extra: Mapping[str, Scalar],
    warnings: Iterable[Mapping[str, str]],
    country: str | None,
) -> NumbersRead:
    """What `read_row` would make of national numbers now; `extra` and `warnings` are the row's."""
    again = NumbersRead(
        dict.fromkeys(given),
        {name: value for name, value in extra.items() if name not in given},
        [dict(warning) for warning in warnings if warning["field"] not in given],
    )
    for name, number in given.items():
        try:
            again.numbers[name] = _number(number, country)
        except PydanticCustomError as error:
            again.extra[name] = number
            again.warnings.append(_warning(name, error))
    return again


def _warning(name: str, error: PydanticCustomError) -> dict[str, str]:
    return {"field": name, "type": error.type, "msg": error.message()}


def read_row(row: IntakeRow, country: str | None, now: datetime) -> RowRead:
    """The row as it is staged. `country`: the practice's, which reads national numbers; None where
    it is not known."""
    read = RowRead(extra=dict(row.others), numbers_given=national_numbers(row))
    parsers: dict[str, Callable[[str], Any]] = {
        "date_of_birth": lambda text: _birth_date(text, now),
        "telephone": lambda text: _number(text, country),
        "mobile": lambda text: _number(text, country),
        "email": parse_email,
    }
    for name, parse in parsers.items():
        value: Scalar = getattr(row, name)
        if value is None:
            continue
        try:
            setattr(read, name, parse(_line(value)))
        except PydanticCustomError as error:
            read.extra[name] = value
            read.warnings.append(_warning(name, error))
    return read


def _line(value: Scalar) -> str:
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "Must be a text")
    if "\n" in value or "\t" in value or len(value) > NAME_LENGTH:
        raise PydanticCustomError(
            "not_one_line", f"Must be one line of at most {NAME_LENGTH} characters"
        )
    return value


def _birth_date(text: str, now: datetime) -> date:
    day: date = parse_date(text)
    for error in birth_date_errors("date_of_birth", day, now):
        raise PydanticCustomError("date_in_future", "{msg}", {"msg": error.msg})
    return day


def _number(text: str, country: str | None) -> str:
    if country is None and not is_international(text):
        raise PydanticCustomError(
            "phone_country_unknown",
            "The practice's country is not known yet, so a national number cannot be read: put the "
            "practice with its country (practice.put), and it is read then",
        )
    return parse_phone(text, country or "ZZ")


def row_search_text(*parts: str | None) -> str:
    """What a search looks through: full name, e-mail and numbers, case-folded."""
    return "\n".join(part for part in parts if part).casefold()


def check_move(status: IntakeStatus, to: IntakeStatus, emptied_at: datetime | None) -> None:
    """Raises Refusal `invalid_transition` unless a row of this status can get the other one."""
    if to not in FORWARD[status]:
        raise Refusal(
            ProblemCode.INVALID_TRANSITION,
            "Only a rejected row can be reopened."
            if to is IntakeStatus.RECEIVED
            else f"It is {status.value} already; only a received row can be decided.",
        )
    if emptied_at is not None:
        raise Refusal(
            ProblemCode.INVALID_TRANSITION,
            "What it said is not kept any more; ask for a new submission.",
        )


def is_same_submission(
    received_at: datetime, now: datetime, statuses: Iterable[IntakeStatus]
) -> bool:
    """Whether what comes now under a group's fingerprint is that group: it is of the same UTC day,
    and not all its rows, whose `statuses` these are, were rejected."""
    return received_at.date() == now.date() and any(
        status is not IntakeStatus.REJECTED for status in statuses
    )


def draft_reason(reason: str | None, description: str | None) -> str | None:
    """A draft's reason: the given one, else as much of the description as it may have."""
    if reason is not None or description is None:
        return reason
    return description[:REASON_LENGTH].rstrip()


def draft_notes(notes: str | None, description: str | None) -> str | None:
    """A draft's notes: the given ones, else the whole description where the reason cuts it off."""
    if notes is not None or description is None or len(description) <= REASON_LENGTH:
        return notes
    return description


def check_referral_is_said(*, has_description: bool, is_said: bool) -> None:
    """Whoever takes in a row that describes a wish says whether it becomes a referral.

    Raises Refusal `validation_error`.
    """
    if has_description and not is_said:
        raise invalid(
            [
                FieldError(
                    loc=["referral"],
                    type="missing",
                    msg="The row has a description: give the referral to draft, or null for none",
                )
            ]
        )
