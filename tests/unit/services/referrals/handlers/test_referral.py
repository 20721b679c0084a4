"""Outbound referrals: what each command decides."""

from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.referral import (
    CANCEL_REFERRAL,
    CREATE_REFERRAL,
    RECORD_REFERRAL_RESPONSE,
    SEND_REFERRAL,
    UPDATE_REFERRAL,
)
from services.referrals.models.referral import Referral, TimelineEntry
from tests.unit.services.referrals.handlers.rows import (
    EARLIER,
    EREFERRAL,
    LATER,
    NEW,
    NOBODY,
    NOW,
    OTHER_PARTNER,
    PARTNER,
    PATIENT,
    PROVIDER,
    REFERRAL,
    partner,
    patient,
    practice,
    provider,
    referral,
    response_entry,
    sent_referral,
    store,
    wrong_fields,
)

DRAFT = {"patient_uuid": PATIENT, "referral_partner_uuid": PARTNER, "reason": "Root canal"}
THIS = {"referral_uuid": REFERRAL, "base_version": 3}
CODE = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "K04.01", "display": None}
AROUND = (patient(), partner(), practice(), provider())
APPOINTMENT = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
STATUSES = ("draft", "active", "completed", "revoked")


def timeline(added: list[Any]) -> list[tuple[str, str | None, str | None]]:
    """Each new entry: what, by whom, with which words. Fails where anything else was added."""
    assert all(isinstance(row, TimelineEntry) and row.referral_id for row in added)
    return [(row.event, row.actor, row.detail) for row in added]


def test_a_new_referral_is_a_draft() -> None:
    """201; nothing leaves but its event, and its timeline begins."""
    decided = store(*AROUND, actor="user-17").decide(
        CREATE_REFERRAL,
        **DRAFT,
        id=NEW,
        referring_provider_uuid=PROVIDER,
        reason_codes=[CODE],
        teeth=["30"],
    )
    assert (decided.status, decided.id, decided.data.version) == (201, NEW, 1)
    shown = decided.data
    assert (shown.status, shown.fulfilment_status, shown.ereferral_uuid) == ("draft", None, None)
    assert (shown.patient.name, shown.referral_partner.name) == ("Paula Pace", "Alex Example")
    assert shown.referring_provider is not None and shown.referring_provider.name == "Dr. Rose"
    row, entry = decided.added
    assert isinstance(row, Referral) and (row.reason_codes, row.overdue) == ([CODE], False)
    assert timeline([entry]) == [("referral.created", "user-17", None)]
    assert decided.event_types == ["referral.created"]
    assert decided.commands == []
    assert decided.patients == {PATIENT}


def test_a_draft_may_be_for_a_partner_who_takes_none_now() -> None:
    """That is asked when it is sent."""
    held = store(patient(), partner(is_active=False, accepts_ereferral=False))
    assert held.decide(CREATE_REFERRAL, **DRAFT).status == 201


@pytest.mark.parametrize(
    ("rows", "fields", "code"),
    [
        ([partner()], {}, "patient_not_found"),
        ([patient(deleted_at=EARLIER), partner()], {}, "patient_not_found"),
        ([patient()], {}, "referral_partner_not_found"),
        ([patient(), partner(deleted_at=EARLIER)], {}, "referral_partner_not_found"),
        ([patient(), partner()], {"referring_provider_uuid": PROVIDER}, "provider_not_found"),
        ([patient(), partner(), referral()], {"id": REFERRAL}, "already_exists"),
    ],
)
def test_a_new_referral_names_what_is_there_and_an_id_that_is_free(
    rows: list[Any], fields: dict[str, Any], code: str
) -> None:
    """The patient first."""
    assert store(*rows).refuse(CREATE_REFERRAL, **DRAFT, **fields).code == code


