"""Staff's commands for an e-referral: a retry, a call's outcome, a resolution, a response."""

from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.ereferral_staff import (
    COMPLETE_EREFERRAL_CALL,
    RECORD_EREFERRAL_RESPONSE,
    RESOLVE_EREFERRAL,
    RETRY_EREFERRAL,
)
from contracts.referral import EreferralStatus
from contracts.referral_partner import ContactMethod
from letters.letter import Message
from services.ereferral_dispatch.models import Attempt, Ereferral, Lane
from tests.support.samples.packages import EREFERRAL_ID, PATIENT_ID
from tests.unit.services.ereferral_dispatch.handlers.rows import (
    EARLIER,
    EMAIL,
    FAX,
    LATER,
    NOW,
    PHONE,
    PORTAL,
    attempt,
    ereferral,
    lane,
    lane_of,
    lanes,
    store,
    waiting_for_call,
)

THIS = {"ereferral_uuid": EREFERRAL_ID, "base_version": 3}
ROW = (Ereferral, (EREFERRAL_ID,))
IN_TWO_HOURS = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
S = EreferralStatus
TELLS = {"message": Message.CANCELLATION}


def stands(status: EreferralStatus, **changes: Any) -> Ereferral:
    """An e-referral of this status, with nothing due."""
    return ereferral(**{"status": status, "due_at": None, **changes})


# --- retry


@pytest.mark.parametrize(
    "status", [S.FAILED, S.OUTCOME_UNKNOWN, S.AWAITING_CALL, S.HELD, S.RETRY_SCHEDULED]
)
def test_a_retry_is_one_attempt_now(status: EreferralStatus) -> None:
    """202: a held lane does not keep it, and its schedule begins anew."""
    row = stands(status, tries=5, call_due_at=LATER)
    decided = store(row, *lanes()).decide(RETRY_EREFERRAL, **THIS)
    assert (decided.status, decided.data.status, decided.data.version) == (202, "queued", 4)
    assert decided.changes == {
        ROW: {
            "status": S.QUEUED,
            "forced": True,
            "tries": 0,
            "due_at": NOW,
            "call_due_at": None,
            "version": 4,
            "updated_at": NOW,
        },
        (Lane, (lane_of(ContactMethod.PORTAL),)): {"due_at": NOW},
    }
    assert decided.event_types == ["ereferral.queued"]
    assert decided.patients == {PATIENT_ID}


@pytest.mark.parametrize("status", [S.QUEUED, S.IN_PROGRESS, S.SENT, S.DELIVERED, S.CANCELLED])
def test_what_goes_by_itself_or_is_over_is_not_retried(status: EreferralStatus) -> None:
    """409."""
    problem = store(stands(status), *lanes()).refuse(RETRY_EREFERRAL, **THIS)
    assert problem.code == "invalid_transition"
    assert problem.detail.startswith(f"It is {status.value}; ")


@pytest.mark.parametrize(
    ("status", "possible"),
    [
        (S.QUEUED, "record_response cancel"),
        (S.AWAITING_CALL, "retry complete_call record_response cancel"),
        (S.HELD, "retry record_response cancel"),
        (S.DELIVERED, "record_response cancel"),
        (S.CANCELLED, "record_response"),
    ],
)
def test_a_refusal_says_where_it_stands_and_what_leads_on_from_there(
    status: EreferralStatus, possible: str
) -> None:
    """Asked to resolve what is no outcome_unknown; each command by its name."""
    told = store(stands(status), *lanes()).refuse(RESOLVE_EREFERRAL, **THIS, outcome="delivered")
    assert told.detail == (
        f"It is {status.value}; this takes one that is outcome_unknown. Possible from there: "
        f"{', '.join(f'ereferral.{verb}' for verb in possible.split())}."
    )


