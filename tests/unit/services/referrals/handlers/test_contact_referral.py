"""Contact referrals: what each command decides."""

from typing import Any

import pytest

from contracts.contact_referral import (
    ARCHIVE_CONTACT_REFERRAL,
    CREATE_CONTACT_REFERRAL,
    UPDATE_CONTACT_REFERRAL,
)
from messaging.testing import Store
from services.referrals.models.contact import ContactReferral
from tests.unit.services.referrals.handlers.rows import (
    CONTACT,
    CONTACT_REFERRAL,
    EARLIER,
    NEW,
    NOBODY,
    NOW,
    OTHER_CONTACT,
    OTHER_PATIENT,
    PATIENT,
    THIRD_CONTACT,
    contact,
    contact_referral,
    store,
    wrong_fields,
)

THIS = {"contact_uuid": CONTACT, "contact_referral_uuid": CONTACT_REFERRAL}
CURRENT = {**THIS, "updated_in_db_at": "2026-11-20T09:30:00Z"}
SENT = {"contact_uuid": CONTACT, "referred_to_uuid": OTHER_CONTACT}


def contacts(**changes: Any) -> list[Any]:
    """Three contacts; `changes` are those of the first."""
    return [
        contact(**changes),
        contact(OTHER_CONTACT, name="Nora"),
        contact(THIRD_CONTACT, name="Theo"),
    ]


def held(**changes: Any) -> Store:
    """The first contact has referred the second."""
    return store(*contacts(), contact_referral(**changes))


def test_a_new_one_shows_both_contacts() -> None:
    """201 under the id that it brings, without an attribution; its times have whole seconds."""
    now = NOW.replace(microsecond=750_000)
    decided = store(*contacts(), now=now).decide(CREATE_CONTACT_REFERRAL, id=NEW, **SENT)
    assert (decided.status, decided.id) == (201, NEW)
    assert (decided.data.referred_by.uuid, decided.data.referred_by.name) == (
        *(CONTACT, "Pace household"),
    )
    assert (decided.data.referred_to.uuid, decided.data.referred_to.name) == (OTHER_CONTACT, "Nora")
    assert (decided.data.created_at, decided.data.updated_at) == (NOW, NOW)
    assert (decided.data.updated_in_db_at, decided.data.version) == (NOW, 1)
    [row] = decided.added
    assert isinstance(row, ContactReferral)
    assert (row.created_at, row.updated_at) == (now, NOW)
    [event] = decided.events
    assert (event["type"], event["subject"]) == ("contact_referral.created", str(NEW))
    assert event["data"]["updated_in_db_at"] == "2026-11-22T04:00:00Z"
    assert "overwrote" not in event and "changed" not in event


def test_the_same_pair_may_be_told_twice() -> None:
    """Two things that happened."""
    again = held().decide(CREATE_CONTACT_REFERRAL, **SENT)
    assert (again.status, len(again.added)) == (201, 1)
    assert again.id not in (None, CONTACT_REFERRAL)


def test_it_is_about_the_patients_that_the_contacts_are() -> None:
    """Both of them; of contacts that are nobody's it is about nobody."""
    rows = [contact(patient_id=PATIENT), contact(OTHER_CONTACT, patient_id=OTHER_PATIENT)]
    made = store(*rows).decide(CREATE_CONTACT_REFERRAL, **SENT)
    assert made.patients == {PATIENT, OTHER_PATIENT}
    assert store(*contacts()).decide(CREATE_CONTACT_REFERRAL, **SENT).patients == set()


def test_a_contact_does_not_refer_itself() -> None:
    """422 before anybody is looked up; also by what an update makes of the held one."""
    refused = {("referred_to_uuid", "own_referrer")}
    itself = {"contact_uuid": NOBODY, "referred_to_uuid": NOBODY}
    assert wrong_fields(store().refuse(CREATE_CONTACT_REFERRAL, **itself)) == refused
    for fields in (
        {"referred_to_uuid": CONTACT},
        {"referred_by_uuid": NOBODY, "referred_to_uuid": NOBODY},
    ):
        assert wrong_fields(store().refuse(UPDATE_CONTACT_REFERRAL, **THIS, **fields)) == refused
    by_merging = {**CURRENT, "referred_by_uuid": OTHER_CONTACT}
    assert wrong_fields(held().refuse(UPDATE_CONTACT_REFERRAL, **by_merging)) == refused