def test_a_changed_draft_tells_what_changed() -> None:
    """In its event, and in the timeline."""
    held = store(
        referral(referring_provider_id=PROVIDER),
        *AROUND,
        partner(OTHER_PARTNER, first_name="Olga"),
        actor="user-17",
    )
    decided = held.decide(
        UPDATE_REFERRAL,
        **THIS,
        referral_partner_uuid=OTHER_PARTNER,
        referring_provider_uuid=None,
        reason_codes=[CODE],
    )
    assert (decided.status, decided.data.version) == (200, 4)
    assert decided.data.referral_partner.name == "Olga Example"
    assert decided.changes == {
        (Referral, (REFERRAL,)): {
            "referral_partner_id": OTHER_PARTNER,
            "referring_provider_id": None,
            "reason_codes": [CODE],
            "version": 4,
            "updated_at": NOW,
        }
    }
    names = ["reason_codes", "referral_partner", "referring_provider"]
    assert timeline(decided.added) == [("referral.updated", "user-17", ", ".join(names))]
    [event] = decided.events
    assert (event["type"], event["changed"]) == ("referral.updated", ",".join(names))


def test_a_change_of_nothing_is_nothing() -> None:
    """Neither a version nor an event nor an entry; the archived partner is not named by it."""
    held = store(referral(), patient(), partner(deleted_at=EARLIER))
    decided = held.decide(UPDATE_REFERRAL, **THIS, priority="routine")
    assert (decided.status, decided.data.version) == (200, 3)
    assert (decided.changes, decided.added, decided.outgoing) == ({}, [], [])


@pytest.mark.parametrize("status", ["active", "completed", "revoked"])
def test_what_was_sent_is_frozen(status: str) -> None:
    """409; also where the change would be none."""
    held = store(referral(status=status), *AROUND)
    assert held.refuse(UPDATE_REFERRAL, **THIS, notes="N").code == "invalid_transition"


def test_a_change_names_what_is_there() -> None:
    """404 of the new partner or provider."""
    for name, code in (
        ("referral_partner_uuid", "referral_partner_not_found"),
        ("referring_provider_uuid", "provider_not_found"),
    ):
        held = store(referral(), *AROUND)
        assert held.refuse(UPDATE_REFERRAL, **THIS, **{name: NOBODY}).code == code


def test_a_referral_that_is_sent_is_frozen_into_a_package() -> None:
    """202; its event leaves before the package, and an answer is due in 14 days."""
    decided = store(referral(referring_provider_id=PROVIDER), *AROUND, actor="user-17").decide(
        SEND_REFERRAL, **THIS
    )
    shown = decided.data
    assert (decided.status, shown.version) == (202, 4)
    assert (shown.status, shown.fulfilment_status) == ("active", "requested")
    assert (shown.sent_at, shown.dispatch_status) == (NOW, None)
    assert shown.respond_by == datetime(2026, 12, 6, 4, 0, tzinfo=UTC)
    assert shown.ereferral_uuid is not None and shown.ereferral_uuid.version == 7
    assert timeline(decided.added) == [("referral.sent", "user-17", None)]
    assert [out.routing_key for out in decided.outgoing] == ["referral.sent", "ereferral.dispatch"]
    assert {out.subject for out in decided.outgoing} == {str(REFERRAL)}
    [(operation, package)] = decided.commands
    assert operation == "ereferral.dispatch"
    assert package["dispatch_uuid"] == str(shown.ereferral_uuid)
    assert package["referral"]["version"] == 4
    names = {part: package[part]["name"] for part in ("patient", "practice", "referring_provider")}
    assert names == {
        "patient": "Paula Pace",
        "practice": "Sample Dental",
        "referring_provider": "Dr. Rose",
    }
    assert package["partner"]["email"] == "alex@example.org"
    assert decided.outgoing[1].headers == {"actor": "user-17"}


def test_a_wish_for_the_answer_is_kept() -> None:
    """And a referral without a provider is sent without one."""
    decided = store(referral(respond_by=LATER), *AROUND).decide(SEND_REFERRAL, **THIS)
    assert decided.data.respond_by == LATER
    assert decided.commands[0][1]["referring_provider"] is None


