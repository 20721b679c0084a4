"""Attributions of patients: what each command decides."""

from typing import Any

import pytest

from contracts.referral_attribution import (
    ARCHIVE_REFERRAL_ATTRIBUTION,
    CREATE_REFERRAL_ATTRIBUTION,
    UPDATE_REFERRAL_ATTRIBUTION,
)
from services.referrals.models.attribution import ReferralAttribution
from services.referrals.models.source import SourceFigures
from tests.unit.services.referrals.handlers.rows import (
    ATTRIBUTION,
    COST,
    EARLIER,
    NEW,
    NOBODY,
    NOW,
    OTHER_PATIENT,
    OTHER_SOURCE,
    PARTNER,
    PATIENT,
    PROVIDER,
    SOURCE,
    attribution,
    figures,
    partner,
    patient,
    provider,
    source,
    store,
    wrong_fields,
)

OF = {"patient_uuid": PATIENT}
THIS = {**OF, "attribution_uuid": ATTRIBUTION, "base_version": 3}
REFERENCES = (
    "referral_source_uuid",
    "referral_partner_uuid",
    "provider_uuid",
    "referring_patient_uuid",
)
ANOTHER = COST
"""The id of a second attribution: whichever is free."""


def brought(**changes: Any) -> list[Any]:
    """The billboard, its one patient, and their attribution."""
    return [patient(), source(), figures(patients=1), attribution(**changes)]


def test_a_source_that_brings_a_patient_counts_them() -> None:
    """201; the patient's row, which is locked, stays as it is."""
    decided = store(patient(), source(), figures(patients=4)).decide(
        CREATE_REFERRAL_ATTRIBUTION, **OF, id=NEW, referral_source_uuid=SOURCE, source_note="N"
    )
    assert (decided.status, decided.id, decided.data.version) == (201, NEW, 1)
    assert decided.data.attribution_role == "primary"
    assert decided.data.patient.name == "Paula Pace"
    assert decided.data.referral_source is not None
    assert decided.data.referral_source.name == "Billboard"
    assert decided.data.attributed_at == NOW
    assert decided.changes == {(SourceFigures, (SOURCE,)): {"patient_count": 5}}
    [event] = decided.events
    assert (event["type"], event["subject"]) == ("referral_attribution.created", str(NEW))
    assert decided.patients == {PATIENT}


@pytest.mark.parametrize(
    ("there", "count"),
    [
        (attribution(), 1),
        (attribution(deleted_at=EARLIER), 2),
        (attribution(referral_source_id=OTHER_SOURCE), 2),
        (attribution(patient_id=OTHER_PATIENT), 2),
    ],
)
def test_a_patient_counts_once_for_a_source(there: ReferralAttribution, count: int) -> None:
    """However often it brought them; an archived attribution does not count."""
    held = store(patient(), source(), figures(patients=1), there)
    held.decide(
        CREATE_REFERRAL_ATTRIBUTION,
        **OF,
        referral_source_uuid=SOURCE,
        attribution_role="secondary",
    )
    assert held.row(SourceFigures, SOURCE).patient_count == count


def test_two_of_one_batch_count_their_patient_once() -> None:
    """The second finds the first among the patient's, and the place of the primary taken."""
    held = store(patient(), source(), figures())
    for role in ("primary", "secondary"):
        held.decide(
            CREATE_REFERRAL_ATTRIBUTION, **OF, referral_source_uuid=SOURCE, attribution_role=role
        )
    assert held.row(SourceFigures, SOURCE).patient_count == 1
    problem = held.refuse(CREATE_REFERRAL_ATTRIBUTION, **OF, referral_source_uuid=SOURCE)
    assert problem.code == "primary_attribution_exists"


@pytest.mark.parametrize(
    ("field", "reference", "shown", "name"),
    [
        ("referral_partner_uuid", PARTNER, "referral_partner", "Alex Example"),
        ("provider_uuid", PROVIDER, "provider", "Dr. Rose"),
        ("referring_patient_uuid", OTHER_PATIENT, "referring_patient", "Otto Orr"),
    ],
)
def test_a_person_who_brought_a_patient_is_shown_by_name(
    field: str, reference: Any, shown: str, name: str
) -> None:
    """And moves no source's figures."""
    held = store(patient(), partner(), provider(), patient(OTHER_PATIENT, name="Otto Orr"))
    decided = held.decide(CREATE_REFERRAL_ATTRIBUTION, **OF, **{field: reference})
    assert getattr(decided.data, shown).name == name
    assert [getattr(decided.data, other) for other in SHOWN if other != shown] == [None] * 3
    assert decided.changes == {}
    referrer = {OTHER_PATIENT} if field == "referring_patient_uuid" else set()
    assert decided.patients == {PATIENT} | referrer


SHOWN = ("referral_source", "referral_partner", "provider", "referring_patient")