@pytest.mark.parametrize("name", ["contact_uuid", "referred_to_uuid"])
@pytest.mark.parametrize("state", ["never there", "archived"])
def test_a_new_one_names_contacts_that_are_there(name: str, state: str) -> None:
    """404 `contact_not_found`."""
    gone = store(*contacts(), contact(NEW, deleted_at=EARLIER))
    given = {**SENT, name: NEW if state == "archived" else NOBODY}
    assert gone.refuse(CREATE_CONTACT_REFERRAL, **given).code == "contact_not_found"


def test_an_id_is_taken_for_good() -> None:
    """409, also by what was archived."""
    problem = held(deleted_at=EARLIER).refuse(CREATE_CONTACT_REFERRAL, id=CONTACT_REFERRAL, **SENT)
    assert problem.code == "already_exists"


def test_a_change_is_told_with_what_changed() -> None:
    """200; `updated_in_db_at` goes with `updated_at` and is not counted as a change."""
    decided = held().decide(UPDATE_CONTACT_REFERRAL, **CURRENT, referred_to_uuid=THIRD_CONTACT)
    assert decided.changes == {
        (ContactReferral, (CONTACT_REFERRAL,)): {
            "referred_to_id": THIRD_CONTACT,
            "version": 4,
            "updated_at": NOW,
        }
    }
    assert (decided.data.referred_to.name, decided.data.updated_in_db_at) == ("Theo", NOW)
    [event] = decided.events
    assert (event["type"], event["changed"]) == ("contact_referral.updated", "referred_to")
    assert (event["aggregateversion"], event["overwrote"]) == (4, False)
    assert decided.audited_as is None


def test_a_new_referrer_moves_it() -> None:
    """From then on it is found by them alone."""
    moved = held()
    decided = moved.decide(UPDATE_CONTACT_REFERRAL, **CURRENT, referred_by_uuid=THIRD_CONTACT)
    assert decided.data.referred_by.uuid == THIRD_CONTACT
    assert decided.events[0]["changed"] == "referred_by"
    problem = moved.refuse(ARCHIVE_CONTACT_REFERRAL, **THIS)
    assert problem.code == "contact_referral_not_found"
    there = {**THIS, "contact_uuid": THIRD_CONTACT}
    assert moved.decide(ARCHIVE_CONTACT_REFERRAL, **there).status == 204


@pytest.mark.parametrize(
    "base",
    [
        {"base_version": 3},
        {"updated_in_db_at": "2026-11-20T10:30:00.000+01:00"},
        {"updated_in_db_at": "2026-11-20T09:30:00Z", "base_version": 3},
        {"updated_in_db_at": None, "base_version": 3},
        {"overwrite": True},
        {"overwrite": True, "updated_in_db_at": "2020-01-01T00:00:00Z", "base_version": 9},
    ],
)
def test_what_the_change_is_based_on_is_current_or_does_not_matter(base: dict[str, Any]) -> None:
    """By time, in any offset, by version, by both; `overwrite` passes over all of it."""
    given = {**THIS, **base, "referred_to_uuid": THIRD_CONTACT}
    assert held().decide(UPDATE_CONTACT_REFERRAL, **given).data.version == 4


@pytest.mark.parametrize(
    "base",
    [
        {},
        {"updated_in_db_at": None},
        {"updated_in_db_at": "2026-11-20T09:29:59Z"},
        {"updated_in_db_at": "2026-11-20T09:30:00.5Z"},
        {"base_version": 2},
        {"updated_in_db_at": "2026-11-20T09:30:00Z", "base_version": 2},
    ],
)
def test_a_change_that_is_based_on_something_else_is_refused(base: dict[str, Any]) -> None:
    """409 with the version to go on from, before a pair that could not be."""
    problem = held().refuse(UPDATE_CONTACT_REFERRAL, **THIS, **base, referred_by_uuid=OTHER_CONTACT)
    assert (problem.code, problem.current_version) == ("version_conflict", 3)


def test_an_overwrite_is_told_and_audited_as_one() -> None:
    """Also where it changes nothing: somebody passed over the check."""
    given = {**THIS, "overwrite": True, "referred_to_uuid": THIRD_CONTACT}
    decided = held().decide(UPDATE_CONTACT_REFERRAL, **given)
    assert decided.events[0]["overwrote"] is True
    assert decided.audited_as == "contact_referral.overwrite"
    nothing = held().decide(UPDATE_CONTACT_REFERRAL, **THIS, overwrite=True)
    assert (nothing.data.version, nothing.changes, nothing.outgoing) == (3, {}, [])
    assert nothing.audited_as == "contact_referral.overwrite"


