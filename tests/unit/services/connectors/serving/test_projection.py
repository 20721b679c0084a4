"""Partners, sources and patients as our own Open Dental interface shows them."""

from typing import Any
from uuid import UUID

import pytest

from contracts.connecting import ImportKind
from services.connectors.opendental.server import BLANK
from services.connectors.serving.projection import (
    Linked,
    PartnerState,
    PatientState,
    SourceState,
    beside_the_resource,
    command_fields,
    names_by,
    of_partner,
    of_patient,
    of_source,
    ten_digits,
)

ID = UUID("01930000-0000-7000-8000-00000000b001")
PATIENT_ID = UUID("01930000-0000-7000-8000-00000000a001")


def partner(**fields: Any) -> PartnerState:
    """A provider, unless `fields` say otherwise."""
    given = {"contact_type": "provider", "first_name": "Norm", "last_name": "Davidson"}
    return PartnerState(id=ID, version=2, **{**given, **fields})


def source(**fields: Any) -> SourceState:
    """A source."""
    return SourceState(id=ID, version=2, **{"name": "Radio", **fields})


def test_a_partner_that_was_made_elsewhere_is_a_doctor() -> None:
    """All that our partner has, none of what only Open Dental has."""
    shown = of_partner(
        partner(
            specialty="Endodontics",
            email="norm@example.com",
            phone="+15033635432",
            address_line1="163 Madison Loop",
            city="Portland",
            state="OR",
            postal_code="54698",
            notes="Closed on Mondays",
        ),
        None,
        465,
    )
    assert shown == {
        **BLANK,
        "LName": "Davidson",
        "FName": "Norm",
        "Specialty": 465,
        "specialty": "Endodontics",
        "EMail": "norm@example.com",
        "Telephone": "5033635432",
        "Address": "163 Madison Loop",
        "City": "Portland",
        "ST": "OR",
        "Zip": "54698",
        "Note": "Closed on Mondays",
        "IsDoctor": "true",
    }


def test_a_practice_is_no_person() -> None:
    """It has one name, which stands in both fields."""
    practice = partner(
        contact_type="practice", first_name=None, last_name=None, practice_name="Smile Inc."
    )
    shown = of_partner(practice, None, 0)
    assert (shown["LName"], shown["FName"], shown["BusinessName"]) == (
        "Smile Inc.",
        "",
        "Smile Inc.",
    )
    assert (shown["NotPerson"], shown["IsDoctor"]) == ("true", "true")


@pytest.mark.parametrize(
    ("held", "now", "names"),
    [
        # A practice that was written as a last name alone stays so.
        (
            {"LName": "Smile Inc."},
            {
                "contact_type": "practice",
                "last_name": "Smile Inc.",
                "practice_name": "Smile Inc.",
            },
            ("Smile Inc.", "", ""),
        ),
        # Renamed elsewhere: what was written means somebody else.
        (
            {"LName": "Smile Inc."},
            {"contact_type": "practice", "practice_name": "Grin Inc."},
            ("Grin Inc.", "", "Grin Inc."),
        ),
        (
            {"LName": "Davidson", "FName": "Norm", "BusinessName": "Smile Inc."},
            {"first_name": "Norma", "last_name": "Davidson", "practice_name": "Smile Inc."},
            ("Davidson", "Norma", "Smile Inc."),
        ),
    ],
)
def test_names_stay_as_they_were_written_while_they_mean_the_same(
    held: dict[str, Any], now: dict[str, Any], names: tuple[str, str, str]
) -> None:
    """Our names are fewer than theirs: the way back is not unique."""
    before = {**BLANK, "ReferralNum": 7, "IsDoctor": "true", "Title": "DMD", **held}
    nobody = {"first_name": None, "last_name": None}
    shown = of_partner(partner(**{**nobody, **now}), before, 0)
    assert (shown["LName"], shown["FName"], shown["BusinessName"]) == names
    assert (shown["Title"], shown["ReferralNum"]) == ("DMD", 7)


