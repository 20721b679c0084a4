"""AlfaDocs' rows and the resources they become."""

from datetime import UTC, date, datetime

import pytest

from contracts.connecting import Hint
from services.connectors.alfadocs.mapping import (
    attributed_at,
    hint_of,
    operator_fields,
    patient_fields,
)
from services.connectors.alfadocs.rows import OperatorRow, PatientRow

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("phone", "read"),
    [
        ("+393471234567", "+393471234567"),
        ("00393471234567", "+393471234567"),
        ("3471234567", "+393471234567"),
    ],
)
def test_a_number_is_italian_unless_it_says_otherwise(phone: str, read: str) -> None:
    """With +, with 00, or national."""
    assert patient_fields(PatientRow(1, "Mario", "Rossi", phone=phone)).fields["phone"] == read


def test_a_patient_has_name_birth_and_addresses() -> None:
    """What cannot be a number is named."""
    row = PatientRow(1, "Mario", "Rossi", "1989-10-11", "12", "mario@rossi.example")
    mapped = patient_fields(row)
    assert mapped.refused == ("phoneNumbers",)
    assert mapped.fields == {
        "name": "Mario Rossi",
        "date_of_birth": date(1989, 10, 11),
        "email": "mario@rossi.example",
        "phone": None,
    }


def test_an_operator_is_a_provider_by_name() -> None:
    """Nothing else of theirs is kept."""
    assert operator_fields(OperatorRow(5, "Mario Rossi")).fields == {"name": "Mario Rossi"}


def test_a_patient_was_brought_when_they_were_entered() -> None:
    """Midnight in Rome on 1 April 2018 is 22:00 UTC of the day before."""
    row = PatientRow(1, created_at="2018-04-01 00:00:00")
    assert attributed_at(row, NOW) == datetime(2018, 3, 31, 22, 0, tzinfo=UTC)
    assert attributed_at(PatientRow(1), NOW) is None


def test_states_of_appointments_are_hints_and_nothing_more() -> None:
    """C2's list; an unknown state says nothing."""
    said = ["confirmed", "waiting", "in_care", "done", "absent", "cancelled", "moved", None]
    booked, came, missed = Hint.BOOKED, Hint.CAME, Hint.MISSED
    assert [hint_of(s) for s in said] == [booked, booked, booked, came, missed, missed, None, None]
