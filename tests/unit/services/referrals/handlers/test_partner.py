"""Referral partners: what each command decides."""

from typing import Any

import pytest

from contracts.referral_partner import (
    ARCHIVE_REFERRAL_PARTNER,
    CREATE_REFERRAL_PARTNER,
    UPDATE_REFERRAL_PARTNER,
    ContactType,
)
from services.referrals.models.partner import ReferralPartner
from tests.unit.services.referrals.handlers.rows import (
    EARLIER,
    NEW,
    NOW,
    PARTNER,
    partner,
    store,
    wrong_fields,
)

ANN = {"first_name": "Ann", "last_name": "Archer"}
THIS = {"referral_partner_uuid": PARTNER, "base_version": 3}


def test_a_new_partner_is_there_under_its_own_id_and_told() -> None:
    """201 in version 1; the row is ready for the list, the numbers are in E.164."""
    decided = store().decide(
        CREATE_REFERRAL_PARTNER, id=NEW, **ANN, specialty="Chirurgie", phone="(202) 555-0143"
    )
    assert (decided.status, decided.id, decided.data.id, decided.data.version) == (201, NEW, NEW, 1)
    assert decided.data.phone == "+12025550143"
    assert (decided.data.created_at, decided.data.updated_at) == (NOW, NOW)
    [row] = decided.added
    assert isinstance(row, ReferralPartner)
    assert (row.sort_name, row.search_text) == ("ann archer", "ann archer")
    assert row.specialty_text == "chirurgie"
    [event] = decided.events
    assert (event["type"], event["aggregateversion"]) == ("referral_partner.created", 1)
    assert event["subject"] == str(NEW)
    assert event["data"]["last_name"] == "Archer"
    assert "changed" not in event
    assert decided.patients == set()


def test_a_partner_without_an_id_is_given_one() -> None:
    """A UUIDv7, so that keys come in their order."""
    decided = store().decide(CREATE_REFERRAL_PARTNER, **ANN)
    assert decided.id is not None and decided.id.version == 7
    assert decided.data.id == decided.id


@pytest.mark.parametrize("there", [partner(NEW), partner(NEW, deleted_at=EARLIER)])
def test_an_id_that_is_taken_is_refused(there: ReferralPartner) -> None:
    """For good: by an archived one too."""
    problem = store(there).refuse(CREATE_REFERRAL_PARTNER, id=NEW, **ANN)
    assert problem.code == "already_exists"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, {("first_name", "missing"), ("last_name", "missing")}),
        ({"first_name": "Ann"}, {("last_name", "missing")}),
        ({"contact_type": "lab"}, {("practice_name", "missing")}),
        ({**ANN, "accepts_ereferral": True}, {("ereferral_endpoint", "missing")}),
        ({**ANN, "phone": "12"}, {("phone", "phone_invalid")}),
        ({**ANN, "country": "DE", "fax": "(312) 555-0143"}, {("fax", "phone_invalid")}),
        ({**ANN, "fax": "(202) 555-0143 x5"}, {("fax", "phone_invalid")}),
        (
            {"fax": "12"},
            {("first_name", "missing"), ("last_name", "missing"), ("fax", "phone_invalid")},
        ),
    ],
)
def test_a_partner_needs_a_name_an_endpoint_and_numbers_that_can_be_dialled(
    fields: dict[str, Any], wrong: set[tuple[str, str]]
) -> None:
    """Every field that is wrong is named at once."""
    assert wrong_fields(store().refuse(CREATE_REFERRAL_PARTNER, **fields)) == wrong


def test_a_change_is_a_version_of_its_own_and_names_what_changed() -> None:
    """What was not given stays; the list's columns follow the name."""
    decided = store(partner()).decide(
        UPDATE_REFERRAL_PARTNER, **THIS, last_name="Élan", phone="202-555-0143"
    )
    assert (decided.status, decided.id, decided.data.version) == (200, PARTNER, 4)
    assert decided.changes == {
        (ReferralPartner, (PARTNER,)): {
            "last_name": "Élan",
            "phone": "+12025550143",
            "sort_name": "alex élan",
            "name_text": "alex élan",
            "search_text": "alex élan",
            "version": 4,
            "updated_at": NOW,
        }
    }
    [event] = decided.events
    assert (event["type"], event["changed"]) == ("referral_partner.updated", "last_name,phone")
    assert (event["aggregateversion"], event["data"]["version"]) == (4, 4)


