"""News of e-referrals: what referrals makes of each event of dispatch."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from contracts.catalogue import EVENTS
from contracts.ereferral import (
    EREFERRAL_CALL_REQUESTED,
    EREFERRAL_DELIVERED,
    EREFERRAL_QUEUED,
    EREFERRAL_RESPONSE_RECORDED,
)
from contracts.events import Event
from contracts.values import format_time
from messaging.testing import Decided
from services.referrals.models.referral import Referral
from tests.unit.services.referrals.handlers.rows import (
    EARLIER,
    EREFERRAL,
    LATER,
    NOBODY,
    NOW,
    PATIENT,
    REFERRAL,
    partner,
    patient,
    sent_referral,
    store,
)

AROUND = (patient(), partner())
BEFORE = datetime.fromisoformat("2026-11-20T09:29:59Z")


def hear(
    event: Event[Any],
    *rows: Any,
    version: int = 4,
    subject: UUID = EREFERRAL,
    time: datetime = NOW,
    **data: Any,
) -> Decided[None]:
    """Hear an event about the referral's e-referral."""
    return store(*rows, *AROUND).hear(
        event,
        subject=subject,
        time=format_time(time),
        aggregateversion=version,
        data={"referral_uuid": REFERRAL, "status": "delivered", **data},
    )


def test_newer_news_moves_the_dispatch_status() -> None:
    """A version of its own, with its event; the timeline has dispatch's time and version."""
    decided = hear(EREFERRAL_DELIVERED, sent_referral(), channel="email", address="left alone")
    assert (decided.status, decided.data, decided.id) == (200, None, REFERRAL)
    assert decided.changes == {
        (Referral, (REFERRAL,)): {
            "dispatch_version": 4,
            "dispatch_status": "delivered",
            "version": 4,
            "updated_at": NOW,
        }
    }
    [entry] = decided.added
    assert (entry.event, entry.at, entry.dispatch_version) == ("ereferral.delivered", NOW, 4)
    assert (entry.actor, entry.detail) == (None, "channel email")
    [event] = decided.events
    assert (event["type"], event["subject"]) == ("referral.dispatch_changed", str(REFERRAL))
    assert event["data"]["dispatch_status"] == "delivered"
    assert decided.patients == {PATIENT}


def test_a_delivered_ereferral_is_no_answer() -> None:
    """Only a response makes a referral accepted."""
    decided = hear(EREFERRAL_DELIVERED, sent_referral())
    assert decided.events[0]["data"]["fulfilment_status"] == "requested"


@pytest.mark.parametrize("version", [3, 4])
def test_news_that_is_not_newer_joins_the_timeline_alone(version: int) -> None:
    """It came in another order: what is shown stays."""
    held = sent_referral(dispatch_version=4, dispatch_status="delivered")
    decided = hear(EREFERRAL_QUEUED, held, version=version, status="queued")
    assert (decided.changes, decided.outgoing) == ({}, [])
    [entry] = decided.added
    assert (entry.event, entry.dispatch_version) == ("ereferral.queued", version)


def test_newer_news_of_the_same_status_is_no_version() -> None:
    """Only how far we have heard."""
    held = sent_referral(dispatch_version=2, dispatch_status="awaiting_call")
    decided = hear(EREFERRAL_CALL_REQUESTED, held, status="awaiting_call")
    assert decided.changes == {(Referral, (REFERRAL,)): {"dispatch_version": 4}}
    assert (decided.outgoing, decided.added[0].detail) == ([], None)


@pytest.mark.parametrize(("rows", "subject"), [([], EREFERRAL), ([sent_referral()], NOBODY)])
def test_what_somebody_else_dispatched_is_left_alone(rows: list[Any], subject: UUID) -> None:
    """Past this service: no such referral, or not its e-referral."""
    decided = hear(EREFERRAL_DELIVERED, *rows, subject=subject)
    assert (decided.status, decided.id) == (200, None)
    assert (decided.changes, decided.added, decided.outgoing) == ({}, [], [])
    assert decided.patients == set()