def test_a_provider_who_left_is_sent_along() -> None:
    """They referred: who is archived since did so all the same."""
    left = provider(deleted_at=EARLIER)
    held = store(referral(referring_provider_id=PROVIDER), patient(), partner(), practice(), left)
    package = held.decide(SEND_REFERRAL, **THIS).commands[0][1]
    assert package["referring_provider"]["name"] == "Dr. Rose"


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([], "referral_not_found"),
        ([referral(), patient(deleted_at=EARLIER), partner(), practice()], "patient_not_found"),
        (
            [referral(version=9), patient(), partner(deleted_at=EARLIER), practice()],
            "referral_partner_not_found",
        ),
        ([referral(version=9), patient(), partner()], "practice_not_found"),
        ([sent_referral(version=9), *AROUND], "version_conflict"),
        ([sent_referral(), patient(), partner(is_active=False), practice()], "invalid_transition"),
        (
            [referral(), patient(), partner(is_active=False, accepts_ereferral=False), practice()],
            "partner_inactive",
        ),
        (
            [
                referral(),
                patient(),
                partner(accepts_ereferral=False, email=None, ereferral_endpoint="tel:none"),
                practice(),
            ],
            "partner_does_not_accept_ereferrals",
        ),
        (
            [referral(), patient(), partner(email=None, ereferral_endpoint="tel:x"), practice()],
            "no_usable_contact_point",
        ),
    ],
)
def test_what_keeps_a_referral_from_being_sent(rows: list[Any], code: str) -> None:
    """Each row lacks the next thing that is asked, and what comes behind it is wrong too."""
    assert store(*rows).refuse(SEND_REFERRAL, **THIS).code == code


def test_a_cancelled_draft_was_never_anybodys_task() -> None:
    """Nobody is told but subscribers."""
    decided = store(referral(), *AROUND, actor="user-17").decide(
        CANCEL_REFERRAL, **THIS, reason="Moved away"
    )
    shown = decided.data
    assert (decided.status, shown.version, shown.cancel_reason) == (200, 4, "Moved away")
    assert (shown.status, shown.fulfilment_status) == ("revoked", None)
    assert timeline(decided.added) == [("referral.cancelled", "user-17", "Moved away")]
    assert decided.event_types == ["referral.cancelled"]
    assert decided.commands == []


def test_a_cancel_of_what_was_sent_goes_on_to_dispatch() -> None:
    """Behind its event, under the same subject: so it cannot overtake the package."""
    held = store(sent_referral(overdue=True), *AROUND)
    decided = held.decide(CANCEL_REFERRAL, **THIS, reason="Moved away")
    assert decided.changes == {
        (Referral, (REFERRAL,)): {
            "status": "revoked",
            "fulfilment_status": "cancelled",
            "cancel_reason": "Moved away",
            "overdue": False,
            "version": 4,
            "updated_at": NOW,
        }
    }
    assert [out.routing_key for out in decided.outgoing] == [
        "referral.cancelled",
        "ereferral.cancel",
    ]
    assert {out.subject for out in decided.outgoing} == {str(REFERRAL)}
    [(_, command)] = decided.commands
    assert command["ereferral_uuid"] == str(EREFERRAL)
    assert command["reason"] == "Moved away"


@pytest.mark.parametrize("status", ["completed", "revoked"])
def test_what_is_over_cannot_be_cancelled(status: str) -> None:
    """409."""
    held = store(sent_referral(status=status), *AROUND)
    assert held.refuse(CANCEL_REFERRAL, **THIS, reason="R").code == "invalid_transition"


