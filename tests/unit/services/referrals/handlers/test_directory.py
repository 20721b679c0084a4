"""The mirrored directory: what each put and each archive decides."""

from datetime import datetime
from typing import Any

import pytest

from contracts import directory as d
from contracts.values import format_time
from services.referrals.models.directory import Patient, Practice, Provider
from tests.unit.services.referrals.handlers.rows import (
    EARLIER,
    LATER,
    NOW,
    ORG,
    PATIENT,
    PROVIDER,
    patient,
    practice,
    provider,
    store,
    wrong_fields,
)

PUT = {"patient_uuid": PATIENT, "name": "Paula Pace"}
SAME = {**PUT, "date_of_birth": "1984-03-09", "phone": "+12025550143"}
PROVIDER_PUT = {"provider_uuid": PROVIDER, "name": "Dr. Rose"}


def at(moment: datetime) -> dict[str, str]:
    """When it was observed."""
    return {"observed_at": format_time(moment)}


def test_a_patient_who_is_new_is_told_with_the_fields_that_are_given() -> None:
    """200 in version 1; `changed` leaves out what is null."""
    decided = store().decide(d.PUT_PATIENT, **PUT, **at(EARLIER), phone="+1 202-555-0143")
    assert (decided.status, decided.id) == (200, PATIENT)
    assert decided.data is not None
    assert (decided.data.version, decided.data.phone) == (1, "+12025550143")
    [row] = decided.added
    assert isinstance(row, Patient)
    assert (row.deleted_at, row.observed_at, row.created_at) == (None, EARLIER, NOW)
    [event] = decided.events
    assert (event["type"], event["subject"]) == ("patient.put", str(PATIENT))
    assert event["changed"] == "name,observed_at,phone"
    assert decided.patients == {PATIENT}


def test_a_newer_observation_replaces_the_whole_record() -> None:
    """What is left out of it is null from then on."""
    decided = store(patient()).decide(d.PUT_PATIENT, **{**PUT, "name": "Paula P."}, **at(LATER))
    assert decided.changes == {
        (Patient, (PATIENT,)): {
            "name": "Paula P.",
            "date_of_birth": None,
            "phone": None,
            "sort_name": "paula p.",
            "search_text": "paula p.",
            "observed_at": LATER,
            "version": 4,
            "updated_at": NOW,
        }
    }
    [event] = decided.events
    assert event["changed"] == "date_of_birth,name,observed_at,phone"
    assert event["aggregateversion"] == 4


def test_an_observation_of_the_same_moment_applies() -> None:
    """Not older than what is held; where it says the same, nothing happens."""
    decided = store(patient()).decide(d.PUT_PATIENT, **{**SAME, "name": "P."}, **at(EARLIER))
    assert decided.events[0]["changed"] == "name"
    same = store(patient()).decide(d.PUT_PATIENT, **SAME, **at(EARLIER))
    assert same.data is not None and same.data.version == 3
    assert (same.status, same.changes, same.outgoing) == (200, {}, [])


def test_an_older_observation_changes_nothing_and_shows_what_is_held() -> None:
    """Whatever it says."""
    held = store(patient(observed_at=LATER))
    decided = held.decide(d.PUT_PATIENT, **{**PUT, "name": "Old"}, **at(EARLIER))
    assert decided.data is not None and decided.data.name == "Paula Pace"
    assert (decided.status, decided.changes, decided.outgoing) == (200, {}, [])
    assert decided.patients == {PATIENT}


def test_what_was_archived_since_is_shown_to_nobody() -> None:
    """An older put gets null; a newer one brings the patient back."""
    held = store(patient(deleted_at=EARLIER, observed_at=NOW))
    older = held.decide(d.PUT_PATIENT, **SAME, **at(EARLIER))
    assert (older.status, older.data, older.id) == (200, None, PATIENT)
    assert (older.changes, older.outgoing) == ({}, [])
    newer = held.decide(d.PUT_PATIENT, **SAME, **at(LATER))
    assert newer.data is not None and newer.data.version == 4
    assert newer.changes[Patient, (PATIENT,)]["deleted_at"] is None
    assert newer.events[0]["changed"] == "observed_at"