def test_without_its_package_it_is_not_retried() -> None:
    """409: nothing can be composed."""
    row = stands(S.FAILED, purged_at=EARLIER)
    assert store(row, *lanes()).refuse(RETRY_EREFERRAL, **THIS).code == "invalid_transition"


def test_a_retry_goes_by_the_channel_that_a_person_chose() -> None:
    """Of the plan; another one has no address."""
    row = stands(S.FAILED, position=PORTAL)
    decided = store(row, *lanes()).decide(RETRY_EREFERRAL, **THIS, channel="fax")
    assert decided.data.channel is ContactMethod.FAX
    assert (row.position, row.lane_id) == (FAX, lane_of(ContactMethod.FAX))
    assert (Lane, (lane_of(ContactMethod.PORTAL),)) not in decided.changes
    short = ereferral(ContactMethod.PORTAL, status=S.FAILED)
    problem = store(short, *lanes()).refuse(RETRY_EREFERRAL, **THIS, channel="fax")
    assert problem.code == "no_usable_contact_point"


@pytest.mark.parametrize(
    ("received", "channel", "declared"),
    [
        ([], "email", False),
        ([PORTAL], "portal", False),
        ([PORTAL], "email", True),
        ([EMAIL], "email", True),
        ([EMAIL], "portal", True),
        ([PORTAL, EMAIL], "portal", True),
    ],
)
def test_a_retry_says_that_it_may_be_a_repeat(
    received: list[int], channel: str, declared: bool
) -> None:
    """But by a portal that alone may have it: the same id tells it there."""
    row = stands(S.OUTCOME_UNKNOWN, received=received)
    decided = store(row, *lanes()).decide(RETRY_EREFERRAL, **THIS, channel=channel)
    assert decided.data.possible_repeat is declared


def test_a_declared_repeat_stays_declared() -> None:
    """Whatever it is retried by."""
    row = stands(S.FAILED, possible_repeat=True)
    assert store(row, *lanes()).decide(RETRY_EREFERRAL, **THIS).data.possible_repeat is True


def test_a_retry_withdraws_the_call_that_was_asked_for() -> None:
    """Nobody is to call while the machine tries."""
    held = store(waiting_for_call(), attempt(), *lanes())
    decided = held.decide(RETRY_EREFERRAL, **THIS, channel="email")
    assert decided.changes[Attempt, (EREFERRAL_ID, 1)]["code"] == "withdrawn"
    assert decided.data.status is S.QUEUED


@pytest.mark.parametrize(("channel", "not_told"), [("email", [PORTAL]), ("portal", [])])
def test_a_cancellation_told_elsewhere_gives_up_where_it_was(
    channel: str, not_told: list[int]
) -> None:
    """It is no repeat of the referral."""
    row = stands(S.FAILED, received=[PORTAL], **TELLS)
    decided = store(row, *lanes()).decide(RETRY_EREFERRAL, **THIS, channel=channel)
    assert (row.not_told, decided.data.possible_repeat) == (not_told, False)


def test_a_lane_that_is_due_sooner_stays_so() -> None:
    """And one that is due later is looked at now."""
    sooner = lane(ContactMethod.PORTAL, due_at=EARLIER)
    decided = store(stands(S.FAILED), sooner, *lanes()[1:]).decide(RETRY_EREFERRAL, **THIS)
    assert list(decided.changes) == [ROW]


def calls(made: int, **open_call: Any) -> list[Attempt]:
    """So many attempts, all calls that nobody answered; `open_call` is about the last of them."""
    over = [attempt(n, finished_at=EARLIER, code="no_answer") for n in range(1, made + 1)]
    return [*over[:-1], attempt(made, **{"finished_at": EARLIER, **open_call})]


