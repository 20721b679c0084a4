"""`ereferral.cancel`: what it does wherever an e-referral stands."""

from typing import Any

import pytest

from contracts.ereferral import CANCEL_EREFERRAL
from contracts.referral import EreferralStatus
from contracts.referral_partner import ContactMethod
from letters.letter import Message
from services.ereferral_dispatch.models import Attempt, EarlyCancel, Ereferral, Lane
from tests.support.samples.packages import EREFERRAL_ID, PATIENT_ID
from tests.unit.services.ereferral_dispatch.handlers.rows import (
    EARLIER,
    EMAIL,
    NOW,
    PHONE,
    PORTAL,
    attempt,
    ereferral,
    lane_of,
    lanes,
    store,
    waiting_for_call,
)

CANCEL = {"ereferral_uuid": EREFERRAL_ID, "reason": "Moved away"}
ASKED = {"cancel_requested_at": NOW, "cancel_reason": "Moved away"}
TELLS = {"message": Message.CANCELLATION}
THIS = (Ereferral, (EREFERRAL_ID,))


def test_a_cancel_before_its_dispatch_is_remembered() -> None:
    """202 without data; once, with the first reason."""
    held = store()
    decided = held.decide(CANCEL_EREFERRAL, **CANCEL)
    assert (decided.status, decided.data, decided.id) == (202, None, EREFERRAL_ID)
    [early] = decided.added
    assert isinstance(early, EarlyCancel)
    assert (early.reason, early.requested_at) == ("Moved away", NOW)
    assert (decided.outgoing, decided.patients) == ([], set())
    again = held.decide(CANCEL_EREFERRAL, **{**CANCEL, "reason": "Another"})
    assert (again.status, again.added, again.changes) == (202, [], {})


@pytest.mark.parametrize(
    "status",
    [
        EreferralStatus.QUEUED,
        EreferralStatus.RETRY_SCHEDULED,
        EreferralStatus.HELD,
        EreferralStatus.FAILED,
    ],
)
def test_what_nobody_received_is_cancelled_at_once(status: EreferralStatus) -> None:
    """200; nothing is sent, and nobody has to be told."""
    decided = store(ereferral(status=status), *lanes()).decide(CANCEL_EREFERRAL, **CANCEL)
    assert decided.data is not None
    assert (decided.status, decided.data.status, decided.data.version) == (200, "cancelled", 4)
    assert decided.changes == {
        THIS: {
            **ASKED,
            "status": EreferralStatus.CANCELLED,
            "due_at": None,
            "version": 4,
            "updated_at": NOW,
        }
    }
    assert decided.event_types == ["ereferral.cancelled"]
    assert decided.patients == {PATIENT_ID}


def test_a_call_that_was_asked_for_is_withdrawn() -> None:
    """It was not made: the attempt says so."""
    held = store(waiting_for_call(), attempt(), *lanes())
    decided = held.decide(CANCEL_EREFERRAL, **CANCEL)
    assert (decided.status, decided.event_types) == (200, ["ereferral.cancelled"])
    assert decided.changes[Attempt, (EREFERRAL_ID, 1)] == {
        "finished_at": NOW,
        "outcome": "transient_failure",
        "code": "withdrawn",
        "detail": "Withdrawn before the call was made.",
    }
    assert decided.changes[THIS]["call_due_at"] is None


def test_a_call_that_was_made_stays_as_it_was() -> None:
    """Only an open one is withdrawn."""
    held = store(waiting_for_call(), attempt(finished_at=EARLIER, code="no_answer"), *lanes())
    assert list(held.decide(CANCEL_EREFERRAL, **CANCEL).changes) == [THIS]


def test_an_attempt_under_way_decides() -> None:
    """202: the wish is written down, no version and no event."""
    row = ereferral(status=EreferralStatus.IN_PROGRESS, due_at=None, attempts_made=1)
    held = store(row, attempt(channel=ContactMethod.PORTAL), *lanes())
    decided = held.decide(CANCEL_EREFERRAL, **CANCEL)
    assert decided.data is not None
    assert (decided.status, decided.data.status) == (202, "in_progress")
    assert decided.changes == {THIS: ASKED}
    assert decided.outgoing == []


