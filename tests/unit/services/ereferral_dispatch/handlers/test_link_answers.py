"""Answers and questions that come by a link, what the practice tells, and answering anew."""

from typing import Any

import pytest

from contracts.ereferral_information import (
    PROVIDE_EREFERRAL_INFORMATION,
    REOPEN_EREFERRAL,
    REQUEST_EREFERRAL_INFORMATION,
)
from contracts.ereferral_staff import RECORD_EREFERRAL_RESPONSE
from contracts.referral import EreferralStatus, Response
from messaging.testing import Store
from services.ereferral_dispatch.models import AnswerLink, Ereferral
from tests.support.samples.packages import EREFERRAL_ID, PATIENT_ID
from tests.unit.services.ereferral_dispatch.handlers.links import ACTOR, link, linked
from tests.unit.services.ereferral_dispatch.handlers.rows import EARLIER, NOW, ereferral, store

S, R = EreferralStatus, Response
THIS = {"ereferral_uuid": EREFERRAL_ID}
QUESTION = {**THIS, "note": "Is there a recent radiograph?"}
ROW, LINK = (Ereferral, (EREFERRAL_ID,)), (AnswerLink, (EREFERRAL_ID,))


def by_link(actor: str = ACTOR, link_changes: dict[str, Any] | None = None, **row: Any) -> Store:
    """A delivered e-referral whose partner answers by its link."""
    fields = {"status": S.DELIVERED, "due_at": None, **row}
    return store(linked(**fields), link(**(link_changes or {})), actor=actor)


def refused(held: Store, response: str = "accepted") -> str:
    """The code by which an answer is refused."""
    return held.refuse(RECORD_EREFERRAL_RESPONSE, **THIS, response=response).code


def test_an_answer_by_a_link_is_counted() -> None:
    """It is told as any other."""
    decided = by_link().decide(RECORD_EREFERRAL_RESPONSE, **THIS, response="accepted")
    assert decided.event_types == ["ereferral.response_recorded"]
    assert decided.changes[LINK] == {"answers": 1}


def test_twenty_answers_are_enough() -> None:
    """409 for the next, also for a question; somebody else's answer is not held to it."""
    held = by_link(link_changes={"answers": 19})
    held.decide(REQUEST_EREFERRAL_INFORMATION, **QUESTION)
    assert held.row(AnswerLink, EREFERRAL_ID).answers == 20
    assert refused(held) == "invalid_transition"
    assert held.refuse(REQUEST_EREFERRAL_INFORMATION, **QUESTION).code == "invalid_transition"
    by_staff = by_link(actor="person:1", link_changes={"answers": 20})
    decided = by_staff.decide(RECORD_EREFERRAL_RESPONSE, **THIS, response="accepted")
    assert LINK not in decided.changes


@pytest.mark.parametrize(
    ("last", "response"),
    [
        (R.ACCEPTED, "rejected"),
        (R.REJECTED, "accepted"),
        (R.REJECTED, "rejected"),
        (R.IN_PROGRESS, "accepted"),
        (R.COMPLETED, "failed"),
        (R.FAILED, "completed"),
    ],
)
def test_an_answer_by_a_link_goes_forward_only(last: Response, response: str) -> None:
    """409; whoever answers for the partner by phone may correct it."""
    assert refused(by_link(response=last), response) == "invalid_transition"
    by_staff = by_link(actor="person:1", response=last)
    assert by_staff.decide(RECORD_EREFERRAL_RESPONSE, **THIS, response=response).status == 200


def test_another_appointment_is_taken() -> None:
    """`accepted` once more."""
    held = by_link(response=R.ACCEPTED)
    assert held.decide(RECORD_EREFERRAL_RESPONSE, **THIS, response="accepted").status == 200


@pytest.mark.parametrize(
    ("link_changes", "row", "code"),
    [
        ({"locked_at": EARLIER}, {}, "answer_link_locked"),
        ({"expires_at": NOW}, {}, "answer_link_expired"),
        ({}, {"purged_at": EARLIER}, "answer_link_expired"),
        ({}, {"status": S.CANCELLED}, "invalid_transition"),
        ({}, {"cancel_requested_at": EARLIER}, "invalid_transition"),
    ],
)
def test_a_link_that_is_shut_takes_no_answer(
    link_changes: dict[str, Any], row: dict[str, Any], code: str
) -> None:
    """Whatever its page showed before: locked, over, withdrawn. Nor a question."""
    held = by_link(link_changes=link_changes, **row)
    assert refused(held) == code
    assert held.refuse(REQUEST_EREFERRAL_INFORMATION, **QUESTION).code == code