def test_two_hundred_calls_are_enough() -> None:
    """409 for a retry and for one more call that nobody answered; not for an end of the calls."""
    row = {"attempts_made": 200}
    held = store(waiting_for_call(**row), *calls(200), *lanes())
    assert held.refuse(RETRY_EREFERRAL, **THIS).code == "invalid_transition"
    again = held.refuse(COMPLETE_EREFERRAL_CALL, **THIS, outcome="no_answer")
    assert again.code == "invalid_transition"
    reached = held.decide(COMPLETE_EREFERRAL_CALL, **THIS, outcome="reached")
    assert reached.data.status is S.DELIVERED
    still_open = store(waiting_for_call(**row), *calls(200, finished_at=None), *lanes())
    assert still_open.decide(RETRY_EREFERRAL, **THIS).status == 202


def test_other_attempts_are_no_calls() -> None:
    """Of 200 attempts 199 were calls."""
    attempts = [attempt(1, channel=ContactMethod.FAX, finished_at=EARLIER), *calls(200)[1:]]
    held = store(waiting_for_call(attempts_made=200), *attempts, *lanes())
    decided = held.decide(COMPLETE_EREFERRAL_CALL, **THIS, outcome="no_answer")
    assert decided.data.status is S.AWAITING_CALL
    again = {**THIS, "base_version": 4}
    problem = held.refuse(COMPLETE_EREFERRAL_CALL, **again, outcome="no_answer")
    assert problem.code == "invalid_transition"


def test_ten_thousand_attempts_are_enough() -> None:
    """409 for a retry by hand."""
    for made, is_taken in ((9_999, True), (10_000, False)):
        held = store(stands(S.FAILED, attempts_made=made), *lanes())
        if is_taken:
            assert held.decide(RETRY_EREFERRAL, **THIS).status == 202
        else:
            assert held.refuse(RETRY_EREFERRAL, **THIS).code == "invalid_transition"


# --- complete_call


def test_whoever_was_reached_has_it() -> None:
    """200 `delivered`; the call is the attempt that was asked for, with the note."""
    held = store(waiting_for_call(), attempt(), *lanes())
    decided = held.decide(COMPLETE_EREFERRAL_CALL, **THIS, outcome="reached", note="Spoke to Kim")
    assert (decided.status, decided.data.status) == (200, "delivered")
    assert decided.changes == {
        ROW: {
            "status": S.DELIVERED,
            "received": [PHONE],
            "call_due_at": None,
            "version": 4,
            "updated_at": NOW,
        },
        (Attempt, (EREFERRAL_ID, 1)): {
            "finished_at": NOW,
            "outcome": "delivered",
            "code": "reached",
            "detail": "Spoke to Kim",
            "may_have_been_received": True,
        },
    }
    assert decided.event_types == ["ereferral.delivered"]


def test_a_call_that_nobody_answered_is_due_again_in_two_hours() -> None:
    """It stays where it is; the failed attempt is told."""
    held = store(waiting_for_call(), attempt(), *lanes())
    decided = held.decide(COMPLETE_EREFERRAL_CALL, **THIS, outcome="no_answer")
    assert decided.data.status is S.AWAITING_CALL
    assert decided.data.next_attempt_at == IN_TWO_HOURS
    assert decided.changes[ROW] == {"call_due_at": IN_TWO_HOURS, "version": 4, "updated_at": NOW}
    call = decided.changes[Attempt, (EREFERRAL_ID, 1)]
    assert (call["outcome"], call["code"]) == ("transient_failure", "no_answer")
    assert decided.event_types == ["ereferral.attempt_failed"]


def test_a_second_call_is_an_attempt_of_its_own() -> None:
    """The first one is over; the new one says where it went."""
    row = waiting_for_call()
    held = store(row, attempt(finished_at=EARLIER, code="no_answer"), *lanes())
    decided = held.decide(COMPLETE_EREFERRAL_CALL, **THIS, outcome="reached")
    assert row.attempts_made == 2
    [call] = decided.added
    assert isinstance(call, Attempt) and call.number == 2
    assert (call.channel, call.address) == ("phone", "+12025550111")
    assert (call.outcome, call.code, call.finished_at) == ("delivered", "reached", NOW)
    assert (Attempt, (EREFERRAL_ID, 1)) not in decided.changes