def test_an_attribution_to_a_source_that_is_a_patient_is_about_them_too() -> None:
    """Whom they brought is in their audit trail."""
    held = store(patient(), source(linked_patient_id=OTHER_PATIENT), figures())
    decided = held.decide(CREATE_REFERRAL_ATTRIBUTION, **OF, referral_source_uuid=SOURCE)
    assert decided.patients == {PATIENT, OTHER_PATIENT}


@pytest.mark.parametrize(
    ("references", "wrong"),
    [
        ({}, {(name, "exactly_one_reference") for name in REFERENCES}),
        (
            {"referral_source_uuid": NOBODY, "provider_uuid": NOBODY},
            {
                ("referral_source_uuid", "exactly_one_reference"),
                ("provider_uuid", "exactly_one_reference"),
            },
        ),
        ({"referring_patient_uuid": PATIENT}, {("referring_patient_uuid", "own_referrer")}),
    ],
)
def test_exactly_one_brought_a_patient_and_not_themselves(
    references: dict[str, Any], wrong: set[tuple[str, str]]
) -> None:
    """Told before anything is looked for."""
    problem = store().refuse(CREATE_REFERRAL_ATTRIBUTION, **OF, **references)
    assert wrong_fields(problem) == wrong


@pytest.mark.parametrize(
    ("field", "row", "code"),
    [
        ("referral_source_uuid", source, "referral_source_not_found"),
        ("referral_partner_uuid", partner, "referral_partner_not_found"),
        ("provider_uuid", provider, "provider_not_found"),
        ("referring_patient_uuid", lambda **c: patient(OTHER_PATIENT, **c), "patient_not_found"),
    ],
)
def test_whoever_is_named_is_there(field: str, row: Any, code: str) -> None:
    """Archived is as good as never there; the patient comes first of all."""
    archived = row(deleted_at=EARLIER)
    for rows, reference in (([], NOBODY), ([archived, figures()], archived.id)):
        change = {**OF, field: reference}
        assert store(patient(), *rows).refuse(CREATE_REFERRAL_ATTRIBUTION, **change).code == code
        problem = store(*rows).refuse(CREATE_REFERRAL_ATTRIBUTION, **change)
        assert problem.code == "patient_not_found"


def test_a_second_primary_is_refused_and_its_source_not_counted() -> None:
    """409; of an archived one the place is free."""
    new = {**OF, "referral_partner_uuid": PARTNER}
    held = store(*brought(), partner())
    assert held.refuse(CREATE_REFERRAL_ATTRIBUTION, **new).code == "primary_attribution_exists"
    assert held.decide(CREATE_REFERRAL_ATTRIBUTION, **new, attribution_role="assist").status == 201
    free = store(*brought(deleted_at=EARLIER), partner())
    assert free.decide(CREATE_REFERRAL_ATTRIBUTION, **new).status == 201


@pytest.mark.parametrize(
    ("field", "uuid"), [("referral_source_uuid", SOURCE), ("referral_partner_uuid", PARTNER)]
)
def test_what_is_not_active_gets_no_new_attributions(field: str, uuid: Any) -> None:
    """422, behind the conflict of two primaries."""
    rows = [source(is_active=False), partner(is_active=False), figures(), patient()]
    change = {**OF, field: uuid}
    problem = store(*rows).refuse(CREATE_REFERRAL_ATTRIBUTION, **change)
    assert wrong_fields(problem) == {(field, "inactive")}
    held = store(*rows, attribution(referral_source_id=None, provider_id=PROVIDER))
    problem = held.refuse(CREATE_REFERRAL_ATTRIBUTION, **change)
    assert problem.code == "primary_attribution_exists"


@pytest.mark.parametrize("there", [attribution(), attribution(deleted_at=EARLIER)])
def test_an_id_that_is_taken_is_refused(there: ReferralAttribution) -> None:
    """For good; whatever the role."""
    held = store(patient(), partner(), there)
    problem = held.refuse(
        CREATE_REFERRAL_ATTRIBUTION, **OF, id=ATTRIBUTION, referral_partner_uuid=PARTNER
    )
    assert problem.code == "already_exists"


def test_a_change_of_role_and_note_is_a_version_of_its_own() -> None:
    """The figures count patients, not roles."""
    decided = store(*brought()).decide(
        UPDATE_REFERRAL_ATTRIBUTION, **THIS, attribution_role="assist", source_note="Saw it twice"
    )
    assert (decided.status, decided.data.version) == (200, 4)
    assert decided.changes == {
        (ReferralAttribution, (ATTRIBUTION,)): {
            "attribution_role": "assist",
            "source_note": "Saw it twice",
            "version": 4,
            "updated_at": NOW,
        }
    }
    [event] = decided.events
    assert event["type"] == "referral_attribution.updated"
    assert event["changed"] == "attribution_role,source_note"
    assert decided.patients == {PATIENT}


