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
    row = PatientRow(1, "Mario", "Rossi", phone=phone)
    assert patient_fields(row, NOW).fields["phone"] == read


def test_a_patient_has_name_birth_and_addresses() -> None:
    """What cannot be a number is named."""
    row = PatientRow(1, "Mario", "Rossi", "1989-10-11", "12", "mario@rossi.example")
    mapped = patient_fields(row, NOW)
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


@pytest.mark.parametrize(
    ("row", "refused", "name"),
    [
        (PatientRow(1, "Mario", "Rossi", "3000-01-01"), ("dateOfBirth",), "Mario Rossi"),
        (PatientRow(1, "M" * 300, "Rossi"), ("firstName",), "Rossi"),
        (PatientRow(1, "Mario", "R\x00ssi"), ("lastName",), "Mario"),
        (PatientRow(1, "M" * 300, None), ("firstName",), None),
        (PatientRow(1, "M", "R", created_at="3000-01-01 00:00:00"), ("createdAt",), "M R"),
        (PatientRow(1, "M", "R", refused=("createdAt",)), ("createdAt",), "M R"),
    ],
)
def test_the_field_that_is_refused_is_named_and_the_rest_goes_in(
    row: PatientRow, refused: tuple[str, ...], name: str | None
) -> None:
    """By its name there: also one that only the service would refuse, and one that could not be
    read."""
    mapped = patient_fields(row, NOW)
    assert (mapped.refused, mapped.fields["name"]) == (refused, name)
    assert mapped.fields["date_of_birth"] is None


def test_a_patient_was_brought_when_they_were_entered() -> None:
    """Midnight in Rome on 1 April 2018 is 22:00 UTC of the day before. Where nothing says when, the
    last change of the row does: history is no patient of this month."""
    entered, changed = "2018-04-01 00:00:00", "2020-01-01 00:00:00"
    assert attributed_at(entered, changed, NOW) == datetime(2018, 3, 31, 22, 0, tzinfo=UTC)
    in_2020 = datetime(2019, 12, 31, 23, 0, tzinfo=UTC)
    assert attributed_at(None, changed, NOW) == in_2020
    assert attributed_at("3000-01-01 00:00:00", changed, NOW) == in_2020
    assert attributed_at(None, None, NOW) is None


def test_states_of_appointments_are_hints_and_nothing_more() -> None:
    """C2's list; an unknown state says nothing."""
    said = ["confirmed", "waiting", "in_care", "done", "absent", "cancelled", "moved", None]
    booked, came, missed = Hint.BOOKED, Hint.CAME, Hint.MISSED
    assert [hint_of(s) for s in said] == [booked, booked, booked, came, missed, missed, None, None]
