"""Contacts: what each put and each archive decides beside the rules of every mirrored record."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from contracts.contact import ARCHIVE_CONTACT, PUT_CONTACT
from contracts.values import format_time
from services.referrals.models.contact import Contact
from tests.unit.services.referrals.handlers.rows import (
    CONTACT,
    EARLIER,
    LATER,
    NOBODY,
    NOW,
    PARTNER,
    PATIENT,
    PROVIDER,
    contact,
    partner,
    patient,
    provider,
    store,
    wrong_fields,
)

PUT = {"contact_uuid": CONTACT, "name": "Pace household"}
LINKS: dict[str, tuple[UUID, Any, str, str]] = {
    "patient_uuid": (PATIENT, patient, "patient", "Paula Pace"),
    "referral_partner_uuid": (PARTNER, partner, "referral_partner", "Alex Example"),
    "provider_uuid": (PROVIDER, provider, "provider", "Dr. Rose"),
}


def at(moment: datetime) -> dict[str, str]:
    """When it was observed."""
    return {"observed_at": format_time(moment)}


def test_a_contact_who_is_new_is_told_with_the_fields_that_are_given() -> None:
    """200 in version 1, about no patient; `changed` leaves out what is null."""
    decided = store().decide(PUT_CONTACT, **{**PUT, "name": " Straße 5 GmbH "}, **at(EARLIER))
    assert (decided.status, decided.id, decided.patients) == (200, CONTACT, set())
    assert decided.data is not None
    assert (decided.data.version, decided.data.name) == (1, "Straße 5 GmbH")
    assert (decided.data.patient, decided.data.referral_partner, decided.data.provider) == (
        *(None, None, None),
    )
    [row] = decided.added
    assert isinstance(row, Contact)
    assert (row.sort_name, row.search_text) == ("straße 5 gmbh", "strasse 5 gmbh")
    assert (row.deleted_at, row.observed_at, row.created_at) == (None, EARLIER, NOW)
    [event] = decided.events
    assert (event["type"], event["subject"]) == ("contact.put", str(CONTACT))
    assert event["changed"] == "name,observed_at"


@pytest.mark.parametrize("link", LINKS)
def test_a_contact_is_linked_to_one_who_is_there(link: str) -> None:
    """And shows their name; a contact that is linked to a patient is about that patient."""
    uuid, made, shown, name = LINKS[link]
    decided = store(made()).decide(PUT_CONTACT, **PUT, **{link: uuid}, **at(EARLIER))
    assert decided.data is not None
    reference = getattr(decided.data, shown)
    assert (reference.uuid, reference.name) == (uuid, name)
    assert decided.events[0]["changed"] == f"name,observed_at,{shown}"
    assert decided.patients == ({PATIENT} if link == "patient_uuid" else set())


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("state", ["never there", "archived"])
def test_a_link_to_who_is_not_there_is_refused(link: str, state: str) -> None:
    """404, of an observation that is too old to apply as well."""
    uuid, made, shown, _ = LINKS[link]
    held = store(contact(observed_at=NOW), made(deleted_at=EARLIER))
    given = uuid if state == "archived" else NOBODY
    problem = held.refuse(PUT_CONTACT, **PUT, **{link: given}, **at(EARLIER))
    assert problem.code == f"{shown}_not_found"


def test_a_contact_has_one_link_at_most() -> None:
    """422 before anybody is looked up; each that is given is named."""
    two = {"patient_uuid": NOBODY, "provider_uuid": NOBODY}
    assert wrong_fields(store().refuse(PUT_CONTACT, **PUT, **two, **at(NOW))) == {
        ("patient_uuid", "exclusive_links"),
        ("provider_uuid", "exclusive_links"),
    }


def test_a_put_without_the_link_takes_it_away() -> None:
    """It replaces the whole record; it is about whom it told before."""
    held = store(contact(patient_id=PATIENT), patient())
    decided = held.decide(PUT_CONTACT, **PUT, **at(LATER))
    assert decided.data is not None and decided.data.patient is None
    assert decided.changes == {
        (Contact, (CONTACT,)): {
            "patient_id": None,
            "observed_at": LATER,
            "version": 4,
            "updated_at": NOW,
        }
    }
    assert decided.events[0]["changed"] == "observed_at,patient"
    assert decided.patients == {PATIENT}


def test_a_link_moves_from_one_to_another() -> None:
    """Both are of the record, and `changed` names both."""
    held = store(contact(patient_id=PATIENT), patient(), partner())
    to_partner = {"referral_partner_uuid": PARTNER}
    decided = held.decide(PUT_CONTACT, **PUT, **to_partner, **at(EARLIER))
    assert decided.events[0]["changed"] == "patient,referral_partner"
    row = held.row(Contact, CONTACT)
    assert (row.patient_id, row.referral_partner_id) == (None, PARTNER)


def test_an_older_observation_changes_nothing_and_shows_what_is_held() -> None:
    """With the name that its link has now, though the patient is archived meanwhile."""
    held = store(contact(observed_at=NOW, patient_id=PATIENT), patient(deleted_at=NOW))
    decided = held.decide(PUT_CONTACT, **{**PUT, "name": "Old"}, **at(EARLIER))
    assert decided.data is not None and decided.data.patient is not None
    assert (decided.data.name, decided.data.patient.name) == ("Pace household", "Paula Pace")
    assert (decided.changes, decided.outgoing, decided.patients) == ({}, [], {PATIENT})


def test_the_same_said_again_is_no_change() -> None:
    """200 with the same version, and no event."""
    decided = store(contact()).decide(PUT_CONTACT, **PUT, **at(EARLIER))
    assert decided.data is not None and decided.data.version == 3
    assert (decided.changes, decided.outgoing) == ({}, [])


@pytest.mark.parametrize("operation", [PUT_CONTACT, ARCHIVE_CONTACT])
def test_the_future_is_not_observed(operation: Any) -> None:
    """Five minutes ahead at most: 4:05 is taken, and what is later than that is not."""
    fields = {"contact_uuid": CONTACT, **({"name": "P"} if operation is PUT_CONTACT else {})}
    problem = store().refuse(operation, **fields, observed_at="2026-11-22T04:05:00.000001Z")
    assert wrong_fields(problem) == {("observed_at", "time_in_future")}
    assert store().decide(operation, **fields, observed_at="2026-11-22T04:05:00Z").id == CONTACT


def test_an_archive_hides_the_contact_and_tells_the_last_state() -> None:
    """204; the event shows the link once more."""
    held = store(contact(provider_id=PROVIDER), provider())
    decided = held.decide(ARCHIVE_CONTACT, contact_uuid=CONTACT, **at(LATER))
    assert (decided.status, decided.data, decided.id) == (204, None, CONTACT)
    assert decided.changes == {
        (Contact, (CONTACT,)): {
            "observed_at": LATER,
            "deleted_at": NOW,
            "version": 4,
            "updated_at": NOW,
        }
    }
    [event] = decided.events
    assert (event["type"], event["data"]["provider"]["name"]) == ("contact.archived", "Dr. Rose")


def test_an_archive_that_came_too_late_shows_what_is_held() -> None:
    """200: somebody observed the contact since; of an archived one it shows nothing."""
    held = store(contact(observed_at=LATER))
    decided = held.decide(ARCHIVE_CONTACT, contact_uuid=CONTACT, **at(NOW))
    assert decided.data is not None and decided.data.version == 3
    assert (decided.status, decided.changes, decided.outgoing) == (200, {}, [])
    gone = store(contact(observed_at=LATER, deleted_at=NOW))
    nothing = gone.decide(ARCHIVE_CONTACT, contact_uuid=CONTACT, **at(NOW))
    assert (nothing.status, nothing.data, nothing.changes) == (200, None, {})


def test_an_archive_of_whom_nobody_put_holds_back_older_puts() -> None:
    """A row without a version and a name; the first put that is newer is version 1."""
    held = store()
    decided = held.decide(ARCHIVE_CONTACT, contact_uuid=CONTACT, **at(NOW))
    assert (decided.status, decided.outgoing) == (204, [])
    [row] = decided.added
    assert (row.version, row.deleted_at, row.name) == (0, NOW, None)
    older = held.decide(PUT_CONTACT, **PUT, **at(EARLIER))
    assert (older.status, older.data, older.changes) == (200, None, {})
    newer = held.decide(PUT_CONTACT, **PUT, **at(LATER))
    assert newer.data is not None and newer.data.version == 1
    assert newer.events[0]["changed"] == "name,observed_at"