def test_what_is_held_since_fewer_numbers_were_refused_does_not_hinder_a_change() -> None:
    """Nobody who changes the notes is told of a fax number that was taken with an extension."""
    held = partner(fax="+12025550143;ext=5")
    decided = store(held).decide(UPDATE_REFERRAL_PARTNER, **THIS, notes="Rings twice")
    assert (decided.status, decided.data.fax) == (200, "+12025550143;ext=5")


def test_a_change_of_nothing_is_neither_a_version_nor_an_event() -> None:
    """200 with what there is, whether the field was left out or given as it is."""
    for fields in ({}, {"last_name": "Example"}):
        decided = store(partner()).decide(UPDATE_REFERRAL_PARTNER, **THIS, **fields)
        assert (decided.status, decided.data.version) == (200, 3)
        assert (decided.changes, decided.outgoing, decided.added) == ({}, [], [])


@pytest.mark.parametrize(
    ("held", "fields", "wrong"),
    [
        ({}, {"last_name": None}, {("last_name", "missing")}),
        ({}, {"ereferral_endpoint": None}, {("ereferral_endpoint", "missing")}),
        ({"country": "DE"}, {"fax": "(312) 555-0143"}, {("fax", "phone_invalid")}),
        ({}, {"fax": "(202) 555-0143 ext. 5"}, {("fax", "phone_invalid")}),
        (
            {"contact_type": "practice", "practice_name": "P", "first_name": None},
            {"contact_type": "provider"},
            {("first_name", "missing")},
        ),
        (
            {"contact_type": "lab", "practice_name": "L", "last_name": None},
            {"practice_name": None},
            {("practice_name", "missing")},
        ),
    ],
)
def test_a_change_is_judged_by_what_comes_of_it(
    held: dict[str, Any], fields: dict[str, Any], wrong: set[tuple[str, str]]
) -> None:
    """What is given together with what is held."""
    problem = store(partner(**held)).refuse(UPDATE_REFERRAL_PARTNER, **THIS, **fields)
    assert wrong_fields(problem) == wrong


def test_what_a_change_breaks_by_itself_is_told_before_what_is_not_there() -> None:
    """422 before 404: a client mends its message first."""
    problem = store().refuse(
        UPDATE_REFERRAL_PARTNER, **THIS, accepts_ereferral=True, ereferral_endpoint=None
    )
    assert wrong_fields(problem) == {("ereferral_endpoint", "missing")}


def test_a_partner_of_another_kind_is_called_by_another_name() -> None:
    """A practice by its own name, which the list is sorted by."""
    decided = store(partner()).decide(
        UPDATE_REFERRAL_PARTNER, **THIS, contact_type="practice", practice_name="Root House"
    )
    assert decided.data.contact_type is ContactType.PRACTICE
    changed = decided.changes[ReferralPartner, (PARTNER,)]
    assert changed["sort_name"] == "root house"
    assert changed["search_text"] == "alex example\nroot house"


def test_an_archived_partner_is_told_with_its_last_state() -> None:
    """204 without data; a version of its own."""
    decided = store(partner()).decide(ARCHIVE_REFERRAL_PARTNER, **THIS)
    assert (decided.status, decided.data, decided.id) == (204, None, PARTNER)
    assert decided.changes == {
        (ReferralPartner, (PARTNER,)): {"deleted_at": NOW, "version": 4, "updated_at": NOW}
    }
    [event] = decided.events
    assert (event["type"], event["aggregateversion"]) == ("referral_partner.archived", 4)
    assert event["data"]["last_name"] == "Example"


@pytest.mark.parametrize("operation", [UPDATE_REFERRAL_PARTNER, ARCHIVE_REFERRAL_PARTNER])
def test_what_is_not_there_or_has_changed_is_refused(operation: Any) -> None:
    """404 of one that is archived too; 409 with the version that there is."""
    for there in ([], [partner(deleted_at=EARLIER)]):
        assert store(*there).refuse(operation, **THIS).code == "referral_partner_not_found"
    problem = store(partner(version=4)).refuse(operation, **THIS)
    assert (problem.code, problem.current_version) == ("version_conflict", 4)
