"""Our own Open Dental interface: the documented examples, and each rule of its requests."""

from typing import Any

import pytest

from services.connectors.opendental.server import (
    BLANK,
    FIELDS,
    Refused,
    Specialties,
    created,
    read_listing,
    shown,
    updated,
)

SPECIALTIES = Specialties({465: "Endodontics", 272: "Surgery"})
PATIENTS = {435: {"LName": "Smith", "FName": "James", "Telephone": "5033635432", "EMail": ""}}
TYPES = {name: type(value) for name, value in BLANK.items()}
SMITHERS = {
    **BLANK,
    "ReferralNum": 325,
    "LName": "Smith",
    "Specialty": 465,
    "specialty": "Endodontics",
    "IsDoctor": "true",
    "DateTStamp": "2021-06-21 10:03:08",
}


def refused(work: Any, *arguments: Any) -> tuple[int, str]:
    """The status and text of a refusal."""
    with pytest.raises(Refused) as why:
        work(*arguments)
    return why.value.status, why.value.text


def test_a_referral_has_27_fields_of_their_types_in_their_order() -> None:
    """Law 38, of the shape: three numbers, the flags as words, the rest texts."""
    referral = shown({"LName": "Davidson", "ReferralNum": 1})
    assert list(referral) == list(FIELDS) and len(referral) == 27
    assert {name: type(value) for name, value in referral.items()} == TYPES
    assert [name for name, kind in TYPES.items() if kind is int] == [
        "ReferralNum",
        "Specialty",
        "PatNum",
    ]


def test_yellow_pages_are_no_person() -> None:
    """The first documented POST: neither a patient nor a specialty."""
    made = created({"LName": "Yellow Pages"}, SPECIALTIES, PATIENTS)
    assert (made["NotPerson"], made["IsDoctor"], made["isPatient"]) == ("true", "false", "false")


def test_a_patient_brings_their_own_row() -> None:
    """The second documented POST: all but the notes is the patient's."""
    body = {"LName": "Smith", "PatNum": 435, "FName": "Other", "Note": "brings friends"}
    made = created(body, SPECIALTIES, PATIENTS)
    assert (made["FName"], made["Telephone"], made["Note"]) == (
        "James",
        "5033635432",
        "brings friends",
    )
    assert (made["NotPerson"], made["IsDoctor"], made["isPatient"]) == ("false", "false", "true")


def test_a_surgeon_is_a_doctor_by_name_or_number_of_the_specialty() -> None:
    """The third documented POST; flags that are sent beat what would follow."""
    body = {"LName": "Smith", "FName": "John", "specialty": "Surgery"}
    made = created(body, SPECIALTIES, PATIENTS)
    assert (made["Specialty"], made["specialty"]) == (272, "Surgery")
    assert (made["NotPerson"], made["IsDoctor"]) == ("false", "true")
    sent = {"LName": "S", "Specialty": 272, "IsDoctor": "false", "NotPerson": "true"}
    flagged = created(sent, SPECIALTIES, PATIENTS)
    assert (flagged["specialty"], flagged["IsDoctor"], flagged["NotPerson"]) == (
        "Surgery",
        "false",
        "true",
    )


def test_the_documented_put_changes_what_it_names() -> None:
    """Absent fields stay; the specialty's name follows its number."""
    body = {
        "LName": "Smithers",
        "FName": "Jonathan",
        "MName": "C",
        "Title": "DDS",
        "Specialty": 272,
        "Note": "Out on Thursdays",
    }
    after = updated(SMITHERS, body, SPECIALTIES)
    assert after == {**SMITHERS, **body, "specialty": "Surgery"}
    none = updated(SMITHERS, {"Specialty": 0}, SPECIALTIES)
    assert (none["Specialty"], none["specialty"]) == (0, "")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ([], "Body is invalid."),
        ({}, "LName is required."),
        ({"LName": ""}, "LName is required."),
        ({"LName": "   "}, "LName is required."),
        ({"LName": 5}, "LName is invalid."),
        ({"LName": "a\0b"}, "LName is invalid."),
        ({"LName": "A", "MName": "\0"}, "MName is invalid."),
        ({"LName": "A", "BusinessName": "\ud800"}, "BusinessName is invalid."),
        ({"LName": "A", "IsDoctor": "\0"}, "IsDoctor must be true or false."),
        ({"LName": "A", "Specialty": "272"}, "Specialty is invalid."),
        ({"LName": "A", "Specialty": 9}, "Specialty is invalid."),
        ({"LName": "A", "specialty": "Sorcery"}, "Specialty is invalid."),
        ({"LName": "A", "Specialty": 465, "specialty": "Surgery"}, "Specialty is invalid."),
        (
            {"LName": "Smith", "PatNum": 435, "Specialty": 465},
            "PatNum and Specialty cannot both be set.",
        ),
        (
            {"LName": "Smith", "PatNum": 435, "Specialty": 9},
            "PatNum and Specialty cannot both be set.",
        ),
        (
            {"LName": "Smith", "PatNum": 435, "specialty": "Sorcery"},
            "PatNum and Specialty cannot both be set.",
        ),
        ({"LName": "Jones", "PatNum": 435}, "LName does not match the patient."),
        ({"LName": "A", "ST": "ORE"}, "ST must be two characters or fewer."),
        ({"LName": "A", "Telephone": "503-363-5432"}, "Telephone must be ten digits."),
        ({"LName": "A", "SSN": "632-45-8956"}, "SSN must not contain punctuation."),
        ({"LName": "A", "IsDoctor": True}, "IsDoctor must be true or false."),
        ({"LName": "A", "UsingTIN": "yes"}, "UsingTIN must be true or false."),
        ({"LName": "A", "ReferralNum": 7}, "ReferralNum cannot be set."),
        ({"LName": "A", "IsHidden": "true"}, "IsHidden cannot be set."),
    ],
)
def test_a_post_is_refused_with_one_text(body: Any, text: str) -> None:
    """400 for each of them."""
    assert refused(created, body, SPECIALTIES, PATIENTS) == (400, text)