@pytest.mark.parametrize(("time", "at"), [(BEFORE, EARLIER), (LATER, LATER)])
def test_nothing_is_heard_of_what_was_not_sent(time: datetime, at: datetime) -> None:
    """Dispatch's clock may be behind: the timeline has the time of sending then."""
    assert hear(EREFERRAL_QUEUED, sent_referral(), time=time, status="queued").added[0].at == at


def test_a_partners_response_counts_as_one_that_was_recorded_here() -> None:
    """Behind the news of its status, each a version of its own."""
    decided = hear(
        EREFERRAL_RESPONSE_RECORDED,
        sent_referral(overdue=True),
        response="completed",
        response_note="Done",
    )
    assert [(e["type"], e["aggregateversion"]) for e in decided.events] == [
        ("referral.dispatch_changed", 4),
        ("referral.response_recorded", 5),
    ]
    changed = decided.changes[Referral, (REFERRAL,)]
    assert (changed["status"], changed["fulfilment_status"]) == ("completed", "completed")
    assert (changed["overdue"], changed["version"]) == (False, 5)
    assert [entry.detail for entry in decided.added] == ["completed: Done"]


@pytest.mark.parametrize(
    "held",
    [
        {"fulfilment_status": "in-progress"},
        {"fulfilment_status": "accepted"},
        {"status": "revoked", "fulfilment_status": "cancelled"},
    ],
)
def test_a_response_that_a_command_would_not_move_by_joins_the_timeline_alone(
    held: dict[str, Any],
) -> None:
    """Back, the same again, after a cancel: nobody is there to be told."""
    row = sent_referral(dispatch_version=3, dispatch_status="delivered", **held)
    decided = hear(EREFERRAL_RESPONSE_RECORDED, row, response="accepted")
    assert decided.changes == {(Referral, (REFERRAL,)): {"dispatch_version": 4}}
    assert decided.outgoing == []
    assert [entry.detail for entry in decided.added] == ["accepted"]


def test_an_older_response_moves_nothing() -> None:
    """What is newer is known already."""
    row = sent_referral(dispatch_version=9, dispatch_status="delivered")
    decided = hear(EREFERRAL_RESPONSE_RECORDED, row, response="accepted")
    assert (decided.changes, decided.outgoing, len(decided.added)) == ({}, [], 1)


@pytest.mark.parametrize(
    "event", [e for e in EVENTS.values() if e.resource == "ereferral"], ids=lambda e: e.name
)
def test_every_event_of_an_ereferral_joins_the_timeline(event: Event[Any]) -> None:
    """Under its own name."""
    assert [entry.event for entry in hear(event, sent_referral()).added] == [event.name]


def test_an_answer_from_dispatch_names_its_reason_and_its_appointment() -> None:
    """As one that was recorded here: the timeline, the referral and the event have them."""
    at = "2026-12-01T09:00:00Z"
    row = sent_referral(dispatch_version=3, dispatch_status="delivered")
    decided = hear(EREFERRAL_RESPONSE_RECORDED, row, response="accepted", response_scheduled_at=at)
    assert [entry.scheduled_at for entry in decided.added] == [datetime.fromisoformat(at)]
    [event] = decided.events
    assert (event["data"]["scheduled_at"], event["data"]["response"]) == (at, "accepted")
    row = sent_referral(dispatch_version=3, dispatch_status="delivered")
    decided = hear(
        EREFERRAL_RESPONSE_RECORDED, row, response="rejected", response_reason_code="insurance"
    )
    assert [entry.reason_code for entry in decided.added] == ["insurance"]
    assert decided.events[0]["data"]["response_reason_code"] == "insurance"


def test_an_appointment_is_news_once() -> None:
    """Later events of the e-referral name the answer too: what was recorded here since stays."""
    row = sent_referral(
        dispatch_version=3,
        dispatch_status="delivered",
        fulfilment_status="accepted",
        scheduled_at=LATER,
    )
    decided = hear(
        EREFERRAL_DELIVERED,
        row,
        response="accepted",
        response_scheduled_at="2026-12-01T09:00:00Z",
    )
    assert decided.changes == {(Referral, (REFERRAL,)): {"dispatch_version": 4}}
    assert [entry.scheduled_at for entry in decided.added] == [None]