def test_a_call_that_was_never_begun_is_an_attempt_of_its_own() -> None:
    """Of a cancellation whose package is gone: nobody made an attempt."""
    told_by_call = {"received": [PORTAL], "not_told": [PORTAL, EMAIL, FAX]}
    row = waiting_for_call(attempts_made=0, purged_at=EARLIER, **told_by_call, **TELLS)
    decided = store(row, *lanes()).decide(COMPLETE_EREFERRAL_CALL, **THIS, outcome="reached")
    assert [call.number for call in decided.added] == [1]
    assert decided.data.status is S.CANCELLED


def test_a_wrong_number_leads_to_the_next_channel() -> None:
    """The failed attempt is told first; without a channel left it has failed."""
    plan = (ContactMethod.PHONE, ContactMethod.FAX)
    row = ereferral(*plan, status=S.AWAITING_CALL, due_at=None, attempts_made=1)
    decided = store(row, attempt(), *lanes()).decide(
        COMPLETE_EREFERRAL_CALL, **THIS, outcome="wrong_number"
    )
    assert (decided.data.status, decided.data.channel) == ("queued", ContactMethod.FAX)
    assert decided.data.possible_repeat is False
    assert [(e["type"], e["aggregateversion"]) for e in decided.events] == [
        ("ereferral.attempt_failed", 4),
        ("ereferral.queued", 5),
    ]
    call = decided.changes[Attempt, (EREFERRAL_ID, 1)]
    assert (call["outcome"], call["code"]) == ("permanent_failure", "wrong_number")
    assert decided.changes[Lane, (lane_of(ContactMethod.FAX),)] == {"due_at": NOW}
    last = store(waiting_for_call(), attempt(), *lanes())
    failed = last.decide(COMPLETE_EREFERRAL_CALL, **THIS, outcome="wrong_number")
    assert failed.data.status is S.FAILED
    assert failed.event_types == ["ereferral.attempt_failed", "ereferral.failed"]


def test_the_next_channel_is_declared_where_another_may_have_it() -> None:
    """Its letter says that it may be a repeat."""
    plan = (ContactMethod.PORTAL, ContactMethod.PHONE, ContactMethod.FAX)
    row = ereferral(
        *plan, status=S.AWAITING_CALL, position=1, due_at=None, attempts_made=1, received=[0]
    )
    decided = store(row, attempt(), *lanes()).decide(
        COMPLETE_EREFERRAL_CALL, **THIS, outcome="wrong_number"
    )
    assert decided.data.possible_repeat is True


def test_a_call_tells_a_cancellation_for_all_channels() -> None:
    """`cancelled`: whoever was reached knows."""
    row = waiting_for_call(received=[PORTAL, EMAIL], not_told=[PORTAL, EMAIL], **TELLS)
    decided = store(row, attempt(), *lanes()).decide(
        COMPLETE_EREFERRAL_CALL, **THIS, outcome="reached"
    )
    assert (decided.data.status, row.told) == (S.CANCELLED, [PHONE])
    assert row.received == [PORTAL, EMAIL]
    assert decided.event_types == ["ereferral.cancelled"]


def test_a_call_about_its_own_receipt_leaves_others_to_be_told() -> None:
    """The mail that may have come as well is cancelled by mail: in its lane, now."""
    row = waiting_for_call(received=[EMAIL, PHONE], **TELLS)
    decided = store(row, attempt(), *lanes()).decide(
        COMPLETE_EREFERRAL_CALL, **THIS, outcome="reached"
    )
    assert (decided.data.status, decided.data.channel) == (S.QUEUED, ContactMethod.EMAIL)
    assert decided.changes[Lane, (lane_of(ContactMethod.EMAIL),)] == {"due_at": NOW}