def test_the_primary_one_may_stay_it_and_another_may_not_become_it() -> None:
    """409 beside the one that there is."""
    second = attribution(ANOTHER, attribution_role="secondary", referral_source_id=None)
    held = store(*brought(), second)
    stays = held.decide(UPDATE_REFERRAL_ATTRIBUTION, **THIS, attribution_role="primary")
    assert (stays.status, stays.changes, stays.outgoing) == (200, {}, [])
    other = {**THIS, "attribution_uuid": ANOTHER}
    problem = held.refuse(UPDATE_REFERRAL_ATTRIBUTION, **other, attribution_role="primary")
    assert problem.code == "primary_attribution_exists"
    held.decide(UPDATE_REFERRAL_ATTRIBUTION, **THIS, attribution_role="assist")
    taken = held.decide(UPDATE_REFERRAL_ATTRIBUTION, **other, attribution_role="primary")
    assert taken.data.attribution_role == "primary"


def test_an_archived_attribution_takes_its_patient_off_the_figures() -> None:
    """204; the place of the primary one is free again."""
    held = store(*brought(), partner())
    decided = held.decide(ARCHIVE_REFERRAL_ATTRIBUTION, **THIS)
    assert (decided.status, decided.data) == (204, None)
    assert decided.changes == {
        (SourceFigures, (SOURCE,)): {"patient_count": 0},
        (ReferralAttribution, (ATTRIBUTION,)): {"deleted_at": NOW, "version": 4, "updated_at": NOW},
    }
    assert decided.event_types == ["referral_attribution.archived"]
    new = held.decide(CREATE_REFERRAL_ATTRIBUTION, **OF, referral_partner_uuid=PARTNER)
    assert new.data.attribution_role == "primary"


@pytest.mark.parametrize(
    ("other", "count"),
    [
        ({"attribution_role": "assist"}, 1),
        ({"attribution_role": "assist", "deleted_at": EARLIER}, 0),
        ({"attribution_role": "assist", "referral_source_id": OTHER_SOURCE}, 0),
    ],
)
def test_a_patient_who_has_another_to_the_source_still_counts(
    other: dict[str, Any], count: int
) -> None:
    """Until the last of them is archived."""
    held = store(*brought(), attribution(ANOTHER, **other))
    held.decide(ARCHIVE_REFERRAL_ATTRIBUTION, **THIS)
    assert held.row(SourceFigures, SOURCE).patient_count == count


def test_an_archived_attribution_to_a_person_moves_no_figures() -> None:
    """There are none to move."""
    row = attribution(referral_source_id=None, provider_id=PROVIDER)
    decided = store(patient(), provider(), row).decide(ARCHIVE_REFERRAL_ATTRIBUTION, **THIS)
    assert list(decided.changes) == [(ReferralAttribution, (ATTRIBUTION,))]
    assert decided.events[0]["data"]["provider"]["name"] == "Dr. Rose"


@pytest.mark.parametrize("operation", [UPDATE_REFERRAL_ATTRIBUTION, ARCHIVE_REFERRAL_ATTRIBUTION])
@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([], "patient_not_found"),
        ([patient(deleted_at=EARLIER), source(), figures(), attribution()], "patient_not_found"),
        ([patient()], "referral_attribution_not_found"),
        (
            [patient(), source(), figures(), attribution(deleted_at=EARLIER)],
            "referral_attribution_not_found",
        ),
        (
            [patient(), source(), figures(), attribution(patient_id=OTHER_PATIENT)],
            "referral_attribution_not_found",
        ),
        ([patient(), source(), figures(), attribution(version=4)], "version_conflict"),
    ],
)
def test_an_attribution_is_there_is_its_patients_and_has_not_changed(
    operation: Any, rows: list[Any], code: str
) -> None:
    """The patient before the attribution, and its version last."""
    assert store(*rows).refuse(operation, **THIS).code == code


def test_imported_history_has_the_time_of_then() -> None:
    """Now at the latest; what is still to come is refused, and nothing is written."""
    asked = {**OF, "id": NEW, "referral_source_uuid": SOURCE}
    held = store(patient(), source(), figures())
    decided = held.decide(
        CREATE_REFERRAL_ATTRIBUTION, **asked, attributed_at="2026-11-20T10:30:00+01:00"
    )
    assert decided.data.attributed_at == EARLIER
    now = store(patient(), source(), figures())
    decided = now.decide(CREATE_REFERRAL_ATTRIBUTION, **asked, attributed_at="2026-11-22T04:00:00Z")
    assert decided.data.attributed_at == NOW
    late = store(patient(), source(), figures())
    problem = late.refuse(
        CREATE_REFERRAL_ATTRIBUTION, **asked, attributed_at="2026-11-22T04:00:00.000001Z"
    )
    assert wrong_fields(problem) == {("attributed_at", "time_in_future")}
