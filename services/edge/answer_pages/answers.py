"""The answers that a partner may give on the page: its forms, and what each of them sends."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from contracts.referral import Response, ResponseReason
from services.edge.desk.forms import Form
from services.edge.problems import Detail, invalid

_Read = TypeVar("_Read")

ANSWER: Final = "ereferral.record_response"
QUESTION: Final = "ereferral.request_information"
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(r"\d\d:\d\d(:\d\d)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """One way to answer. `needs`: the fields without which it says nothing; a note goes with all.

    `response` None: a question, which leaves the referral as it is.
    """

    name: str
    response: Response | None
    needs: tuple[str, ...] = ()

    @property
    def operation(self) -> str:
        """What it asks of dispatch."""
        return QUESTION if self.response is None else ANSWER


APPOINTMENT: Final = AnswerForm("appointment", Response.ACCEPTED, ("date", "time"))
ACCEPTED: Final = AnswerForm("accepted", Response.ACCEPTED)
FORMS: Final = (
    APPOINTMENT,
    ACCEPTED,
    AnswerForm("declined", Response.REJECTED, ("reason_code",)),
    AnswerForm("question", None, ("note",)),
    AnswerForm("seen", Response.IN_PROGRESS),
    AnswerForm("completed", Response.COMPLETED),
    AnswerForm("not_completed", Response.FAILED),
)
BY_NAME: Final = {form.name: form for form in FORMS}
REASONS: Final = tuple(
    reason.value for reason in ResponseReason if reason is not ResponseReason.MORE_INFORMATION
)
"""Why a partner declines. Who needs more information asks for it, and declines nothing."""


def offered(referral: Mapping[str, Any]) -> list[AnswerForm]:
    """The forms of what the link takes now. Who accepted before may name another appointment."""
    may_answer = set(referral["may_answer"])
    return [
        form
        for form in FORMS
        if (
            referral["may_request_information"]
            if form.response is None
            else form.response.value in may_answer
        )
        and not (form is ACCEPTED and referral["response"] == Response.ACCEPTED)
    ]


def message_of(form: AnswerForm, said: Form, zone: ZoneInfo) -> dict[str, Any]:
    """What the form says, as the operation's fields. Raises HttpProblem 422.

    An appointment is at the time of the practice's own clocks.
    """
    missing = [name for name in form.needs if not said.get(name).strip()]
    if missing:
        raise invalid([_wrong(name, "missing") for name in missing])
    note = said.get("note").strip()
    fields: dict[str, Any] = {"note": note} if note else {}
    if form.response is not None:
        fields["response"] = form.response.value
    if form is APPOINTMENT:
        fields["scheduled_at"] = _scheduled_at(said, zone)
    if form.response is Response.REJECTED:
        fields["reason_code"] = said.get("reason_code")
    return fields


def _scheduled_at(said: Form, zone: ZoneInfo) -> str:
    days, times = said.get("date").strip(), said.get("time").strip()
    day = _read(date.fromisoformat, days) if _DATE.fullmatch(days) else None
    at = _read(time.fromisoformat, times) if _TIME.fullmatch(times) else None
    if day is None or at is None:
        found = {"date": day, "time": at}
        raise invalid([_wrong(name, name) for name, value in found.items() if value is None])
    return datetime.combine(day, at, zone).isoformat()


def _read(parse: Callable[[str], _Read], written: str) -> _Read | None:
    try:
        return parse(written)
    except ValueError:
        return None


def _wrong(field: str, kind: str) -> Detail:
    return Detail(("body", field), kind, "Is missing" if kind == "missing" else f"Is no {kind}")