@pytest.mark.parametrize(
    ("status", "received", "channel", "position"),
    [
        (EreferralStatus.DELIVERED, [PORTAL], ContactMethod.PORTAL, PORTAL),
        (EreferralStatus.SENT, [EMAIL], ContactMethod.EMAIL, EMAIL),
        (EreferralStatus.OUTCOME_UNKNOWN, [PORTAL, EMAIL], ContactMethod.PORTAL, PORTAL),
        (EreferralStatus.QUEUED, [EMAIL], ContactMethod.EMAIL, EMAIL),
        (EreferralStatus.DELIVERED, [PHONE], ContactMethod.PHONE, PHONE),
    ],
)
def test_a_partner_who_may_have_it_is_told(
    status: EreferralStatus, received: list[int], channel: ContactMethod, position: int
) -> None:
    """202: the cancellation is queued where the referral is, the first of them first."""
    row = ereferral(status=status, received=received, position=received[-1], due_at=None, tries=2)
    held = store(row, *lanes())
    decided = held.decide(CANCEL_EREFERRAL, **CANCEL)
    assert decided.data is not None
    assert (decided.status, decided.data.status) == (202, "queued")
    assert decided.data.channel is channel
    assert (row.message, row.position, row.lane_id) == (
        Message.CANCELLATION,
        position,
        lane_of(channel),
    )
    assert (row.due_at, row.tries, row.cancel_reason) == (NOW, 0, "Moved away")
    assert decided.changes[Lane, (lane_of(channel),)] == {"due_at": NOW}
    assert decided.event_types == ["ereferral.queued"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"status": EreferralStatus.CANCELLED}, 200),
        ({"status": EreferralStatus.QUEUED, **TELLS}, 202),
        ({"status": EreferralStatus.IN_PROGRESS, **TELLS}, 202),
        ({"status": EreferralStatus.AWAITING_CALL, **TELLS}, 202),
    ],
)
def test_a_second_cancel_does_nothing(changes: dict[str, Any], status: int) -> None:
    """It is cancelled, or its partner is being told."""
    decided = store(ereferral(**changes), *lanes()).decide(CANCEL_EREFERRAL, **CANCEL)
    assert (decided.status, decided.changes, decided.outgoing) == (status, {}, [])
    assert decided.patients == {PATIENT_ID}


@pytest.mark.parametrize(
    ("channels", "position", "not_told", "address"),
    [
        ((ContactMethod.PORTAL, ContactMethod.PHONE), 1, [0], "+12025550111"),
        ((ContactMethod.PORTAL, ContactMethod.EMAIL), 2, [0, 1], None),
    ],
)
def test_without_its_package_a_person_has_to_call(
    channels: tuple[ContactMethod, ...], position: int, not_told: list[int], address: str | None
) -> None:
    """No letter can be made any more: where the plan has no phone, a number has to be found."""
    row = ereferral(
        *channels, status=EreferralStatus.DELIVERED, received=[0], due_at=None, purged_at=EARLIER
    )
    lane_before = row.lane_id
    decided = store(row, *lanes()).decide(CANCEL_EREFERRAL, **CANCEL)
    assert decided.data is not None
    assert (decided.status, decided.data.status) == (202, "awaiting_call")
    assert (decided.data.channel, decided.data.address) == (ContactMethod.PHONE, address)
    assert (row.position, row.not_told, row.message) == (position, not_told, Message.CANCELLATION)
    assert (row.call_due_at, row.lane_id) == (NOW, lane_before)
    [event] = decided.events
    assert event["type"] == "ereferral.call_requested"
    assert "call" not in event["data"]
    assert list(decided.changes) == [THIS]
