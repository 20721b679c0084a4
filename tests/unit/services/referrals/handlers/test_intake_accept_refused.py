"""Refusals to take a row in, after which nothing at all is made."""

from typing import Any

import pytest

from contracts.intake import ACCEPT_INTAKE, LINK_INTAKE
from services.referrals.models.attribution import ReferralAttribution
from services.referrals.models.directory import Patient
from services.referrals.models.intake import Intake
from services.referrals.models.referral import Referral
from tests.unit.services.referrals.handlers.rows import (
    EARLIER,
    INTAKE,
    NEW,
    NOBODY,
    OTHER_PATIENT,
    PARTNER,
    PATIENT,
    PROVIDER,
    SOURCE,
    figures,
    intake,
    mapped_source,
    partner,
    patient,
    rejected_intake,
    source,
    store,
    wrong_fields,
)

THIS: dict[str, Any] = {"intake_uuid": INTAKE, "base_version": 3}
LINKED: dict[str, Any] = {**THIS, "patient_uuid": PATIENT}
TO_SOURCE: dict[str, Any] = {"attribution": {"referral_source_uuid": SOURCE}}
TO_PARTNER: dict[str, Any] = {"referral": {"referral_partner_uuid": PARTNER}}
WISH = "Wants help with a broken tooth"


def test_a_draft_of_a_row_without_a_wish_needs_a_reason() -> None:
    """A referral has one always."""
    held = store(intake(), partner())
    problem = held.refuse(ACCEPT_INTAKE, **THIS, **TO_PARTNER)
    assert wrong_fields(problem) == {("referral.reason", "missing")}


@pytest.mark.parametrize("operation", [ACCEPT_INTAKE, LINK_INTAKE])
def test_what_fails_on_its_attribution_makes_nothing(operation: Any) -> None:
    """No patient, no referral, and the row waits as before."""
    named = THIS if operation is ACCEPT_INTAKE else LINKED
    asleep = store(
        intake(description=WISH), patient(), source(is_active=False), figures(), partner()
    )
    problem = asleep.refuse(operation, **named, **TO_SOURCE, **TO_PARTNER)
    assert wrong_fields(problem) == {("attribution.referral_source_uuid", "inactive")}
    assert asleep.rows(Referral) == []
    assert [row.id for row in asleep.rows(Patient)] == [PATIENT]
    assert asleep.row(Intake, INTAKE).status == "received"


def test_what_fails_on_the_mapped_source_makes_nothing_either() -> None:
    """Whoever says null, or another one, goes on."""
    held = store(intake(), source(is_active=False), figures(), mapped_source())
    problem = held.refuse(ACCEPT_INTAKE, **THIS)
    assert wrong_fields(problem) == {("attribution.referral_source_uuid", "inactive")}
    archived = store(intake(), source(deleted_at=EARLIER), figures(), mapped_source())
    assert archived.refuse(ACCEPT_INTAKE, **THIS).code == "referral_source_not_found"
    assert archived.decide(ACCEPT_INTAKE, **THIS, attribution=None).data.status == "accepted"


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({}, {f"attribution.{name}" for name in (
            "referral_source_uuid", "referral_partner_uuid", "provider_uuid",
            "referring_patient_uuid",
        )}),
        (
            {"referral_source_uuid": SOURCE, "provider_uuid": PROVIDER},
            {"attribution.referral_source_uuid", "attribution.provider_uuid"},
        ),
    ],
)  # fmt: skip
def test_exactly_one_reference(given: dict[str, Any], wrong: set[str]) -> None:
    """As of every attribution."""
    problem = store(intake()).refuse(ACCEPT_INTAKE, **THIS, attribution=given)
    assert wrong_fields(problem) == {(name, "exactly_one_reference") for name in wrong}


def test_nobody_refers_themselves() -> None:
    """As of every attribution; a patient who is just made can have been referred by another."""
    own = {"attribution": {"referring_patient_uuid": PATIENT}}
    held = store(intake(), patient())
    problem = held.refuse(LINK_INTAKE, **LINKED, **own)
    assert wrong_fields(problem) == {("attribution.referring_patient_uuid", "own_referrer")}
    held.decide(ACCEPT_INTAKE, **THIS, **own)
    assert [row.referring_patient_id for row in held.rows(ReferralAttribution)] == [PATIENT]


@pytest.mark.parametrize(
    ("field", "value"),
    [("patient_uuid", NEW), *TO_SOURCE.items(), *TO_PARTNER.items()],
)
def test_what_goes_with_a_patient_does_not_go_with_a_contact(field: str, value: Any) -> None:
    """Null says the same as nothing."""
    held = store(intake(), source(), figures(), partner())
    as_contact: dict[str, Any] = {**THIS, "as": "contact"}
    problem = held.refuse(ACCEPT_INTAKE, **as_contact, **{field: value})
    assert wrong_fields(problem) == {(field, "does_not_belong")}
    assert held.decide(ACCEPT_INTAKE, **as_contact, **{field: None}).data.contact is not None


@pytest.mark.parametrize("there", [patient(), patient(deleted_at=EARLIER)])
def test_a_patient_who_is_there_is_not_made_again(there: Patient) -> None:
    """An archived one holds the id too."""
    problem = store(intake(), there).refuse(ACCEPT_INTAKE, **THIS, patient_uuid=PATIENT)
    assert problem.code == "already_exists"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"intake_uuid": NOBODY}, "intake_not_found"),
        ({"patient_uuid": NOBODY}, "patient_not_found"),
        ({"attribution": {"referral_source_uuid": NOBODY}}, "referral_source_not_found"),
        ({"attribution": {"referral_partner_uuid": NOBODY}}, "referral_partner_not_found"),
        ({"attribution": {"provider_uuid": NOBODY}}, "provider_not_found"),
        ({"attribution": {"referring_patient_uuid": NOBODY}}, "patient_not_found"),
        ({"referral": {"referral_partner_uuid": NOBODY}}, "referral_partner_not_found"),
        (
            {"referral": {"referral_partner_uuid": PARTNER, "referring_provider_uuid": NOBODY}},
            "provider_not_found",
        ),
    ],
)
def test_what_is_named_is_there(fields: dict[str, Any], code: str) -> None:
    """Before anything else is looked at."""
    held = store(intake(), patient(), partner())
    assert held.refuse(LINK_INTAKE, **{**LINKED, "base_version": 1, **fields}).code == code


@pytest.mark.parametrize("operation", [ACCEPT_INTAKE, LINK_INTAKE])
@pytest.mark.parametrize(
    "row",
    [
        rejected_intake(),
        intake(status="accepted", decided_at=EARLIER),
        intake(status="linked", decided_at=EARLIER),
    ],
    ids=["rejected", "accepted", "linked"],
)
def test_only_a_received_row_is_taken_in(operation: Any, row: Intake) -> None:
    """The second of two who accept it meets the version first."""
    named = THIS if operation is ACCEPT_INTAKE else LINKED
    held = store(row, patient())
    assert held.refuse(operation, **named).code == "invalid_transition"
    stale = held.refuse(operation, **{**named, "base_version": 2})
    assert (stale.code, stale.current_version) == ("version_conflict", 3)


def test_two_of_one_batch_are_one_patient_and_one_conflict() -> None:
    """The second finds the version that the first has made."""
    held = store(intake(), patient(OTHER_PATIENT))
    held.decide(ACCEPT_INTAKE, **THIS)
    problem = held.refuse(ACCEPT_INTAKE, **THIS)
    assert (problem.code, problem.current_version) == ("version_conflict", 4)
    assert len(held.rows(Patient)) == 2
