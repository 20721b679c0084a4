"""Rows from outside: what staging, rejecting and reopening decide."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from contracts.intake import REJECT_INTAKE, REOPEN_INTAKE, SUBMIT_INTAKE
from services.referrals.models.intake import Intake, IntakeFingerprint
from tests.support.samples import external_referrals
from tests.unit.services.referrals.handlers.rows import (
    EARLIER,
    GROUP,
    INTAKE,
    NOBODY,
    NOW,
    OTHER_INTAKE,
    fingerprint,
    intake,
    practice,
    rejected_intake,
    store,
    wrong_fields,
)

# The two examples of the interface that rows come from, as an edge has parsed them.
LEAST, FULLER = (
    external_referrals.rows(external_referrals.LEAST),
    external_referrals.rows(external_referrals.FULLER),
)
THIS = {"intake_uuid": INTAKE, "base_version": 3}
TODAY = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)
YESTERDAY = datetime(2026, 11, 21, 23, 59, 59, tzinfo=UTC)


def test_the_least_row_is_staged() -> None:
    """Ids are kept as text, and what was not said is null."""
    decided = store().decide(SUBMIT_INTAKE, rows=LEAST)
    [row] = decided.added
    assert decided.status == 202
    assert decided.data.group_uuid == decided.id == row.group_id
    assert decided.data.intake_uuids == [row.id]
    assert (row.first_name, row.surname, row.org_type_id) == ("Alice", "Smith", "1")
    assert (row.status, row.version, row.created_at) == ("received", 1, NOW)
    assert (row.extra, row.warnings, row.suspected_spam) == ({}, [], False)
    [event] = decided.events
    assert (event["type"], event["subject"]) == ("intake.received", str(row.id))
    assert event["data"]["org_type_id"] == "1"
    assert decided.patients == set()


def test_the_fuller_example_is_three_rows_of_one_group() -> None:
    """In the order in which they came, with every field that is not ours in `extra`."""
    decided = store().decide(SUBMIT_INTAKE, rows=FULLER)
    rows = decided.added
    assert [row.first_name for row in rows] == ["Alice", "Beatrice", "Carl"]
    assert [row.row_number for row in rows] == [1, 2, 3]
    assert {row.group_id for row in rows} == {decided.data.group_uuid}
    assert decided.data.intake_uuids == [row.id for row in rows]
    assert rows[0].extra == {
        "ethnicity": "35",
        "address1": "10 High Street",
        "postcode": "HR9 7US",
    }
    assert (rows[0].source, rows[0].referral_role, rows[0].project) == ("1", "1", "7")
    assert rows[0].description == "Wants help with getting her children to socialise more"
    assert decided.event_types == ["intake.received"] * 3


def test_what_parses_is_typed_by_the_practices_country() -> None:
    """Numbers come out in E.164; a search finds name, e-mail and numbers."""
    given = {
        **LEAST[0],
        "date_of_birth": "1984-03-09",
        "telephone": "(202) 555-0143",
        "mobile": "+44 20 7946 0958",
        "email": "Alice@Example.org",
    }
    [row] = store(practice()).decide(SUBMIT_INTAKE, rows=[given]).added
    assert row.date_of_birth == date(1984, 3, 9)
    assert (row.telephone, row.mobile) == ("+12025550143", "+442079460958")
    assert row.email == "Alice@example.org"
    assert (row.extra, row.warnings) == ({}, [])
    assert row.search_text == "alice smith\nalice@example.org\n+12025550143\n+442079460958"


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("date_of_birth", "9/3/1984", "date_format"),
        ("date_of_birth", "2999-01-01", "date_in_future"),
        ("date_of_birth", 19840309, "string_type"),
        ("telephone", "ask my mother", "phone_invalid"),
        ("telephone", "020 7946 0958", "phone_invalid"),
        ("mobile", "555\n0143", "not_one_line"),
        ("email", "alice at home", "email_invalid"),
    ],
)
def test_a_typo_loses_nobody(field: str, value: Any, kind: str) -> None:
    """What does not parse is kept as it came, with a warning that does not quote it."""
    decided = store(practice()).decide(SUBMIT_INTAKE, rows=[{**LEAST[0], field: value}])
    [row] = decided.added
    assert getattr(row, field) is None
    assert row.extra == {field: value}
    [warning] = row.warnings
    assert (warning["field"], warning["type"]) == (field, kind)
    assert str(value) not in warning["msg"]
    assert decided.events[0]["data"]["warnings"] == [warning]


def test_a_national_number_without_a_practice_is_kept_as_it_came() -> None:
    """Nobody is turned away because the practice was not put yet."""
    rows = [{**LEAST[0], "telephone": "(202) 555-0143"}]
    [row] = store().decide(SUBMIT_INTAKE, rows=rows).added
    assert (row.telephone, row.extra) == (None, {"telephone": "(202) 555-0143"})
    assert [warning["type"] for warning in row.warnings] == ["phone_country_unknown"]


@pytest.mark.parametrize(
    ("change", "field", "kind"),
    [
        ({"source": "1"}, "referral_role", "missing"),
        ({"source": "1", "referral_role": " "}, "referral_role", "missing"),
        ({"first_name": " "}, "first_name", "text_empty"),
        ({"surname": None}, "surname", "string_type"),
        ({"first_name": "a" * 100, "surname": "b" * 100}, "surname", "name_too_long"),
        ({"org_type_id": ""}, "org_type_id", "text_empty"),
        ({"org_type_id": True}, "org_type_id", "string_type"),
        ({"project": 1.5}, "project", "string_type"),
        ({"description": "d" * 10_001}, "description", "string_too_long"),
        ({"Town": "X"}, "Town", "string_pattern_mismatch"),
        ({"a" * 65: "X"}, "a" * 64, "string_pattern_mismatch"),
        ({"town": "x" * 2_001}, "town", "string_too_long"),
        ({"town": ["x"]}, "town", "scalar_type"),
        ({"town": {"x": 1}}, "town", "scalar_type"),
        ({"town": "a\x00b"}, "town", "text_characters"),
        ({"n": 2**63}, "n", "scalar_type"),
    ],
)
def test_what_is_refused_names_row_and_field(change: dict[str, Any], field: str, kind: str) -> None:
    """Of all rows nothing is staged."""
    problem = store().refuse(SUBMIT_INTAKE, rows=[*LEAST, {**LEAST[0], **change}])
    assert wrong_fields(problem) == {(f"rows.1.{field}", kind)}


def test_a_row_has_sixty_fields_of_its_own_at_most() -> None:
    """Sixty are staged, one more is not."""
    sixty = {f"f{n}": n for n in range(60)}
    [row] = store().decide(SUBMIT_INTAKE, rows=[{**LEAST[0], **sixty}]).added
    assert row.extra == sixty
    problem = store().refuse(SUBMIT_INTAKE, rows=[{**LEAST[0], **sixty, "f60": 60}])
    assert wrong_fields(problem) == {("rows.0", "too_many_fields")}


def test_a_role_needs_no_source() -> None:
    """The other way round it does."""
    [row] = store().decide(SUBMIT_INTAKE, rows=[{**LEAST[0], "referral_role": 2}]).added
    assert (row.source, row.referral_role) == (None, "2")


def test_suspected_spam_is_staged_and_marked() -> None:
    """Nothing vanishes."""
    decided = store().decide(SUBMIT_INTAKE, rows=LEAST, suspected_spam=True)
    assert [row.suspected_spam for row in decided.added] == [True]
    assert decided.events[0]["data"]["suspected_spam"] is True


def test_the_first_with_a_fingerprint_is_remembered() -> None:
    """With its group and when it came."""
    decided = store().decide(SUBMIT_INTAKE, rows=LEAST, fingerprint="f1")
    row, remembered = decided.added
    assert isinstance(remembered, IntakeFingerprint)
    assert (remembered.fingerprint, remembered.group_id) == ("f1", row.group_id)
    assert remembered.received_at == NOW
    assert row.possible_repeat_of is None


@pytest.mark.parametrize("status", ["received", "accepted", "linked"])
def test_the_same_submission_on_the_same_day_is_the_first_one(status: str) -> None:
    """Answered as it was, in the order of its rows; nothing is staged and nothing said."""
    second = rejected_intake(OTHER_INTAKE, row_number=2)
    first = intake(status=status, decided_at=None if status == "received" else EARLIER)
    held = store(second, first, fingerprint(received_at=TODAY))
    decided = held.decide(SUBMIT_INTAKE, rows=LEAST, fingerprint="f1")
    assert (decided.status, decided.data.group_uuid) == (202, GROUP)
    assert decided.data.intake_uuids == [INTAKE, OTHER_INTAKE]
    assert (decided.added, decided.events, decided.changes) == ([], [], {})


@pytest.mark.parametrize(
    ("row", "received_at"),
    [(intake(), YESTERDAY), (rejected_intake(), TODAY), (rejected_intake(), YESTERDAY)],
    ids=["another day", "all rejected", "both"],
)
def test_a_later_one_says_what_it_may_repeat(row: Intake, received_at: datetime) -> None:
    """On another UTC day, or when all rows were rejected: staged anew, and now the newest."""
    held = store(row, fingerprint(received_at=received_at))
    decided = held.decide(SUBMIT_INTAKE, rows=LEAST, fingerprint="f1")
    [staged] = decided.added
    assert staged.possible_repeat_of == GROUP
    assert decided.changes == {
        (IntakeFingerprint, ("f1",)): {"group_id": staged.group_id, "received_at": NOW}
    }
    again = held.decide(SUBMIT_INTAKE, rows=LEAST, fingerprint="f1")
    assert again.data == decided.data


def test_two_of_one_batch_with_one_fingerprint_are_one() -> None:
    """The second finds what the first has staged; another fingerprint is another submission."""
    held = store()
    first = held.decide(SUBMIT_INTAKE, rows=FULLER, fingerprint="f1")
    second = held.decide(SUBMIT_INTAKE, rows=FULLER, fingerprint="f1")
    assert second.data == first.data
    assert second.added == []
    other = held.decide(SUBMIT_INTAKE, rows=FULLER, fingerprint="f2")
    assert other.data.group_uuid != first.data.group_uuid
    without = held.decide(SUBMIT_INTAKE, rows=FULLER)
    assert [row.possible_repeat_of for row in without.added] == [None] * 3


def test_a_rejected_row_says_why() -> None:
    """And by whom it was; it keeps what it said."""
    held = store(intake(), actor="kim")
    decided = held.decide(REJECT_INTAKE, **THIS, reason="not_eligible", note="Lives elsewhere")
    assert decided.changes == {
        (Intake, (INTAKE,)): {
            "status": "rejected",
            "reason": "not_eligible",
            "note": "Lives elsewhere",
            "decided_at": NOW,
            "decided_by": "kim",
            "version": 4,
            "updated_at": NOW,
        }
    }
    [event] = decided.events
    assert (event["type"], event["aggregateversion"]) == ("intake.rejected", 4)
    assert event["data"]["reason"] == "not_eligible"


def test_a_reopened_row_waits_again() -> None:
    """As if nobody had decided about it."""
    row = rejected_intake(note="N", decided_by="kim")
    decided = store(row, actor="lee").decide(REOPEN_INTAKE, **THIS)
    assert (decided.data.status, decided.data.version) == ("received", 4)
    assert (decided.data.reason, decided.data.note, decided.data.decided_at) == (None,) * 3
    assert decided.data.decided_by is None
    assert decided.event_types == ["intake.reopened"]


@pytest.mark.parametrize(
    ("operation", "row"),
    [
        (REJECT_INTAKE, rejected_intake()),
        (REJECT_INTAKE, intake(status="accepted", decided_at=EARLIER)),
        (REJECT_INTAKE, intake(status="linked", decided_at=EARLIER)),
        (REOPEN_INTAKE, intake()),
        (REOPEN_INTAKE, intake(status="accepted", decided_at=EARLIER)),
        (REOPEN_INTAKE, intake(status="linked", decided_at=EARLIER)),
        (REOPEN_INTAKE, rejected_intake(emptied_at=EARLIER)),
    ],
)
def test_any_other_move_is_refused(operation: Any, row: Intake) -> None:
    """A row that is not kept any more does not come back either."""
    fields: dict[str, Any] = {"reason": "spam"} if operation is REJECT_INTAKE else {}
    assert store(row).refuse(operation, **THIS, **fields).code == "invalid_transition"


@pytest.mark.parametrize("operation", [REJECT_INTAKE, REOPEN_INTAKE])
def test_a_row_is_there_and_as_it_was_seen(operation: Any) -> None:
    """404 before the version's 409, and that before the move's."""
    fields: dict[str, Any] = {"reason": "spam"} if operation is REJECT_INTAKE else {}
    named = {**THIS, "intake_uuid": NOBODY}
    assert store().refuse(operation, **named, **fields).code == "intake_not_found"
    stale = {**THIS, "base_version": 2}
    for row in (intake(), rejected_intake()):
        problem = store(row).refuse(operation, **stale, **fields)
        assert (problem.code, problem.current_version) == ("version_conflict", 3)


def test_ids_of_a_group_rise_in_the_order_of_its_rows() -> None:
    """So a list of what came at one moment shows them as they were given."""
    ids: list[UUID] = store().decide(SUBMIT_INTAKE, rows=FULLER * 10).data.intake_uuids
    assert ids == sorted(ids)