def test_a_patient_who_comes_back_as_they_were_is_a_version_of_their_own() -> None:
    """Though no field differs: they are there again."""
    held = store(patient(deleted_at=EARLIER))
    decided = held.decide(d.PUT_PATIENT, **SAME, **at(EARLIER))
    assert decided.changes == {
        (Patient, (PATIENT,)): {"deleted_at": None, "version": 4, "updated_at": NOW}
    }
    [event] = decided.events
    assert (event["type"], event["changed"]) == ("patient.put", "")


@pytest.mark.parametrize(
    ("held", "phone", "dialled"),
    [
        ([practice()], "202-555-0143", "+12025550143"),
        ([], "+49 30 901820", "+4930901820"),
        ([practice(country="DE")], "030 901820", "+4930901820"),
    ],
)
def test_a_number_is_one_of_the_practices_country(
    held: list[Practice], phone: str, dialled: str
) -> None:
    """Or of the country that it names itself; `12` is a number nowhere."""
    decided = store(*held).decide(d.PUT_PATIENT, **PUT, **at(NOW), phone=phone)
    assert decided.data is not None and decided.data.phone == dialled
    wrong = store(practice()).refuse(d.PUT_PATIENT, **PUT, **at(NOW), phone="12")
    assert wrong_fields(wrong) == {("phone", "phone_invalid")}


def test_a_national_number_waits_for_the_practice() -> None:
    """It would be read by its country: the order of messages must decide nothing."""
    wrong = store().refuse(d.PUT_PATIENT, **PUT, **at(NOW), phone="202-555-0143")
    assert [field for field, _ in wrong_fields(wrong)] == ["phone"]


def test_an_archive_hides_the_patient_and_tells_the_last_state() -> None:
    """204; its time is kept, so that older puts do not undo it."""
    decided = store(patient()).decide(d.ARCHIVE_PATIENT, patient_uuid=PATIENT, **at(LATER))
    assert (decided.status, decided.data, decided.id) == (204, None, PATIENT)
    assert decided.changes == {
        (Patient, (PATIENT,)): {
            "observed_at": LATER,
            "deleted_at": NOW,
            "version": 4,
            "updated_at": NOW,
        }
    }
    [event] = decided.events
    assert (event["type"], event["data"]["name"]) == ("patient.archived", "Paula Pace")
    assert decided.patients == {PATIENT}


def test_a_second_archive_only_moves_its_time() -> None:
    """204 without an event; an older one changes nothing and shows nobody."""
    held = store(patient(deleted_at=EARLIER))
    again = held.decide(d.ARCHIVE_PATIENT, patient_uuid=PATIENT, **at(NOW))
    assert (again.status, again.outgoing) == (204, [])
    assert again.changes == {(Patient, (PATIENT,)): {"observed_at": NOW}}
    older = held.decide(d.ARCHIVE_PATIENT, patient_uuid=PATIENT, **at(EARLIER))
    assert (older.status, older.data, older.changes) == (200, None, {})


def test_an_archive_that_came_too_late_shows_what_is_held() -> None:
    """200: somebody observed the patient since."""
    held = store(patient(observed_at=LATER))
    decided = held.decide(d.ARCHIVE_PATIENT, patient_uuid=PATIENT, **at(NOW))
    assert decided.data is not None and decided.data.version == 3
    assert (decided.status, decided.changes, decided.outgoing) == (200, {}, [])


def test_an_archive_of_whom_nobody_put_holds_back_older_puts() -> None:
    """A row without a version; the first put that is newer is version 1."""
    held = store()
    decided = held.decide(d.ARCHIVE_PATIENT, patient_uuid=PATIENT, **at(NOW))
    assert (decided.status, decided.id, decided.outgoing) == (204, PATIENT, [])
    [row] = decided.added
    assert (row.version, row.deleted_at, row.name) == (0, NOW, None)
    older = held.decide(d.PUT_PATIENT, **PUT, **at(EARLIER))
    assert (older.status, older.data, older.changes) == (200, None, {})
    newer = held.decide(d.PUT_PATIENT, **PUT, **at(LATER))
    assert newer.data is not None and newer.data.version == 1
    assert newer.events[0]["changed"] == "name,observed_at"