def test_a_wrong_number_leaves_a_cancellation_to_any_other_channel() -> None:
    """As long as there is one that was not tried; then it has failed."""
    tried = {"received": [PORTAL], **TELLS}
    row = waiting_for_call(not_told=[PORTAL], **tried)
    decided = store(row, attempt(), *lanes()).decide(
        COMPLETE_EREFERRAL_CALL, **THIS, outcome="wrong_number"
    )
    assert (decided.data.status, decided.data.channel) == (S.QUEUED, ContactMethod.EMAIL)
    assert row.not_told == [PORTAL, PHONE]
    assert decided.changes[Lane, (lane_of(ContactMethod.EMAIL),)] == {"due_at": NOW}
    last = store(waiting_for_call(not_told=[PORTAL, EMAIL, FAX], **tried), attempt(), *lanes())
    failed = last.decide(COMPLETE_EREFERRAL_CALL, **THIS, outcome="wrong_number")
    assert failed.data.status is S.FAILED


@pytest.mark.parametrize("status", [s for s in S if s is not S.AWAITING_CALL])
def test_only_a_call_that_was_asked_for_is_completed(status: EreferralStatus) -> None:
    """409."""
    problem = store(stands(status), *lanes()).refuse(
        COMPLETE_EREFERRAL_CALL, **THIS, outcome="reached"
    )
    assert problem.code == "invalid_transition"


# --- resolve


def unknown(**changes: Any) -> Ereferral:
    """One that left by mail, and nobody knows whether it arrived."""
    fields = {"position": EMAIL, "received": [EMAIL], "attempts_made": 2}
    return stands(S.OUTCOME_UNKNOWN, **{**fields, **changes})


def test_an_outcome_that_was_found_out_to_be_delivered_is() -> None:
    """200; the note joins the attempt that it is about."""
    finished = attempt(2, channel=ContactMethod.EMAIL, finished_at=EARLIER, code="no_answer")
    decided = store(unknown(), finished, *lanes()).decide(
        RESOLVE_EREFERRAL, **THIS, outcome="delivered", note="They have it"
    )
    assert (decided.status, decided.data.status) == (200, "delivered")
    assert decided.changes == {
        ROW: {"status": S.DELIVERED, "version": 4, "updated_at": NOW},
        (Attempt, (EREFERRAL_ID, 2)): {"detail": "They have it"},
    }
    assert decided.event_types == ["ereferral.delivered"]


def test_an_outcome_that_was_not_delivered_goes_on_as_a_possible_repeat() -> None:
    """A person may err: the next channel's letter says so."""
    held = store(unknown(), attempt(2, finished_at=EARLIER, detail="D"), *lanes())
    decided = held.decide(RESOLVE_EREFERRAL, **THIS, outcome="not_delivered")
    assert (decided.data.status, decided.data.channel) == ("queued", ContactMethod.FAX)
    assert decided.data.possible_repeat is True
    assert decided.event_types == ["ereferral.queued"]
    assert decided.changes[Lane, (lane_of(ContactMethod.FAX),)] == {"due_at": NOW}
    assert (Attempt, (EREFERRAL_ID, 2)) not in decided.changes


def test_an_outcome_that_was_not_delivered_by_the_last_channel_has_failed() -> None:
    """No way is left."""
    row = unknown(position=PHONE, attempts_made=0)
    decided = store(row, *lanes()).decide(RESOLVE_EREFERRAL, **THIS, outcome="not_delivered")
    assert (decided.data.status, decided.event_types) == (S.FAILED, ["ereferral.failed"])


@pytest.mark.parametrize("status", [s for s in S if s is not S.OUTCOME_UNKNOWN])
def test_only_what_nobody_knows_is_resolved(status: EreferralStatus) -> None:
    """409."""
    problem = store(stands(status), *lanes()).refuse(RESOLVE_EREFERRAL, **THIS, outcome="delivered")
    assert problem.code == "invalid_transition"


