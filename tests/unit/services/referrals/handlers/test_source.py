"""Referral sources: what each command decides."""

from decimal import Decimal
from typing import Any

import pytest

from contracts.referral_source import (
    ARCHIVE_REFERRAL_SOURCE,
    CREATE_REFERRAL_SOURCE,
    UPDATE_REFERRAL_SOURCE,
)
from services.referrals.models.source import OrgCounter, ReferralSource, SourceFigures
from tests.unit.services.referrals.handlers.rows import (
    EARLIER,
    NEW,
    NOBODY,
    NOW,
    ORG,
    PARTNER,
    PATIENT,
    SOURCE,
    figures,
    partner,
    patient,
    source,
    store,
    wrong_fields,
)

RADIO = {"name": "Radio Spot", "category": "tv_radio"}
THIS = {"referral_source_uuid": SOURCE, "base_version": 3}
BOTH_LINKS = {
    ("linked_patient_uuid", "exclusive_links"),
    ("linked_referral_partner_uuid", "exclusive_links"),
}


def test_an_orgs_first_source_makes_its_counter() -> None:
    """201 as number 1, with figures of nothing."""
    decided = store().decide(CREATE_REFERRAL_SOURCE, id=NEW, **RADIO)
    assert (decided.status, decided.id, decided.data.version) == (201, NEW, 1)
    assert (decided.data.sort_order, decided.data.patient_count) == (1, 0)
    assert decided.data.total_cost == Decimal("0.00")
    counter, row, counted = decided.added
    assert isinstance(counter, OrgCounter) and counter.last_sort_order == 1
    assert isinstance(row, ReferralSource) and row.search_text == "radio spot"
    assert isinstance(counted, SourceFigures) and counted.referral_source_id == NEW
    [event] = decided.events
    assert (event["type"], event["subject"]) == ("referral_source.created", str(NEW))
    assert (event["data"]["sort_order"], event["data"]["total_cost"]) == (1, 0.0)
    assert decided.patients == set()


def test_the_next_source_is_the_next_number() -> None:
    """Of archived ones too: a number is given once."""
    held = store(OrgCounter(org_id=ORG, last_sort_order=2))
    assert held.decide(CREATE_REFERRAL_SOURCE, **RADIO).data.sort_order == 3
    decided = held.decide(CREATE_REFERRAL_SOURCE, **RADIO)
    assert decided.data.sort_order == 4
    assert decided.changes == {(OrgCounter, ()): {"last_sort_order": 4}}


def test_a_source_that_is_a_patient_shows_their_name_and_is_about_them() -> None:
    """So it is in their audit trail."""
    decided = store(patient()).decide(CREATE_REFERRAL_SOURCE, **RADIO, linked_patient_uuid=PATIENT)
    assert decided.data.linked_patient is not None
    assert decided.data.linked_patient.name == "Paula Pace"
    assert decided.data.linked_referral_partner is None
    assert decided.patients == {PATIENT}


def test_a_source_that_is_a_partner_shows_their_name() -> None:
    """And is about no patient."""
    decided = store(partner()).decide(
        CREATE_REFERRAL_SOURCE, **RADIO, linked_referral_partner_uuid=PARTNER
    )
    assert decided.data.linked_referral_partner is not None
    assert decided.data.linked_referral_partner.name == "Alex Example"
    assert decided.patients == set()


@pytest.mark.parametrize(
    ("rows", "fields", "code"),
    [
        ([], {"linked_patient_uuid": PATIENT}, "patient_not_found"),
        ([patient(deleted_at=EARLIER)], {"linked_patient_uuid": PATIENT}, "patient_not_found"),
        ([], {"linked_referral_partner_uuid": PARTNER}, "referral_partner_not_found"),
        ([source(NEW)], {"id": NEW}, "already_exists"),
        ([source(NEW, deleted_at=EARLIER)], {"id": NEW}, "already_exists"),
    ],
)
def test_a_new_source_names_what_is_there_and_an_id_that_is_free(
    rows: list[Any], fields: dict[str, Any], code: str
) -> None:
    """Else nothing is counted: the number stays free."""
    counter = OrgCounter(org_id=ORG, last_sort_order=2)
    assert store(counter, *rows).refuse(CREATE_REFERRAL_SOURCE, **RADIO, **fields).code == code


def test_a_source_is_not_linked_to_both() -> None:
    """In a create, and in an update whatever there is: 422 before 404."""
    links = {"linked_patient_uuid": NOBODY, "linked_referral_partner_uuid": NOBODY}
    for operation, fields in ((CREATE_REFERRAL_SOURCE, RADIO), (UPDATE_REFERRAL_SOURCE, THIS)):
        assert wrong_fields(store().refuse(operation, **fields, **links)) == BOTH_LINKS


