"""Declines and questions, and what follows them: sent on, reopened, answered."""

from typing import Any
from uuid import UUID

import pytest

from contracts.ereferral import EREFERRAL_DELIVERED, EREFERRAL_RESPONSE_RECORDED
from contracts.ereferral_information import (
    EREFERRAL_INFORMATION_PROVIDED,
    EREFERRAL_INFORMATION_REQUESTED,
    EREFERRAL_REOPENED,
)
from contracts.events import Event
from contracts.referral import CREATE_REFERRAL, RECORD_REFERRAL_RESPONSE
from contracts.referral_follow_up import PROVIDE_REFERRAL_INFORMATION, REOPEN_REFERRAL
from contracts.values import format_time
from messaging.testing import Decided
from services.referrals.models.referral import Referral, TimelineEntry
from tests.unit.services.referrals.handlers.rows import (
    EARLIER,
    EREFERRAL,
    NEW,
    NOW,
    ORG,
    OTHER_PARTNER,
    OTHER_PATIENT,
    PARTNER,
    PATIENT,
    REFERRAL,
    partner,
    patient,
    referral,
    sent_referral,
    store,
    wrong_fields,
)

AROUND = (patient(), partner(), partner(OTHER_PARTNER), patient(OTHER_PATIENT))
THIS = {"referral_uuid": REFERRAL, "base_version": 3}
ROW = (Referral, (REFERRAL,))
DECLINED = {"fulfilment_status": "rejected"}
DRAFT: dict[str, Any] = {
    "id": NEW,
    "patient_uuid": PATIENT,
    "referral_partner_uuid": OTHER_PARTNER,
    "reason": "Root canal evaluation",
    "follows_uuid": REFERRAL,
}
QUESTION = "Is there a recent radiograph?"


def hear(event: Event[Any], *rows: Any, version: int = 4, **data: Any) -> Decided[None]:
    """Hear an event about the referral's e-referral."""
    return store(*rows, *AROUND).hear(
        event,
        subject=EREFERRAL,
        time=format_time(NOW),
        aggregateversion=version,
        data={"referral_uuid": REFERRAL, "status": "delivered", **data},
    )


# --- sent on


@pytest.mark.parametrize(
    "stands",
    [
        {"fulfilment_status": "rejected"},
        {"fulfilment_status": "failed"},
        {"overdue": True},
        {"dispatch_status": "failed"},
    ],
)
def test_what_is_stuck_is_sent_on_by_a_draft_that_follows(stands: dict[str, Any]) -> None:
    """Each shows the other by the letter's reference; what is followed stays as it is else."""
    held = store(sent_referral(**stands), *AROUND)
    decided = held.decide(CREATE_REFERRAL, **DRAFT)
    assert (decided.status, decided.data.status) == (201, "draft")
    assert decided.data.follows is not None
    assert (decided.data.follows.uuid, decided.data.follows.name) == (REFERRAL, "0000-0000-000B")
    assert decided.changes == {
        ROW: {"followed_by_id": NEW, "version": 4, "updated_at": NOW},
    }
    assert decided.event_types == ["referral.created", "referral.sent_on"]
    created, sent_on = decided.events
    assert created["data"]["follows"] == {"uuid": str(REFERRAL), "name": "0000-0000-000B"}
    assert sent_on["subject"] == str(REFERRAL)
    assert sent_on["data"]["followed_by"] == {"uuid": str(NEW), "name": "1234-5678-9ABC"}
    entries = [row for row in decided.added if isinstance(row, TimelineEntry)]
    assert [(entry.referral_id, entry.event, entry.detail) for entry in entries] == [
        (NEW, "referral.created", None),
        (REFERRAL, "referral.sent_on", "1234-5678-9ABC"),
    ]


@pytest.mark.parametrize(
    "row",
    [
        referral(),
        sent_referral(),
        sent_referral(fulfilment_status="accepted"),
        sent_referral(fulfilment_status="in-progress"),
        sent_referral(fulfilment_status="completed", status="completed"),
        sent_referral(fulfilment_status="cancelled", status="revoked"),
        sent_referral(dispatch_status="sent"),
    ],
)
def test_what_goes_its_way_or_is_over_is_not_sent_on(row: Referral) -> None:
    """409."""
    assert store(row, *AROUND).refuse(CREATE_REFERRAL, **DRAFT).code == "invalid_transition"


def test_it_is_sent_on_once_unless_what_follows_was_cancelled() -> None:
    """Then the newest is shown."""
    other = UUID(int=99)
    for status, is_taken in (("draft", False), ("active", False), ("revoked", True)):
        follower = referral(id=other, status=status, follows_id=REFERRAL)
        held = store(sent_referral(**DECLINED, followed_by_id=other), follower, *AROUND)
        if is_taken:
            held.decide(CREATE_REFERRAL, **DRAFT)
            assert held.row(Referral, REFERRAL).followed_by_id == NEW
        else:
            assert held.refuse(CREATE_REFERRAL, **DRAFT).code == "invalid_transition"