@pytest.mark.parametrize(
    ("operation", "fields"),
    [(UPDATE_REFERRAL, {"notes": "N"}), (CANCEL_REFERRAL, {"reason": "R"}), (SEND_REFERRAL, {})],
)
def test_what_is_not_there_or_has_changed_is_refused(operation: Any, fields: Any) -> None:
    """404, and 409 with the version that there is."""
    assert store().refuse(operation, **THIS, **fields).code == "referral_not_found"
    problem = store(referral(version=4), *AROUND).refuse(operation, **THIS, **fields)
    assert (problem.code, problem.current_version) == ("version_conflict", 4)


def record(held: Referral, response: str, *rows: Any, **fields: Any) -> Any:
    """Record a partner's response."""
    return store(held, *AROUND, *rows, actor="user-17").decide(
        RECORD_REFERRAL_RESPONSE, referral_uuid=REFERRAL, response=response, **fields
    )


@pytest.mark.parametrize(
    ("response", "status"),
    [
        ("accepted", "active"),
        ("rejected", "active"),
        ("in-progress", "active"),
        ("completed", "completed"),
        ("failed", "active"),
    ],
)
def test_a_response_moves_a_request_on(response: str, status: str) -> None:
    """Over steps that were left out too; it is overdue no more."""
    decided = record(sent_referral(overdue=True), response, note="Thank you")
    assert (decided.status, decided.data.version) == (200, 4)
    assert (decided.data.status, decided.data.fulfilment_status) == (status, response)
    assert decided.data.overdue is False
    assert timeline(decided.added) == [
        ("referral.response_recorded", "user-17", f"{response}: Thank you")
    ]
    assert decided.event_types == ["referral.response_recorded"]
    assert decided.commands == []


def test_an_accepted_referral_shows_the_appointment() -> None:
    """On the referral, in the timeline and in the event, which names the answer as well."""
    decided = record(
        sent_referral(), "accepted", note="Bring the films", scheduled_at="2026-12-01T09:00:00Z"
    )
    assert decided.data.scheduled_at == APPOINTMENT
    [entry] = decided.added
    assert (entry.scheduled_at, entry.reason_code) == (APPOINTMENT, None)
    [event] = decided.events
    assert event["data"]["scheduled_at"] == "2026-12-01T09:00:00Z"
    assert {name: v for name, v in event["data"].items() if name.startswith("response")} == {
        "response": "accepted",
        "response_note": "Bring the films",
        "response_scheduled_at": "2026-12-01T09:00:00Z",
    }


def test_a_rejected_referral_tells_why() -> None:
    """In the timeline and in the event; the referral itself has only its status."""
    decided = record(
        sent_referral(),
        "rejected",
        reason_code="no_capacity",
        occurred_at="2026-11-20T09:30:00Z",
    )
    assert [(e.detail, e.reason_code, e.scheduled_at) for e in decided.added] == [
        ("rejected", "no_capacity", None)
    ]
    [event] = decided.events
    assert event["data"]["response_reason_code"] == "no_capacity"
    assert event["data"]["response_occurred_at"] == "2026-11-20T09:30:00Z"
    assert event["data"]["scheduled_at"] is None


def test_another_appointment_is_a_version_of_its_own() -> None:
    """The partner accepts again with another time; the same time again changes nothing."""
    held = sent_referral(fulfilment_status="accepted", scheduled_at=APPOINTMENT)
    moved = record(held, "accepted", scheduled_at="2026-12-03T14:30:00Z")
    assert (moved.data.version, moved.event_types) == (4, ["referral.response_recorded"])
    assert moved.data.scheduled_at == datetime(2026, 12, 3, 14, 30, tzinfo=UTC)
    held = sent_referral(fulfilment_status="accepted", scheduled_at=APPOINTMENT)
    for fields in ({"scheduled_at": "2026-12-01T09:00:00Z"}, {}):
        same = record(held, "accepted", **fields)
        assert (same.changes, same.outgoing, same.data.scheduled_at) == ({}, [], APPOINTMENT)