def test_a_patient_who_is_not_there_is_not_found() -> None:
    """404, as the page has it."""
    body = {"LName": "Smith", "PatNum": 436}
    assert refused(created, body, SPECIALTIES, PATIENTS) == (404, "Patient not found.")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"LName": ""}, "LName is required."),
        ({"LName": "   "}, "LName is required."),
        ({"Title": "\0"}, "Title is invalid."),
        ({"DateTStamp": "2022-01-01 00:00:00"}, "DateTStamp cannot be set."),
        ({"specialty": "Surgery"}, "specialty cannot be set."),
        ({"IsPreferred": "true"}, "IsPreferred cannot be set."),
        ({"Specialty": 9}, "Specialty is invalid."),
    ],
)
def test_a_put_is_refused_with_one_text(body: dict[str, Any], text: str) -> None:
    """Read-only fields pass where they say what is held."""
    assert refused(updated, SMITHERS, body, SPECIALTIES) == (400, text)
    same = {"ReferralNum": 325, "specialty": "Endodontics", "PatNum": 0}
    assert updated(SMITHERS, same, SPECIALTIES) == SMITHERS


def test_of_a_patient_only_the_notes_can_be_changed() -> None:
    """What is sent as it stands is no change."""
    held = {**BLANK, "LName": "Smith", "PatNum": 435, "isPatient": "true"}
    after = updated(held, {"Note": "N", "DisplayNote": "D", "LName": "Smith"}, SPECIALTIES)
    assert (after["Note"], after["DisplayNote"]) == ("N", "D")
    text = "Only Note and DisplayNote can be changed for a patient."
    assert refused(updated, held, {"City": "Salem"}, SPECIALTIES) == (400, text)


def test_an_ssn_is_checked_and_dropped() -> None:
    """Law 33: it is in nothing that is made of a request."""
    assert created({"LName": "A", "SSN": "632458956"}, SPECIALTIES, PATIENTS)["SSN"] == ""
    assert updated(SMITHERS, {"SSN": "632458956"}, SPECIALTIES)["SSN"] == ""


def test_a_telephone_can_be_cleared() -> None:
    """An empty one is none."""
    held = {**SMITHERS, "Telephone": "5033635432"}
    assert updated(held, {"Telephone": ""}, SPECIALTIES)["Telephone"] == ""


def test_a_list_is_filtered_by_flags_and_by_a_part_of_the_business() -> None:
    """All of them at once; the part in any case; parameters that nobody knows are ignored."""
    asked = read_listing(
        {"IsPreferred": "true", "isPatient": "false", "BusinessName": "faceBOOK", "Colour": "red"}
    )
    ad = {**BLANK, "IsPreferred": "true", "BusinessName": "Facebook Ad"}
    assert asked.wants(ad)
    assert not asked.wants({**ad, "isPatient": "true"})
    assert not asked.wants({**ad, "BusinessName": "Yellow Pages"})
    assert (asked.limit, asked.offset) == (100, 0)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"IsHidden": "True"}, "IsHidden must be true or false."),
        ({"Limit": "0"}, "Limit is invalid."),
        ({"Limit": "101"}, "Limit is invalid."),
        ({"Offset": "-1"}, "Offset is invalid."),
        ({"Offset": "many"}, "Offset is invalid."),
        ({"BusinessName": "\0"}, "BusinessName is invalid."),
    ],
)
def test_a_list_is_refused_with_one_text(query: dict[str, str], text: str) -> None:
    """400."""
    assert refused(read_listing, query) == (400, text)