def test_another_patients_referral_is_not_followed() -> None:
    """422."""
    held = store(sent_referral(**DECLINED), *AROUND)
    problem = held.refuse(CREATE_REFERRAL, **{**DRAFT, "patient_uuid": OTHER_PATIENT})
    assert wrong_fields(problem) == {("patient_uuid", "another_patient")}


def test_nothing_is_not_followed() -> None:
    """404."""
    assert store(*AROUND).refuse(CREATE_REFERRAL, **DRAFT).code == "referral_not_found"


# --- reopened


def test_a_decline_that_was_a_mistake_is_taken_back() -> None:
    """It is requested again; dispatch is told, behind the event; the note joins the timeline."""
    held = store(sent_referral(**DECLINED), *AROUND, actor="person:1")
    decided = held.decide(REOPEN_REFERRAL, **THIS, note="They meant another patient.")
    assert (decided.status, decided.data.fulfilment_status) == (200, "requested")
    assert decided.changes == {
        ROW: {
            "fulfilment_status": "requested",
            "reopened_at": NOW,
            "version": 4,
            "updated_at": NOW,
        }
    }
    assert [out.routing_key for out in decided.outgoing] == [
        "referral.reopened",
        "ereferral.reopen",
    ]
    assert {out.subject for out in decided.outgoing} == {str(REFERRAL)}
    [(_, command)] = decided.commands
    assert command == {"org_id": ORG, "ereferral_uuid": str(EREFERRAL)}
    [entry] = decided.added
    assert (entry.event, entry.actor, entry.detail) == (
        "referral.reopened",
        "person:1",
        "They meant another patient.",
    )


@pytest.mark.parametrize(
    "row",
    [
        referral(),
        sent_referral(),
        sent_referral(fulfilment_status="failed"),
        sent_referral(fulfilment_status="accepted"),
        sent_referral(fulfilment_status="cancelled", status="revoked"),
    ],
)
def test_only_a_decline_is_taken_back(row: Referral) -> None:
    """409."""
    assert store(row, *AROUND).refuse(REOPEN_REFERRAL, **THIS, note="-").code == (
        "invalid_transition"
    )


def test_what_was_sent_on_is_not_reopened() -> None:
    """Two partners would be asked; unless what follows was cancelled."""
    other = UUID(int=99)
    for status, is_taken in (("draft", False), ("active", False), ("revoked", True)):
        follower = referral(id=other, status=status, follows_id=REFERRAL)
        held = store(sent_referral(**DECLINED, followed_by_id=other), follower, *AROUND)
        if is_taken:
            assert held.decide(REOPEN_REFERRAL, **THIS, note="-").status == 200
        else:
            assert held.refuse(REOPEN_REFERRAL, **THIS, note="-").code == "invalid_transition"


def test_twenty_reopenings_are_enough() -> None:
    """409: the timeline would outgrow every reply."""
    entries = [
        TimelineEntry(
            org_id=ORG,
            referral_id=REFERRAL,
            at=EARLIER,
            dispatch_version=0,
            event="referral.reopened",
        )
        for _ in range(19)
    ]
    held = store(sent_referral(**DECLINED), *entries, *AROUND)
    held.decide(REOPEN_REFERRAL, **THIS, note="The twentieth")
    held.decide(RECORD_REFERRAL_RESPONSE, referral_uuid=REFERRAL, response="rejected")
    again = {**THIS, "base_version": 5}
    assert held.refuse(REOPEN_REFERRAL, **again, note="-").code == "invalid_transition"


def test_an_answer_from_before_a_reopening_does_not_come_back() -> None:
    """Any event shows the last answer; only a new one moves what dispatch may not know of yet."""
    reopened = {"reopened_at": EARLIER}
    late = hear(EREFERRAL_DELIVERED, sent_referral(**reopened), response="rejected")
    assert late.event_types == ["referral.dispatch_changed"]
    new = hear(EREFERRAL_RESPONSE_RECORDED, sent_referral(**reopened), response="rejected")
    assert new.events[-1]["data"]["fulfilment_status"] == "rejected"


@pytest.mark.parametrize(("version", "changed"), [(3, {"dispatch_version": 4}), (9, {})])
def test_that_dispatch_reopened_it_joins_the_timeline(
    version: int, changed: dict[str, int]
) -> None:
    """The referral is requested already. From then on any event's answer is a new one, also where
    this word of it comes late."""
    row = sent_referral(dispatch_status="delivered", reopened_at=EARLIER, dispatch_version=version)
    decided = hear(EREFERRAL_REOPENED, row)
    assert decided.changes == {ROW: {"reopened_at": None, **changed}}
    assert [entry.event for entry in decided.added] == ["ereferral.reopened"]
    later = hear(EREFERRAL_DELIVERED, row, version=10, response="accepted")
    assert later.events[-1]["data"]["fulfilment_status"] == "accepted"


# --- asked and told