def test_a_cancelled_referral_takes_no_appointment() -> None:
    """It joins the timeline alone."""
    held = sent_referral(status="revoked", fulfilment_status="cancelled", scheduled_at=None)
    decided = record(held, "accepted", scheduled_at="2026-12-01T09:00:00Z")
    assert (decided.changes, decided.outgoing) == ({}, [])
    assert [entry.scheduled_at for entry in decided.added] == [APPOINTMENT]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"response": "accepted", "reason_code": "other"}, "reason_code"),
        ({"response": "rejected", "scheduled_at": "2026-12-01T09:00:00Z"}, "scheduled_at"),
    ],
)
def test_what_goes_with_another_response_is_refused(fields: dict[str, Any], wrong: str) -> None:
    """Before it is looked for what is named: 422 and not 404."""
    problem = store().refuse(RECORD_REFERRAL_RESPONSE, referral_uuid=REFERRAL, **fields)
    assert wrong_fields(problem) == {(wrong, "not_with_this_response")}


def test_a_draft_has_its_reference() -> None:
    """The one that its letter will have: of its id."""
    decided = store(*AROUND).decide(
        CREATE_REFERRAL, id=NEW, patient_uuid=PATIENT, referral_partner_uuid=PARTNER, reason="R"
    )
    assert decided.data.reference == "1234-5678-9ABC"
    assert decided.events[0]["data"]["reference"] == "1234-5678-9ABC"


def test_a_response_happened_when_the_partner_gave_it() -> None:
    """In the timeline, if that is not now."""
    decided = record(sent_referral(), "accepted", occurred_at="2026-11-20T09:30:00Z")
    assert [(entry.at, entry.detail) for entry in decided.added] == [(EARLIER, "accepted")]
    assert [entry.at for entry in record(sent_referral(), "accepted").added] == [NOW]


@pytest.mark.parametrize(
    "held",
    [
        sent_referral(fulfilment_status="accepted"),
        referral(status="revoked"),
        sent_referral(status="revoked", fulfilment_status="cancelled"),
    ],
)
def test_the_same_again_and_what_comes_after_a_cancel_is_only_written_down(held: Referral) -> None:
    """200 with what there is: no version, no event."""
    decided = record(held, "accepted")
    assert (decided.status, decided.data.version) == (200, 3)
    assert (decided.changes, decided.outgoing) == ({}, [])
    assert timeline(decided.added) == [("referral.response_recorded", "user-17", "accepted")]


@pytest.mark.parametrize(
    ("held", "response"),
    [
        (referral(), "accepted"),
        (sent_referral(fulfilment_status="accepted"), "rejected"),
        (sent_referral(fulfilment_status="in-progress"), "accepted"),
        (sent_referral(status="completed", fulfilment_status="completed"), "failed"),
    ],
)
def test_a_response_never_moves_a_referral_back(held: Referral, response: str) -> None:
    """409, nor does a draft get one; nothing is written down."""
    problem = store(held, *AROUND).refuse(
        RECORD_REFERRAL_RESPONSE, referral_uuid=REFERRAL, response=response
    )
    assert problem.code == "invalid_transition"


def test_two_hundred_responses_are_enough_but_for_one_that_moves() -> None:
    """409; those of the same batch are counted too."""
    held = store(
        sent_referral(fulfilment_status="accepted"),
        *AROUND,
        *(response_entry() for _ in range(199)),
    )
    again = {"referral_uuid": REFERRAL, "response": "accepted"}
    assert held.decide(RECORD_REFERRAL_RESPONSE, **again).status == 200
    assert held.refuse(RECORD_REFERRAL_RESPONSE, **again).code == "invalid_transition"
    moved = held.decide(RECORD_REFERRAL_RESPONSE, **{**again, "response": "completed"})
    assert moved.data.status == "completed"


def test_a_response_to_nothing_is_refused() -> None:
    """404."""
    problem = store().refuse(RECORD_REFERRAL_RESPONSE, referral_uuid=REFERRAL, response="accepted")
    assert problem.code == "referral_not_found"