def test_a_provider_is_put_and_archived_by_the_same_rules() -> None:
    """About no patient."""
    held = store()
    made = held.decide(d.PUT_PROVIDER, **PROVIDER_PUT, npi="1234567893", **at(EARLIER))
    assert made.data is not None and (made.data.version, made.data.npi) == (1, "1234567893")
    assert made.events[0]["changed"] == "name,npi,observed_at"
    gone = held.decide(d.ARCHIVE_PROVIDER, provider_uuid=PROVIDER, **at(NOW))
    assert (gone.status, gone.data, gone.event_types) == (204, None, ["provider.archived"])
    older = held.decide(d.PUT_PROVIDER, **PROVIDER_PUT, **at(EARLIER))
    assert (older.status, older.data, older.outgoing) == (200, None, [])
    assert made.patients | gone.patients | older.patients == set()


def test_a_stale_archive_of_a_provider_shows_them() -> None:
    """As of a patient."""
    held = store(provider(observed_at=LATER))
    decided = held.decide(d.ARCHIVE_PROVIDER, provider_uuid=PROVIDER, **at(NOW))
    assert decided.data is not None and decided.data.name == "Dr. Rose"
    assert (decided.status, decided.changes) == (200, {})
    assert held.row(Provider, PROVIDER).deleted_at is None


def test_the_practice_is_the_orgs_and_its_events_are_about_the_org() -> None:
    """It gets an id of its own; its numbers are of its own country."""
    held = store()
    put = {"name": "Zahnarzt", "country": "DE", "phone": "030 901820", "fax": "030 901821"}
    made = held.decide(d.PUT_PRACTICE, **put, **at(EARLIER))
    assert (made.status, made.data.version, made.data.phone) == (200, 1, "+4930901820")
    assert made.id == made.data.id and made.data.id.version == 7
    [event] = made.events
    assert (event["type"], event["subject"]) == ("practice.put", ORG)
    assert event["changed"] == "country,fax,name,observed_at,phone"
    again = held.decide(d.PUT_PRACTICE, **put, **at(EARLIER))
    assert (again.data.id, again.changes, again.outgoing) == (made.data.id, {}, [])
    older = held.decide(d.PUT_PRACTICE, name="Older", observed_at="2020-01-01T00:00:00Z")
    assert (older.data.name, older.changes) == ("Zahnarzt", {})


def test_a_practice_names_every_number_that_is_wrong() -> None:
    """Both, in words of its own country."""
    fields: dict[str, Any] = {"name": "P", "country": "DE", "phone": "12", "fax": "(312) 555-0143"}
    problem = store(practice()).refuse(d.PUT_PRACTICE, **fields, **at(LATER))
    assert wrong_fields(problem) == {("phone", "phone_invalid"), ("fax", "phone_invalid")}


def test_lists_find_a_patient_and_a_provider_by_what_was_put() -> None:
    """Name, phone as it is dialled, and e-mail; sorted by the name."""
    held = store(practice())
    fields = {"phone": "(202) 555-0143", "email": "P@Example.com"}
    [row] = held.decide(d.PUT_PATIENT, **PUT, **at(EARLIER), **fields).added
    assert row.sort_name == "paula pace"
    assert row.search_text == "paula pace\n+12025550143\np@example.com"
    [row] = held.decide(d.PUT_PROVIDER, **PROVIDER_PUT, **at(EARLIER)).added
    assert (row.sort_name, row.search_text) == ("dr. rose", "dr. rose")


def test_a_number_that_is_read_again_is_what_a_patient_is_found_by() -> None:
    """By the practice's new country."""
    row = patient(phone=None, phone_given="020 7946 0958", phone_country="US")
    held = store(practice(), row)
    held.decide(d.PUT_PRACTICE, name="Sample Dental", country="GB", **at(LATER))
    assert held.row(Patient, PATIENT).search_text == "paula pace\n+442079460958"
