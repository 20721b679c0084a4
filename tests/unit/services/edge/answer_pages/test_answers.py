"""The answers that a page offers, and the messages that its forms become."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from contracts.referral import ResponseReason
from services.edge.answer_pages.answers import BY_NAME, REASONS, message_of, offered
from services.edge.desk.forms import Form
from services.edge.problems import HttpProblem

NEW_YORK = ZoneInfo("America/New_York")
ALL = ["accepted", "rejected", "in-progress", "completed", "failed"]


def referral(**said: Any) -> dict[str, Any]:
    """What a link shows of a referral that nobody has answered, unless `said` is otherwise."""
    return {"response": None, "may_answer": ALL, "may_request_information": True, **said}


@pytest.mark.parametrize(
    ("said", "names"),
    [
        (
            {},
            "appointment accepted declined question seen completed not_completed",
        ),
        (
            {"response": "accepted", "may_answer": ["accepted", "in-progress"]},
            "appointment question seen",
        ),
        (
            {"response": "rejected", "may_answer": ALL[2:], "may_request_information": False},
            "seen completed not_completed",
        ),
        ({"response": "completed", "may_answer": [], "may_request_information": False}, ""),
    ],
)
def test_what_is_offered_is_what_the_link_takes(said: dict[str, Any], names: str) -> None:
    """Who accepted may name another appointment, and does not accept a second time."""
    assert [form.name for form in offered(referral(**said))] == names.split()


@pytest.mark.parametrize(
    ("name", "typed", "fields"),
    [
        (
            "appointment",
            {"date": "2026-12-07", "time": "09:30", "note": " Bring the X-ray "},
            {
                "response": "accepted",
                "scheduled_at": "2026-12-07T09:30:00-05:00",
                "note": "Bring the X-ray",
            },
        ),
        (
            "appointment",
            {"date": "2026-07-07", "time": "09:30:00", "note": ""},
            {"response": "accepted", "scheduled_at": "2026-07-07T09:30:00-04:00"},
        ),
        ("accepted", {"note": ""}, {"response": "accepted"}),
        (
            "declined",
            {"reason_code": "insurance", "note": ""},
            {"response": "rejected", "reason_code": "insurance"},
        ),
        ("question", {"note": "Any allergies?"}, {"note": "Any allergies?"}),
        ("seen", {"note": ""}, {"response": "in-progress"}),
        ("completed", {"note": "Done"}, {"response": "completed", "note": "Done"}),
        ("not_completed", {"note": ""}, {"response": "failed"}),
    ],
)
def test_a_form_becomes_a_message(name: str, typed: dict[str, str], fields: dict[str, str]) -> None:
    """An appointment is by the clocks of the practice, in summer and in winter."""
    assert message_of(BY_NAME[name], Form(list(typed.items())), NEW_YORK) == fields


def _wrong(name: str, **typed: str) -> list[tuple[Any, ...]]:
    with pytest.raises(HttpProblem) as raised:
        message_of(BY_NAME[name], Form(list(typed.items())), NEW_YORK)
    assert raised.value.status == 422
    return [(*one.loc, one.type) for one in raised.value.detail]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda: _wrong("appointment"), [("date", "missing"), ("time", "missing")]),
        (lambda: _wrong("appointment", date="2026-12-07", time=" "), [("time", "missing")]),
        (
            lambda: _wrong("appointment", date="7.12.2026", time="9"),
            [("date", "date"), ("time", "time")],
        ),
        (lambda: _wrong("appointment", date="2026-02-30", time="09:30"), [("date", "date")]),
        (lambda: _wrong("appointment", date="2026-12-07", time="25:00"), [("time", "time")]),
        (lambda: _wrong("appointment", date="٢٠٢٦-12-07", time="09:30"), [("date", "date")]),
        (lambda: _wrong("declined", note="Sorry"), [("reason_code", "missing")]),
        (lambda: _wrong("question", note=" \n "), [("note", "missing")]),
    ],
)
def test_what_is_missing_or_no_time_is_told(
    wrong: Callable[[], list[tuple[Any, ...]]], told: list[tuple[str, str]]
) -> None:
    """Each field by its name, before anything is asked."""
    assert wrong() == [("body", *one) for one in told]


def test_who_needs_more_information_declines_nothing() -> None:
    """It is asked for by a form of its own."""
    assert {*REASONS, "more_information"} == {reason.value for reason in ResponseReason}
    assert "more_information" not in REASONS