def test_no_link_answers_for_another_ereferral() -> None:
    """404, also where it has none at all."""
    other = "answer_link:01930000-0000-7000-8000-00000000f002"
    assert refused(by_link(actor=other)) == "answer_link_not_found"
    without = store(ereferral(), actor=ACTOR)
    assert refused(without) == "answer_link_not_found"


def test_a_question_is_told_and_moves_nothing() -> None:
    """A version with its event, which alone shows it; what was told before is about another."""
    held = by_link(information_provided="Yes.")
    decided = held.decide(REQUEST_EREFERRAL_INFORMATION, **QUESTION)
    assert (decided.status, decided.data.status) == (200, S.DELIVERED)
    assert decided.changes == {
        ROW: {
            "information_requested": "Is there a recent radiograph?",
            "information_provided": None,
            "responses_taken": 1,
            "version": 4,
            "updated_at": NOW,
        },
        LINK: {"answers": 1},
    }
    [event] = decided.events
    assert event["type"] == "ereferral.information_requested"
    assert event["data"]["information"] == "Is there a recent radiograph?"
    assert decided.patients == {PATIENT_ID}


@pytest.mark.parametrize("last", [R.REJECTED, R.COMPLETED, R.FAILED])
def test_whoever_answered_for_good_asks_nothing_by_the_link(last: Response) -> None:
    """409."""
    problem = by_link(response=last).refuse(REQUEST_EREFERRAL_INFORMATION, **QUESTION)
    assert problem.code == "invalid_transition"


def test_questions_count_as_responses() -> None:
    """A hundred of both, whoever records them."""
    held = store(ereferral(responses_taken=100))
    assert held.refuse(REQUEST_EREFERRAL_INFORMATION, **QUESTION).code == "invalid_transition"


def test_what_the_practice_tells_stands_beside_the_question() -> None:
    """A version with its event."""
    held = by_link(actor="person:1", information_requested="Is there one?")
    decided = held.decide(PROVIDE_EREFERRAL_INFORMATION, **THIS, note="Yes, of January.")
    assert decided.changes == {
        ROW: {"information_provided": "Yes, of January.", "version": 4, "updated_at": NOW}
    }
    [event] = decided.events
    assert event["type"] == "ereferral.information_provided"
    assert event["data"]["information"] == "Yes, of January."


def test_what_was_reopened_may_be_answered_anew() -> None:
    """The last answer is gone from it, and from what its events show."""
    held = by_link(
        response=R.REJECTED,
        response_note="No capacity",
        response_reason_code="no_capacity",
        response_scheduled_at=EARLIER,
        response_occurred_at=EARLIER,
    )
    decided = held.decide(REOPEN_EREFERRAL, **THIS)
    assert decided.changes == {
        ROW: {
            "response": None,
            "response_note": None,
            "response_reason_code": None,
            "response_scheduled_at": None,
            "response_occurred_at": None,
            "version": 4,
            "updated_at": NOW,
        }
    }
    [event] = decided.events
    assert event["type"] == "ereferral.reopened"
    assert not any(name.startswith("response") for name in event["data"])
    assert held.decide(RECORD_EREFERRAL_RESPONSE, **THIS, response="accepted").status == 200


def test_that_it_was_reopened_is_told_though_nothing_was_answered_here() -> None:
    """The practice had recorded the decline by itself, and waits for the word of it."""
    decided = by_link().decide(REOPEN_EREFERRAL, **THIS)
    assert decided.changes == {ROW: {"version": 4, "updated_at": NOW}}
    assert decided.event_types == ["ereferral.reopened"]


@pytest.mark.parametrize(
    ("operation", "fields"),
    [
        (REQUEST_EREFERRAL_INFORMATION, QUESTION),
        (PROVIDE_EREFERRAL_INFORMATION, QUESTION),
        (REOPEN_EREFERRAL, THIS),
    ],
)
def test_nothing_is_said_about_nothing(operation: Any, fields: dict[str, Any]) -> None:
    """404."""
    assert store().refuse(operation, **fields).code == "ereferral_not_found"