@pytest.mark.parametrize("given", [False, None, 1, "true"])
def test_nothing_but_true_overwrites(given: Any) -> None:
    """422."""
    problem = held().refuse(UPDATE_CONTACT_REFERRAL, **CURRENT, overwrite=given)
    assert wrong_fields(problem) == {("overwrite", "not_true")}


@pytest.mark.parametrize("name", ["referred_by_uuid", "referred_to_uuid"])
def test_a_change_names_contacts_that_are_there(name: str) -> None:
    """404 before 409; null is no contact."""
    gone = store(*contacts(), contact(NEW, deleted_at=EARLIER), contact_referral())
    for uuid in (NOBODY, NEW):
        problem = gone.refuse(UPDATE_CONTACT_REFERRAL, **THIS, **{name: uuid})
        assert problem.code == "contact_not_found"
    null = gone.refuse(UPDATE_CONTACT_REFERRAL, **CURRENT, **{name: None})
    assert wrong_fields(null) == {(name, "is_instance_of")}


def test_a_change_that_changes_nothing_is_none() -> None:
    """200 with the same version and time, and no event."""
    decided = held().decide(UPDATE_CONTACT_REFERRAL, **CURRENT, referred_to_uuid=OTHER_CONTACT)
    assert (decided.data.version, decided.data.updated_at) == (3, EARLIER)
    assert (decided.changes, decided.outgoing) == ({}, [])


def test_many_changes_in_one_second_have_each_their_own() -> None:
    """The last one is ahead of the clock; each is the base of the next."""
    rows = held(updated_at=NOW)
    at, seen = "2026-11-22T04:00:00Z", []
    for to in (THIRD_CONTACT, OTHER_CONTACT, THIRD_CONTACT):
        given = {**THIS, "updated_in_db_at": at, "referred_to_uuid": to}
        decided = rows.decide(UPDATE_CONTACT_REFERRAL, **given)
        at = decided.events[0]["data"]["updated_in_db_at"]
        seen.append(at)
    gone = rows.decide(ARCHIVE_CONTACT_REFERRAL, **THIS)
    seen.append(gone.events[0]["data"]["updated_in_db_at"])
    assert seen == [f"2026-11-22T04:00:0{n}Z" for n in (1, 2, 3, 4)]


def test_an_archive_is_not_checked() -> None:
    """204 at any version, with the last state; what is archived is not found."""
    rows = held()
    decided = rows.decide(ARCHIVE_CONTACT_REFERRAL, **THIS)
    assert (decided.status, decided.data, decided.id) == (204, None, CONTACT_REFERRAL)
    assert decided.changes == {
        (ContactReferral, (CONTACT_REFERRAL,)): {"deleted_at": NOW, "version": 4, "updated_at": NOW}
    }
    [event] = decided.events
    assert (event["type"], event["aggregateversion"]) == ("contact_referral.archived", 4)
    assert event["data"]["referred_to"]["name"] == "Nora" and "overwrote" not in event
    for operation in (UPDATE_CONTACT_REFERRAL, ARCHIVE_CONTACT_REFERRAL):
        assert rows.refuse(operation, **THIS).code == "contact_referral_not_found"


@pytest.mark.parametrize("operation", [UPDATE_CONTACT_REFERRAL, ARCHIVE_CONTACT_REFERRAL])
def test_it_is_found_by_who_referred_and_by_nobody_else(operation: Any) -> None:
    """Not by whom they referred, nor by an archived contact, nor under another id."""
    other = {**THIS, "contact_uuid": OTHER_CONTACT}
    assert held().refuse(operation, **other).code == "contact_referral_not_found"
    none = {**THIS, "contact_referral_uuid": NOBODY}
    assert held().refuse(operation, **none).code == "contact_referral_not_found"
    gone = store(*contacts(deleted_at=EARLIER), contact_referral())
    assert gone.refuse(operation, **THIS).code == "contact_not_found"


def test_whom_it_names_may_be_archived_afterwards() -> None:
    """It goes on showing them, and can be changed."""
    nora = contact(OTHER_CONTACT, name="Nora", deleted_at=EARLIER)
    rows = store(contact(), nora, contact(THIRD_CONTACT), contact_referral())
    assert rows.decide(UPDATE_CONTACT_REFERRAL, **CURRENT).data.referred_to.name == "Nora"
    given = {**CURRENT, "referred_by_uuid": THIRD_CONTACT}
    assert rows.decide(UPDATE_CONTACT_REFERRAL, **given).data.version == 4
