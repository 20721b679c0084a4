"""Referrals' news, taken into the rows of our own Open Dental interface."""

from typing import Any
from uuid import UUID

from contracts.connecting import ImportKind, System
from contracts.directory import PATIENT_PUT
from contracts.events import Event
from contracts.referral_partner import REFERRAL_PARTNER_ARCHIVED, REFERRAL_PARTNER_CREATED
from contracts.referral_source import REFERRAL_SOURCE_CREATED
from messaging.testing import Decided, Store
from services.connectors.models import ExternalId, OdCounter, OdDefinition, OdReferral
from services.connectors.serving.numbers import new_counter
from tests.unit.services.connectors.handlers.rows import (
    CONNECTION_ID,
    ORG_ID,
    OTHER_ID,
    PARTNER_ID,
    connection,
    external_id,
    store,
)

SERVER_ID = UUID("01930000-0000-7000-8000-00000000f209")
PATIENT_ID = UUID("01930000-0000-7000-8000-00000000a001")
BOB: dict[str, Any] = {"contact_type": "provider", "first_name": "Bob", "last_name": "Baker"}


def serving(*rows: Any, beside_theirs: bool = False) -> Store:
    """An org with an interface of ours."""
    counter = new_counter(ORG_ID, SERVER_ID, beside_theirs=beside_theirs)
    counter.is_filled = True
    return store(counter, connection(id=SERVER_ID, system=System.OPENDENTAL_SERVER), *rows)


def tell(rows: Store, event: Event[Any], version: int = 1, **data: Any) -> Decided[None]:
    """An event of referrals about the partner, or whom `data` names."""
    given = {"id": str(PARTNER_ID), "version": version, **data}
    return rows.hear(event, subject=given["id"], aggregateversion=version, data=given)


def test_an_org_without_an_interface_is_left_alone() -> None:
    """Nothing is taken down about it."""
    assert tell(store(), REFERRAL_PARTNER_CREATED, **BOB).added == []


def test_before_it_is_filled_nothing_is_numbered() -> None:
    """What is there is numbered by its age, whatever is heard meanwhile."""
    rows = serving()
    rows.rows(OdCounter)[0].is_filled = False
    assert tell(rows, REFERRAL_PARTNER_CREATED, **BOB).added == []


def test_a_partner_gets_the_next_number_and_keeps_it() -> None:
    """Old news changes nothing; a specialty that nobody numbered gets a number of ours once."""
    rows = serving()
    tell(rows, REFERRAL_PARTNER_CREATED, **BOB, specialty="Implantology")
    tell(rows, REFERRAL_PARTNER_CREATED, id=str(OTHER_ID), **BOB, specialty="Implantology")
    tell(rows, REFERRAL_PARTNER_CREATED, 3, **{**BOB, "last_name": "Best"})
    tell(rows, REFERRAL_PARTNER_CREATED, 2, **{**BOB, "last_name": "Worst"})
    first, second = rows.row(OdReferral, 1), rows.row(OdReferral, 2)
    assert (first.uuid, first.fields["LName"], first.version) == (PARTNER_ID, "Best", 3)
    assert (second.uuid, second.fields["Specialty"]) == (OTHER_ID, 100_000)
    assert [(one.def_num, one.item_name) for one in rows.rows(OdDefinition)] == [
        (100_000, "Implantology")
    ]
    assert rows.rows(OdCounter)[0].next_num == 3


def test_one_that_was_archived_is_not_shown_any_more() -> None:
    """Its number stays; one that was never shown gets none."""
    rows = serving()
    tell(rows, REFERRAL_PARTNER_CREATED, **BOB)
    tell(rows, REFERRAL_PARTNER_ARCHIVED, 2, **BOB)
    tell(rows, REFERRAL_PARTNER_ARCHIVED, 2, id=str(OTHER_ID), **BOB)
    assert [(one.referral_num, one.archived) for one in rows.rows(OdReferral)] == [(1, True)]


def test_what_came_from_an_open_dental_keeps_its_number() -> None:
    """Ours begin far behind."""
    known = external_id(kind=ImportKind.PARTNER, external_id="17", uuid=PARTNER_ID)
    rows = serving(connection(), known, beside_theirs=True)
    tell(rows, REFERRAL_PARTNER_CREATED, **BOB)
    tell(rows, REFERRAL_PARTNER_CREATED, id=str(OTHER_ID), **BOB)
    assert [one.referral_num for one in rows.rows(OdReferral)] == [17, 1_000_000_000]


def test_a_patients_source_has_the_patients_number_and_then_their_phone() -> None:
    """The number is the patient's for good; what the directory says of them comes with its news."""
    rows = serving()
    linked: dict[str, Any] = {"uuid": str(PATIENT_ID), "name": "Ann Archer"}
    tell(rows, REFERRAL_SOURCE_CREATED, name="Friends", linked_patient=linked)
    (patient,) = rows.rows(ExternalId)
    assert (patient.connection_id, patient.external_id, patient.uuid) == (
        SERVER_ID,
        "1",
        PATIENT_ID,
    )
    (row,) = rows.rows(OdReferral)
    assert (row.referral_num, row.fields["PatNum"], row.fields["LName"]) == (2, 1, "Archer")
    assert (row.patient_id, row.patient_seen) == (PATIENT_ID, False)
    ann: dict[str, Any] = {"id": str(PATIENT_ID), "name": "Ann Archer", "phone": "+15033635432"}
    later = serving(patient, row)
    tell(later, PATIENT_PUT, 4, **ann)
    assert (row.fields["Telephone"], row.patient_seen) == ("5033635432", True)
    assert len(later.rows(ExternalId)) == 1


def test_a_patient_of_an_open_dental_has_their_number_there() -> None:
    """No second one is given; a number of AlfaDocs is none."""
    known = external_id(kind=ImportKind.PATIENT, external_id="435", uuid=PATIENT_ID)
    rows = serving(connection(), known)
    linked: dict[str, Any] = {"uuid": str(PATIENT_ID), "name": "Ann Archer"}
    tell(rows, REFERRAL_SOURCE_CREATED, name="Friends", linked_patient=linked)
    assert rows.rows(OdReferral)[0].fields["PatNum"] == 435
    other = serving(connection(id=CONNECTION_ID, system=System.ALFADOCS), known)
    tell(other, REFERRAL_SOURCE_CREATED, name="Friends", linked_patient=linked)
    assert other.rows(OdReferral)[0].fields["PatNum"] == 1