def test_a_second_link_is_refused_where_the_first_is_held() -> None:
    """By what comes of the change; taken in exchange it is fine."""
    held = store(source(linked_patient_id=PATIENT), figures(), patient(), partner())
    change = {**THIS, "linked_referral_partner_uuid": PARTNER}
    assert wrong_fields(held.refuse(UPDATE_REFERRAL_SOURCE, **change)) == BOTH_LINKS
    decided = held.decide(UPDATE_REFERRAL_SOURCE, **change, linked_patient_uuid=None)
    assert decided.events[0]["changed"] == "linked_patient,linked_referral_partner"
    assert decided.changes[ReferralSource, (SOURCE,)] == {
        "linked_patient_id": None,
        "linked_referral_partner_id": PARTNER,
        "version": 4,
        "updated_at": NOW,
    }
    assert decided.patients == {PATIENT}


def test_a_change_keeps_the_number_and_the_figures() -> None:
    """A version of its own; the search follows the name."""
    decided = store(source(), figures(patients=5, cost="80.25")).decide(
        UPDATE_REFERRAL_SOURCE, **THIS, name="Straße", is_active=False
    )
    assert (decided.status, decided.data.version, decided.data.sort_order) == (200, 4, 2)
    assert (decided.data.patient_count, decided.data.total_cost) == (5, Decimal("80.25"))
    assert decided.changes == {
        (ReferralSource, (SOURCE,)): {
            "name": "Straße",
            "search_text": "strasse",
            "is_active": False,
            "version": 4,
            "updated_at": NOW,
        }
    }
    [event] = decided.events
    assert (event["type"], event["changed"]) == ("referral_source.updated", "is_active,name")


def test_a_change_of_nothing_is_neither_a_version_nor_an_event() -> None:
    """Also of a source whose linked patient is archived by now."""
    held = store(
        source(linked_patient_id=PATIENT), figures(), patient(deleted_at=EARLIER, name="Gone")
    )
    decided = held.decide(UPDATE_REFERRAL_SOURCE, **THIS, name="Billboard")
    assert (decided.data.version, decided.changes, decided.outgoing) == (3, {}, [])
    assert decided.data.linked_patient is not None
    assert decided.data.linked_patient.name == "Gone"


def test_a_source_that_is_a_partner_goes_on_showing_them() -> None:
    """Archived by now, they have a name still."""
    gone = partner(deleted_at=EARLIER)
    held = store(source(linked_referral_partner_id=PARTNER), figures(), gone)
    decided = held.decide(ARCHIVE_REFERRAL_SOURCE, **THIS)
    assert decided.events[0]["data"]["linked_referral_partner"]["name"] == "Alex Example"


def test_a_change_links_what_is_there() -> None:
    """404 of the patient or the partner that is not."""
    for name, code in (
        ("linked_patient_uuid", "patient_not_found"),
        ("linked_referral_partner_uuid", "referral_partner_not_found"),
    ):
        held = store(source(), figures())
        assert held.refuse(UPDATE_REFERRAL_SOURCE, **THIS, **{name: NOBODY}).code == code


def test_an_archived_source_is_told_with_its_last_figures() -> None:
    """204; the figures' row is left alone."""
    decided = store(source(), figures(patients=5, cost="80.25")).decide(
        ARCHIVE_REFERRAL_SOURCE, **THIS
    )
    assert (decided.status, decided.data) == (204, None)
    assert decided.changes == {
        (ReferralSource, (SOURCE,)): {"deleted_at": NOW, "version": 4, "updated_at": NOW}
    }
    [event] = decided.events
    assert event["type"] == "referral_source.archived"
    assert (event["data"]["patient_count"], event["data"]["total_cost"]) == (5, 80.25)


@pytest.mark.parametrize("operation", [UPDATE_REFERRAL_SOURCE, ARCHIVE_REFERRAL_SOURCE])
def test_what_is_not_there_or_has_changed_is_refused(operation: Any) -> None:
    """404 of one that is archived too; 409 with the version that there is."""
    for there in ([], [source(deleted_at=EARLIER), figures()]):
        assert store(*there).refuse(operation, **THIS).code == "referral_source_not_found"
    problem = store(source(version=7), figures()).refuse(operation, **THIS)
    assert (problem.code, problem.current_version) == ("version_conflict", 7)