def test_a_source_has_a_name_and_a_description() -> None:
    """What else was written there stays; it is no doctor and has no specialty."""
    before = {
        **BLANK,
        "LName": "Ann",
        "FName": "Mary",
        "NotPerson": "true",
        "Telephone": "5033635432",
    }
    shown = of_source(source(name="Mary Ann", description="On air", is_active=False), before, 0)
    assert (shown["LName"], shown["FName"]) == ("Ann", "Mary")
    assert (shown["Note"], shown["Telephone"], shown["IsHidden"]) == (
        "On air",
        "5033635432",
        "true",
    )
    renamed = of_source(source(name="Radio One"), before, 0)
    assert (renamed["LName"], renamed["FName"]) == ("Radio One", "")


def test_a_patients_row_has_the_directorys_names_and_phone() -> None:
    """Whatever the source is called; its last word is the last name where nobody said otherwise."""
    linked = Linked(uuid=PATIENT_ID, name="Debbie L Beringer")
    shown = of_source(source(name="Friends", linked_patient=linked), None, 435)
    assert (shown["LName"], shown["FName"], shown["PatNum"]) == ("Beringer", "Debbie L", 435)
    assert (shown["isPatient"], shown["NotPerson"]) == ("true", "false")
    patient = PatientState(
        id=PATIENT_ID, name="Debbie Smith", phone="+15033635432", email="d@example.com"
    )
    seen = of_patient(patient, shown)
    assert (seen["LName"], seen["FName"]) == ("Smith", "Debbie")
    assert (seen["Telephone"], seen["EMail"]) == ("5033635432", "d@example.com")


@pytest.mark.parametrize(
    ("name", "last_name", "names"),
    [
        ("Ana de la Cruz", "de la Cruz", ("Ana", "de la Cruz")),
        ("Ana de la Cruz", "DE LA CRUZ", ("Ana", "de la Cruz")),
        ("Ana de la Cruz", "Cruz", ("Ana de la", "Cruz")),
        ("Ana Cruz", "ruz", ("Ana", "Cruz")),
        ("Cher", "cher", ("", "Cher")),
        ("Ana Cruz", "Smith", ("Ana", "Cruz")),
    ],
)
def test_a_last_name_is_the_last_words_of_the_patients_name(
    name: str, last_name: str, names: tuple[str, str]
) -> None:
    """In any case, and whole words; another one leaves the last word, which then does not match."""
    found = names_by(name, last_name)
    assert (found["FName"], found["LName"]) == names


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("+15033635432", "5033635432"),
        ("+390612345678", ""),
        ("+15033635432;ext=7", ""),
        (None, ""),
    ],
)
def test_only_ten_digits_are_shown_of_a_number(phone: str | None, shown: str) -> None:
    """What the field cannot hold is left empty, and is not written back so."""
    assert ten_digits(phone) == shown


@pytest.mark.parametrize(
    ("kind", "written", "shown"),
    [
        (ImportKind.PARTNER, {"Title": "DDS", "City": "Salem"}, {"Title": "DDS"}),
        (ImportKind.SOURCE, {"Title": "DDS", "City": "Salem"}, {"Title": "DDS", "City": "Salem"}),
        # The same names, of which our partner has fewer.
        (ImportKind.PARTNER, {"BusinessName": ""}, {"BusinessName": ""}),
        (ImportKind.PARTNER, {"LName": "Grin Inc.", "BusinessName": ""}, {}),
    ],
)
def test_a_newer_resource_stays_beside_what_was_written(
    kind: ImportKind, written: dict[str, Any], shown: dict[str, Any]
) -> None:
    """Of what was written only the fields that it has not are shown, and names that mean it."""
    held = {**BLANK, "LName": "Smile Inc.", "BusinessName": "Smile Inc.", "City": "Portland"}
    assert beside_the_resource(kind, held, written) == {**held, **shown}


def test_a_row_is_the_command_that_makes_it() -> None:
    """A doctor a partner, the rest a source."""
    row = {**BLANK, "LName": "Smith", "FName": "John"}
    kind, mapped = command_fields({**row, "IsDoctor": "true"}, "US")
    assert kind is ImportKind.PARTNER
    assert (mapped.fields["contact_type"], mapped.fields["last_name"]) == ("provider", "Smith")
    kind, mapped = command_fields(row, "US")
    assert (kind, mapped.fields["name"]) == (ImportKind.SOURCE, "John Smith")