@pytest.mark.parametrize("fulfilment", ["requested", "accepted", "in-progress"])
def test_a_question_stands_before_the_practice(fulfilment: str) -> None:
    """The referral stays where it is; the timeline has the question."""
    row = sent_referral(fulfilment_status=fulfilment, dispatch_status="delivered")
    decided = hear(EREFERRAL_INFORMATION_REQUESTED, row, information=QUESTION)
    assert decided.changes == {
        ROW: {
            "information_requested": QUESTION,
            "dispatch_version": 4,
            "version": 4,
            "updated_at": NOW,
        }
    }
    [event] = decided.events
    assert event["type"] == "referral.information_requested"
    assert event["data"]["information_requested"] == QUESTION
    assert event["data"]["fulfilment_status"] == fulfilment
    [entry] = decided.added
    assert (entry.event, entry.detail) == ("ereferral.information_requested", QUESTION)


@pytest.mark.parametrize(
    "changes",
    [
        {"fulfilment_status": "rejected"},
        {"fulfilment_status": "failed"},
        {"fulfilment_status": "completed", "status": "completed"},
        {"fulfilment_status": "cancelled", "status": "revoked"},
        {"dispatch_version": 4},
    ],
)
def test_a_question_that_is_too_late_joins_the_timeline(changes: dict[str, Any]) -> None:
    """After the end, or older than what was heard."""
    row = sent_referral(dispatch_status="delivered", **changes)
    decided = hear(EREFERRAL_INFORMATION_REQUESTED, row, information=QUESTION)
    assert row.information_requested is None
    assert decided.outgoing == []
    assert [entry.detail for entry in decided.added] == [QUESTION]


def test_the_practice_answers_a_question() -> None:
    """It stands before nobody any more; dispatch is told, behind the event."""
    held = store(sent_referral(information_requested=QUESTION), *AROUND, actor="person:1")
    decided = held.decide(PROVIDE_REFERRAL_INFORMATION, **THIS, note="Yes, of January.")
    assert (decided.status, decided.data.information_requested) == (200, None)
    assert decided.changes == {
        ROW: {"information_requested": None, "version": 4, "updated_at": NOW}
    }
    assert [out.routing_key for out in decided.outgoing] == [
        "referral.information_provided",
        "ereferral.provide_information",
    ]
    [(_, command)] = decided.commands
    assert command["note"] == "Yes, of January."
    assert command["ereferral_uuid"] == str(EREFERRAL)
    [entry] = decided.added
    assert (entry.event, entry.detail) == ("referral.information_provided", "Yes, of January.")


def test_what_nobody_asked_is_not_answered() -> None:
    """409."""
    held = store(sent_referral(), *AROUND)
    problem = held.refuse(PROVIDE_REFERRAL_INFORMATION, **THIS, note="Yes.")
    assert problem.code == "invalid_transition"


def test_that_it_was_told_joins_the_timeline() -> None:
    """Dispatch's word of it ends no question: the partner may have asked another meanwhile."""
    row = sent_referral(information_requested="And another?", dispatch_status="delivered")
    decided = hear(EREFERRAL_INFORMATION_PROVIDED, row, information="Yes.")
    assert decided.changes == {ROW: {"dispatch_version": 4}}
    assert [entry.detail for entry in decided.added] == ["Yes."]


def test_an_answer_ends_the_question() -> None:
    """The partner decided without it."""
    held = store(sent_referral(information_requested=QUESTION), *AROUND)
    decided = held.decide(RECORD_REFERRAL_RESPONSE, referral_uuid=REFERRAL, response="accepted")
    assert decided.data.information_requested is None


def test_an_answer_that_another_event_still_shows_is_not_told_twice() -> None:
    """The timeline has it beside its own event alone."""
    row = sent_referral(fulfilment_status="accepted", dispatch_status="sent")
    decided = hear(EREFERRAL_DELIVERED, row, response="accepted", channel="email")
    assert [entry.detail for entry in decided.added] == ["channel email"]


@pytest.mark.parametrize("operation", [REOPEN_REFERRAL, PROVIDE_REFERRAL_INFORMATION])
def test_a_note_is_needed(operation: Any) -> None:
    """One that shows nothing is none."""
    held = store(sent_referral(**DECLINED, information_requested=QUESTION), *AROUND)
    problem = held.refuse(operation, **THIS, note=" \u200b ")
    assert wrong_fields(problem) == {("note", "text_empty")}


@pytest.mark.parametrize("operation", [REOPEN_REFERRAL, PROVIDE_REFERRAL_INFORMATION])
def test_what_changed_meanwhile_is_read_again_first(operation: Any) -> None:
    """409 with its version; nothing: 404."""
    held = store(sent_referral(**DECLINED, information_requested=QUESTION, version=4), *AROUND)
    problem = held.refuse(operation, **THIS, note="-")
    assert (problem.code, problem.current_version) == ("version_conflict", 4)
    assert store(*AROUND).refuse(operation, **THIS, note="-").code == "referral_not_found"


def test_the_partner_is_the_one_that_was_chosen() -> None:
    """Not the one that declined."""
    held = store(sent_referral(**DECLINED), *AROUND)
    shown = held.decide(CREATE_REFERRAL, **DRAFT).data
    assert shown.referral_partner.uuid == OTHER_PARTNER != PARTNER
