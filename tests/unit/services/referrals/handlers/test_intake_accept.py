"""Taking rows in: a patient, what brought them and a draft, or nothing of it."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from contracts.intake import ACCEPT_INTAKE, LINK_INTAKE
from contracts.shapes import Reference
from messaging.testing import Store
from services.referrals.models.attribution import ReferralAttribution
from services.referrals.models.contact import Contact
from services.referrals.models.directory import Patient
from services.referrals.models.intake import Intake
from services.referrals.models.referral import Referral
from services.referrals.models.source import SourceFigures
from tests.unit.services.referrals.handlers.rows import (
    EARLIER,
    INTAKE,
    NEW,
    NOW,
    OTHER_PARTNER,
    OTHER_SOURCE,
    PARTNER,
    PATIENT,
    PROVIDER,
    SOURCE,
    attribution,
    figures,
    intake,
    mapped_project,
    mapped_source,
    partner,
    patient,
    practice,
    provider,
    source,
    store,
    wrong_fields,
)

THIS: dict[str, Any] = {"intake_uuid": INTAKE, "base_version": 3}
LINKED: dict[str, Any] = {**THIS, "patient_uuid": PATIENT}
TO_SOURCE: dict[str, Any] = {"attribution": {"referral_source_uuid": SOURCE}}
TO_PARTNER: dict[str, Any] = {"referral": {"referral_partner_uuid": PARTNER}}
WISH = "Wants help with a broken tooth"
LONG_WISH = "Wants help. " + "w" * 1_995


def made(held: Store, model: type[Any]) -> list[Any]:
    """What there is of a model that the store did not begin with."""
    return [row for row in held.rows(model) if row.version == 1]


def test_an_accepted_row_is_a_patient() -> None:
    """Observed now, called by both names; nothing more is made where nothing more is said."""
    given: dict[str, Any] = {"date_of_birth": date(1984, 3, 9), "email": "a@example.org"}
    held = store(intake(source=None, **given, telephone="+12025550143"), actor="kim")
    decided = held.decide(ACCEPT_INTAKE, **THIS)
    [new] = decided.added
    assert isinstance(new, Patient)
    assert (new.name, new.date_of_birth, new.email) == ("Alice Smith", *given.values())
    assert (new.phone, new.observed_at, new.version) == ("+12025550143", NOW, 1)
    assert (decided.status, decided.data.status, decided.data.version) == (200, "accepted", 4)
    assert decided.data.patient == Reference(uuid=new.id, name="Alice Smith")
    assert (decided.data.decided_at, decided.data.decided_by) == (NOW, "kim")
    assert decided.event_types == ["patient.put", "intake.accepted"]
    assert decided.patients == {new.id}


def test_the_patient_has_the_mobile_number_where_there_are_two() -> None:
    """A patient has one number."""
    held = store(intake(telephone="+12025550143", mobile="+12025550144"))
    held.decide(ACCEPT_INTAKE, **THIS)
    assert [row.phone for row in held.rows(Patient)] == ["+12025550144"]


def test_all_three_are_made_at_once() -> None:
    """The patient, what brought them, and a draft of what they wish."""
    held = store(
        intake(description=WISH), source(), figures(patients=4), partner(), provider(), practice()
    )
    decided = held.decide(
        ACCEPT_INTAKE,
        **THIS,
        patient_uuid=NEW,
        attribution={"referral_source_uuid": SOURCE, "source_note": "N"},
        referral={
            "referral_partner_uuid": PARTNER,
            "referring_provider_uuid": PROVIDER,
            "priority": "urgent",
            "teeth": ["30"],
        },
    )
    [brought] = held.rows(ReferralAttribution)
    assert (brought.patient_id, brought.referral_source_id) == (NEW, SOURCE)
    assert (brought.attribution_role, brought.source_note) == ("primary", "N")
    assert held.row(SourceFigures, SOURCE).patient_count == 5
    [draft] = held.rows(Referral)
    assert (draft.patient_id, draft.referral_partner_id) == (NEW, PARTNER)
    assert (draft.status, draft.priority, draft.teeth) == ("draft", "urgent", ["30"])
    assert (draft.reason, draft.notes) == (WISH, None)
    assert decided.data.patient == Reference(uuid=NEW, name="Alice Smith")
    assert decided.data.referral_attribution_uuid == brought.id
    assert decided.data.referral_uuid == draft.id
    assert decided.event_types == [
        "patient.put",
        "referral_attribution.created",
        "referral.created",
        "intake.accepted",
    ]
    assert decided.commands == [], "nothing is sent by it"


@pytest.mark.parametrize(
    ("description", "reason", "notes"),
    [
        ("w" * 2_000, "w" * 2_000, None),
        ("w" * 2_001, "w" * 2_000, "w" * 2_001),
        ("w" * 1_999 + " w", "w" * 1_999, "w" * 1_999 + " w"),
    ],
)
def test_a_long_wish_is_whole_in_the_notes(
    description: str, reason: str, notes: str | None
) -> None:
    """The first 2,000 characters are the reason."""
    held = store(intake(description=description), partner())
    held.decide(ACCEPT_INTAKE, **THIS, **TO_PARTNER)
    assert [(row.reason, row.notes) for row in held.rows(Referral)] == [(reason, notes)]


def test_a_person_may_say_it_in_their_own_words() -> None:
    """The row keeps what it said."""
    held = store(intake(description=LONG_WISH), partner())
    said = {"reason": "Broken tooth 30", "notes": "Call after 5"}
    held.decide(ACCEPT_INTAKE, **THIS, referral={"referral_partner_uuid": PARTNER, **said})
    assert [(row.reason, row.notes) for row in held.rows(Referral)] == [tuple(said.values())]
    assert held.row(Intake, INTAKE).description == LONG_WISH


@pytest.mark.parametrize("operation", [ACCEPT_INTAKE, LINK_INTAKE])
def test_of_a_wish_it_must_be_said_whether_it_becomes_a_referral(operation: Any) -> None:
    """Null says that it does not; of a row without one nothing has to be said."""
    named = THIS if operation is ACCEPT_INTAKE else LINKED
    held = store(intake(description=WISH), patient())
    assert wrong_fields(held.refuse(operation, **named)) == {("referral", "missing")}
    decided = held.decide(operation, **named, referral=None)
    assert decided.data.referral_uuid is None
    without = store(intake(), patient()).decide(operation, **named)
    assert without.data.referral_uuid is None


@pytest.mark.parametrize(
    ("entries", "source_id"),
    [
        ([mapped_source("1")], SOURCE),
        ([mapped_source("1", "2")], SOURCE),
        ([mapped_source("1", to=OTHER_SOURCE), mapped_source("1", "2")], SOURCE),
        ([mapped_source("1"), mapped_source("1", "3", to=OTHER_SOURCE)], SOURCE),
        ([mapped_source("2"), mapped_source("1", "3")], None),
        ([mapped_source("1", deleted_at=EARLIER)], None),
        ([mapped_project("1")], None),
    ],
    ids=["form", "role", "role before form", "other role", "others", "removed", "project"],
)
def test_the_source_is_the_one_that_the_form_is_mapped_to(
    entries: list[Any], source_id: UUID | None
) -> None:
    """What the role is mapped to comes before what the whole form is; nothing: no attribution."""
    held = store(intake(), source(), figures(), source(OTHER_SOURCE), *entries)
    held.decide(ACCEPT_INTAKE, **THIS)
    sources = [row.referral_source_id for row in held.rows(ReferralAttribution)]
    assert sources == ([] if source_id is None else [source_id])


@pytest.mark.parametrize("given", [None, {"referral_partner_uuid": PARTNER}])
def test_a_person_knows_better_than_the_map(given: Any) -> None:
    """Null: nobody and nothing brought them."""
    held = store(intake(), source(), figures(), partner(), mapped_source())
    held.decide(ACCEPT_INTAKE, **THIS, attribution=given)
    brought = held.rows(ReferralAttribution)
    assert [row.referral_partner_id for row in brought] == ([] if given is None else [PARTNER])
    assert held.row(SourceFigures, SOURCE).patient_count == 0


def test_a_project_forces_its_partner() -> None:
    """It need not be named, and no other one may be."""
    row = intake(project="7", description=WISH)
    held = store(row, partner(), partner(OTHER_PARTNER), mapped_project("7"))
    other = {"referral_partner_uuid": OTHER_PARTNER}
    problem = held.refuse(ACCEPT_INTAKE, **THIS, referral=other)
    assert wrong_fields(problem) == {("referral.referral_partner_uuid", "project_partner")}
    held.decide(ACCEPT_INTAKE, **THIS, referral={})
    assert [row.referral_partner_id for row in held.rows(Referral)] == [PARTNER]


def test_of_a_project_that_is_not_mapped_the_person_chooses() -> None:
    """And has to."""
    held = store(intake(project="8", description=WISH), partner(), mapped_project("7"))
    problem = held.refuse(ACCEPT_INTAKE, **THIS, referral={})
    assert wrong_fields(problem) == {("referral.referral_partner_uuid", "missing")}
    held.decide(ACCEPT_INTAKE, **THIS, **TO_PARTNER)
    assert [row.referral_partner_id for row in held.rows(Referral)] == [PARTNER]


def test_a_linked_row_makes_no_patient() -> None:
    """What brought them is secondary where they have a primary attribution already."""
    held = store(intake(), patient(), source(), figures(patients=1), attribution())
    decided = held.decide(LINK_INTAKE, **LINKED, **TO_SOURCE)
    [new] = decided.added
    assert isinstance(new, ReferralAttribution)
    assert (new.patient_id, new.attribution_role) == (PATIENT, "secondary")
    assert decided.event_types == ["referral_attribution.created", "intake.linked"]
    assert decided.data.status == "linked"
    assert decided.data.patient == Reference(uuid=PATIENT, name="Paula Pace")
    assert decided.patients == {PATIENT}


def test_the_first_attribution_of_a_linked_patient_is_primary() -> None:
    """An archived one leaves its place free."""
    gone = attribution(deleted_at=EARLIER)
    held = store(intake(), patient(), source(), figures(), gone, mapped_source())
    held.decide(LINK_INTAKE, **LINKED)
    assert [row.attribution_role for row in made(held, ReferralAttribution)] == ["primary"]


def test_a_role_that_is_said_is_kept_to() -> None:
    """Also where it is refused."""
    held = store(intake(), patient(), source(), figures(patients=1), attribution())
    of_source = {"referral_source_uuid": SOURCE}
    primary = {**of_source, "attribution_role": "primary"}
    problem = held.refuse(LINK_INTAKE, **LINKED, attribution=primary)
    assert problem.code == "primary_attribution_exists"
    assist = {**of_source, "attribution_role": "assist"}
    held.decide(LINK_INTAKE, **LINKED, attribution=assist)
    assert [row.attribution_role for row in made(held, ReferralAttribution)] == ["assist"]


def test_as_a_contact_it_is_a_contact_alone() -> None:
    """Of that name and linked to nobody; neither the map nor the wish makes anything beside it."""
    held = store(intake(description=WISH), source(), figures(), mapped_source())
    decided = held.decide(ACCEPT_INTAKE, **THIS, **{"as": "contact"})
    [new] = decided.added
    assert isinstance(new, Contact)
    assert (new.name, new.sort_name, new.search_text) == ("Alice Smith",) + ("alice smith",) * 2
    assert (new.patient_id, new.referral_partner_id, new.provider_id) == (None,) * 3
    assert (new.observed_at, new.version) == (NOW, 1)
    assert decided.event_types == ["contact.put", "intake.accepted"]
    assert decided.data.status == "accepted"
    assert decided.data.contact == Reference(uuid=new.id, name="Alice Smith")
    assert decided.data.patient is None
    assert held.row(SourceFigures, SOURCE).patient_count == 0
    assert decided.patients == set()