# --- record_response


@pytest.mark.parametrize("status", list(S))
def test_a_response_is_told_wherever_the_ereferral_stands(status: EreferralStatus) -> None:
    """200: a version with its event, which alone shows the response; no base version is asked."""
    decided = store(stands(status)).decide(
        RECORD_EREFERRAL_RESPONSE, ereferral_uuid=EREFERRAL_ID, response="accepted", note="Monday"
    )
    assert (decided.status, decided.data.status, decided.data.version) == (200, status, 4)
    assert decided.changes == {
        ROW: {
            "response": "accepted",
            "response_note": "Monday",
            "responses_taken": 1,
            "version": 4,
            "updated_at": NOW,
        }
    }
    [event] = decided.events
    assert event["type"] == "ereferral.response_recorded"
    assert (event["data"]["response"], event["data"]["response_note"]) == ("accepted", "Monday")


def test_an_answer_names_its_reason_or_its_appointment() -> None:
    """Kept, and told in its event; the next answer has its own."""
    held = store(stands(S.DELIVERED))
    asked = {"ereferral_uuid": EREFERRAL_ID}
    decided = held.decide(
        RECORD_EREFERRAL_RESPONSE, **asked, response="accepted", scheduled_at="2026-12-01T09:00:00Z"
    )
    [event] = decided.events
    assert event["data"]["response_scheduled_at"] == "2026-12-01T09:00:00Z"
    assert "response_reason_code" not in event["data"]
    decided = held.decide(
        RECORD_EREFERRAL_RESPONSE, **asked, response="rejected", reason_code="patient_declined"
    )
    [event] = decided.events
    assert event["data"]["response_reason_code"] == "patient_declined"
    assert "response_scheduled_at" not in event["data"]
    assert decided.changes[ROW]["response_scheduled_at"] is None


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"response": "completed", "reason_code": "other"}, "reason_code"),
        ({"response": "failed", "scheduled_at": "2026-12-01T09:00:00Z"}, "scheduled_at"),
    ],
)
def test_what_goes_with_another_response_is_refused(fields: Any, wrong: str) -> None:
    """422, before the e-referral is looked for."""
    problem = store().refuse(RECORD_EREFERRAL_RESPONSE, ereferral_uuid=EREFERRAL_ID, **fields)
    [error] = problem.errors
    assert (error.loc, error.type) == ([wrong], "not_with_this_response")


def test_a_hundred_responses_are_enough() -> None:
    """409."""
    response = {"ereferral_uuid": EREFERRAL_ID, "response": "accepted"}
    held = store(stands(S.SENT, responses_taken=99))
    assert held.decide(RECORD_EREFERRAL_RESPONSE, **response).status == 200
    assert held.refuse(RECORD_EREFERRAL_RESPONSE, **response).code == "invalid_transition"


# --- all


@pytest.mark.parametrize(
    ("operation", "fields"),
    [
        (RETRY_EREFERRAL, {}),
        (COMPLETE_EREFERRAL_CALL, {"outcome": "reached"}),
        (RESOLVE_EREFERRAL, {"outcome": "delivered"}),
    ],
)
def test_what_is_not_there_or_has_changed_is_refused(operation: Any, fields: Any) -> None:
    """404; 409 with the version that there is, before the status is looked at."""
    assert store().refuse(operation, **THIS, **fields).code == "ereferral_not_found"
    held = store(stands(S.CANCELLED, version=8), *lanes())
    problem = held.refuse(operation, **THIS, **fields)
    assert (problem.code, problem.current_version) == ("version_conflict", 8)


def test_a_response_to_nothing_is_refused() -> None:
    """404."""
    problem = store().refuse(
        RECORD_EREFERRAL_RESPONSE, ereferral_uuid=EREFERRAL_ID, response="accepted"
    )
    assert problem.code == "ereferral_not_found"
