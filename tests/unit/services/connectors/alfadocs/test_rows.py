"""The fields kept of AlfaDocs' rows. The examples are those of its API page."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.connectors.alfadocs.rows import (
    PatientRow,
    kept,
    read_appointment,
    read_operator,
    read_patient,
)
from services.connectors.rules.versions import digest

PATIENT: dict[str, Any] = {
    "id": 1,
    "firstName": "Mario",
    "lastName": "Rossi",
    "email": "mario@rossi.example",
    "emailEnabled": True,
    "phoneNumbers": [
        {"id": "1", "prefix": "+39", "number": "0212345678", "smsEnabled": False},
        {"id": "2", "prefix": "+39", "number": "3471234567", "smsEnabled": True},
    ],
    "street": "Via Albertazzi 1",
    "dateOfBirth": "1989-10-11",
    "italianFiscalCode": "RSSMRA85T10A562S",
    "sourceId": 283,
    "createdAt": "2018-04-01 00:00:00",
    "lastModifiedAt": "2022-06-17 00:00:00",
}


def test_the_documented_patient_is_read_without_fiscal_code_and_address() -> None:
    """The number is the first that takes text messages."""
    read = read_patient(PATIENT)
    assert read.refused == () and read.stamp == "2022-06-17 00:00:00"
    assert read.row == PatientRow(
        id=1,
        first_name="Mario",
        last_name="Rossi",
        date_of_birth="1989-10-11",
        phone="+393471234567",
        email="mario@rossi.example",
        source_id=283,
        created_at="2018-04-01 00:00:00",
    )
    assert "RSSMRA85T10A562S" not in kept(read.row).values()


def test_an_empty_birth_date_comes_as_one_before_the_year_1() -> None:
    """It is none, and so is a missing one; `dateBirth` is another name that was seen."""
    assert read_patient({**PATIENT, "dateOfBirth": "-0001-11-30"}).row.date_of_birth is None
    other = {k: v for k, v in PATIENT.items() if k != "dateOfBirth"}
    assert read_patient({**other, "dateBirth": "1990-01-02"}).row.date_of_birth == "1990-01-02"


def test_without_a_text_number_the_first_one_counts() -> None:
    """And without any there is none; what is no list is refused by name."""
    first = [{"prefix": "+39", "number": "0212345678", "smsEnabled": False}]
    assert read_patient({**PATIENT, "phoneNumbers": first}).row.phone == "+390212345678"
    assert read_patient({**PATIENT, "phoneNumbers": []}).row.phone is None
    assert read_patient({**PATIENT, "phoneNumbers": "0212"}).refused == ("phoneNumbers",)


def test_operators_and_appointments() -> None:
    """An operator without an id is no row; an appointment may have no operator."""
    raw = {"id": 33963, "name": "Mario Rossi", "deleted": True}
    assert read_operator(raw).row.is_deleted and read_operator({"name": "x"}).row is None
    seen = {"id": 3, "patientId": 69215, "date": "2020-01-01 00:00:00", "state": "confirmed"}
    row = read_appointment({**seen, "operatorId": None}).row
    assert (row.patient_id, row.operator_id, row.state) == (69215, 0, "confirmed")


ANY = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(), max_size=5)
    | st.lists(
        st.dictionaries(st.sampled_from(["prefix", "number", "smsEnabled"]), st.none() | st.text()),
        max_size=2,
    )
)


@given(st.dictionaries(st.sampled_from(sorted(PATIENT)), ANY))
def test_no_patient_whatsoever_ends_a_run(raw: dict[str, Any]) -> None:
    """Law 26: each is read, and what is kept of it has a digest."""
    read = read_patient({**raw, "id": 1})
    assert len(digest(kept(read.row))) == 16
