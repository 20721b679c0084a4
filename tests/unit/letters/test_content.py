"""The letter as a partner gets it: what it says, that it can be read, that it never changes."""

from typing import Any

import pytest

from contracts.referral import Priority, ReasonCode
from letters.content import letter_content
from letters.render import render_letter
from letters.teeth import tooth_name
from tests.support.samples.letters import letter, named, read, words_of
from tests.support.samples.packages import (
    sample_consignment,
    sample_package,
    sample_partner,
    sample_patient,
    sample_practice,
    sample_referral,
)


def test_it_says_what_the_package_says() -> None:
    """Practice, partner, patient, reason, teeth, codes, notes, dates, reference, how to answer."""
    words = words_of(render_letter(sample_consignment()))
    for said in (
        "Sample Family Dental",
        "100 Example Street",
        "Springfield, IL 62701",
        "Phone (202) 555-0101 Fax (202) 555-0102 Email office@example.com NPI 1234567893",
        "Alex Example Example Endodontics Endodontics 200 Sample Avenue Springfield, IL 62702",
        "Fax (202) 555-0112",
        "Date November 20, 2026",
        "Reference 0123-4567-89AB",
        "Priority Routine",
        "Dear Alex Example,",
        "Sample Patient",
        "Date of birth March 9, 1984",
        "(202) 555-0143",
        "patient@example.com",
        "Reason Root canal evaluation, lower right first molar.",
        "30 lower right first molar (FDI 46)",
        "ICD-10-CM K04.01 Reversible pulpitis",
        "Notes Cold sensitivity for two weeks, no swelling.",
        "Dr. Robin Sample",
        "Please let us know by December 4, 2026",
        "name the reference 0123-4567-89AB",
        "Page 1 of 1",
    ):
        assert said in words
    assert "repeat" not in words
    assert len(read(render_letter(sample_consignment())).pages) == 1


@pytest.mark.parametrize(
    ("priority", "word"),
    [(Priority.URGENT, "URGENT"), (Priority.ASAP, "ASAP"), (Priority.STAT, "STAT")],
)
def test_urgency_stands_out(priority: Priority, word: str) -> None:
    """What is not routine is said in capitals before everything about the patient."""
    words = words_of(letter(referral=sample_referral(priority=priority)))
    assert words.index(f"{word} Please act on this") < words.index("Dear Alex")


def test_a_possible_repeat_says_so() -> None:
    """A declared repeat warns, names the reference and asks not to book twice."""
    words = words_of(render_letter(sample_consignment(possible_repeat=True)))
    assert "This may be a repeat. You may already have received this referral" in words
    assert "with the same reference 0123-4567-89AB" in words
    assert "do not book the patient twice" in words


def test_what_is_unknown_is_left_out() -> None:
    """A package with only what it must have gives a letter without empty labels."""
    words = words_of(
        letter(
            referral=sample_referral(reason_codes=None, teeth=None, notes=None, respond_by=None),
            patient=sample_patient(date_of_birth=None, phone=None, email=None),
            practice=sample_practice(
                **dict.fromkeys(
                    ("phone", "fax", "email", "npi", "address_line1", "address_line2", "city")
                ),
                state=None,
                postal_code=None,
            ),
        )
    )
    for label in ("Date of birth", "Teeth", "Codes", "Notes", "None", "Email"):
        assert label not in words
    assert "Please answer the way this letter reached you." in words


# ---- The same bytes


def test_the_same_consignment_gives_the_same_bytes() -> None:
    """A retry sends what the first attempt sent."""
    assert render_letter(sample_consignment()) == render_letter(sample_consignment())


def test_the_document_is_dated_when_the_referral_was_sent() -> None:
    """No clock is read: the PDF's date is the referral's."""
    metadata = read(render_letter(sample_consignment())).metadata
    assert metadata is not None
    assert str(metadata.creation_date) == "2026-11-20 15:30:00+00:00"


# ---- For every reader


def test_it_is_a_tagged_pdf_with_a_title_and_a_language() -> None:
    """PDF/UA-1 (ISO 14289-1): what a screen reader needs. The title says nothing of the patient."""
    reader = read(letter(patient=named("Sample Patient")))
    catalogue: Any = reader.root_object
    assert catalogue["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in catalogue
    assert catalogue["/Lang"] == "en"
    assert catalogue["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata is not None
    assert reader.metadata.title == "Referral 0123-4567-89AB"
    assert b"<pdfuaid:part>1</pdfuaid:part>" in catalogue["/Metadata"].get_data()


@pytest.mark.parametrize(
    ("country", "width", "height"),
    [("US", 612, 792), ("CA", 612, 792), ("MX", 612, 792), ("DE", 595, 842), ("JP", 595, 842)],
)
def test_the_paper_is_the_practices(country: str, width: int, height: int) -> None:
    """US Letter where CLDR says so, A4 everywhere else."""
    box = read(letter(practice=sample_practice(country=country))).pages[0].mediabox
    assert (round(box.width), round(box.height)) == (width, height)


# ---- Any text is only text


def test_a_practice_of_no_country_yet_writes_as_in_the_united_states() -> None:
    """docs/contract/wire.md#directory: letter paper, the month first, and no country is named."""
    package = sample_package(practice=sample_practice(country=None))
    content = letter_content(sample_consignment(package=package))
    assert (content["paper"], content["date"]) == ("us-letter", "November 20, 2026")
    address = [line["text"] for line in content["practice"]["address"]]
    assert address == ["100 Example Street", "Suite 200", "Springfield, IL 62701"]


def test_text_is_never_markup() -> None:
    """What a practice writes is shown as it is, whatever it means to the typesetter."""
    hostile = '#import "x.typ" #panic("no") *bold* _i_ $x^2$ @ref <label> \\u{41} `code` // gone'
    words = words_of(letter(referral=sample_referral(notes=hostile, reason=hostile)))
    assert words.count(hostile) == 2


@pytest.mark.parametrize("separator", ["\n", "\u2028", "\u2029"])
def test_notes_keep_their_lines(separator: str) -> None:
    """Every kind of line end of Unicode ends a line; an empty one is kept as a gap."""
    notes = f"first{separator}{separator}second"
    content = letter_content(
        sample_consignment(package=sample_package(referral=sample_referral(notes=notes)))
    )
    assert content["notes"] == [
        {"text": "first", "dir": "ltr"},
        None,
        {"text": "second", "dir": "ltr"},
    ]


def test_a_paragraph_runs_in_its_own_direction() -> None:
    """The first strong character decides, as in Unicode's bidirectional algorithm."""
    notes = "(30) مريض\nSee مريض\n30"
    content = letter_content(
        sample_consignment(package=sample_package(referral=sample_referral(notes=notes)))
    )
    assert [line["dir"] for line in content["notes"]] == ["rtl", "ltr", "ltr"]


def test_a_word_without_end_is_broken() -> None:
    """A word longer than a line gets places to break, and no other word does."""
    content = letter_content(sample_consignment(package=sample_package(patient=named("W" * 200))))
    assert max(map(len, content["patient"]["name"]["text"].split("\u200b"))) == 20
    address = "a.very.long.name.of.a.person@example.com"
    content = letter_content(sample_consignment(package=sample_package(patient=named(address))))
    assert content["patient"]["name"]["text"] == address


# ---- What it is about


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("1", "upper right third molar (FDI 18)"),
        ("8", "upper right central incisor (FDI 11)"),
        ("9", "upper left central incisor (FDI 21)"),
        ("14", "upper left first molar (FDI 26)"),
        ("16", "upper left third molar (FDI 28)"),
        ("17", "lower left third molar (FDI 38)"),
        ("24", "lower left central incisor (FDI 31)"),
        ("25", "lower right central incisor (FDI 41)"),
        ("30", "lower right first molar (FDI 46)"),
        ("32", "lower right third molar (FDI 48)"),
        ("A", "upper right primary second molar (FDI 55)"),
        ("E", "upper right primary central incisor (FDI 51)"),
        ("F", "upper left primary central incisor (FDI 61)"),
        ("J", "upper left primary second molar (FDI 65)"),
        ("K", "lower left primary second molar (FDI 75)"),
        ("O", "lower left primary central incisor (FDI 71)"),
        ("P", "lower right primary central incisor (FDI 81)"),
        ("T", "lower right primary second molar (FDI 85)"),
    ],
)
def test_a_tooth_has_a_name_in_both_numberings(number: str, name: str) -> None:
    """Universal 14 and FDI 14 are different teeth: the letter gives name and both numbers."""
    assert tooth_name(number) == name


def test_a_tooth_that_no_chart_has_is_shown_as_it_came() -> None:
    """Teeth come in charting order, each once, and one that is unknown is not left out."""
    words = words_of(letter(referral=sample_referral(teeth=["A", "51", "14", "A", "3"])))
    assert (
        "Teeth 3 upper right first molar (FDI 16) 14 upper left first molar (FDI 26) "
        "A upper right primary second molar (FDI 55) 51 Codes" in words
    )


def test_a_code_of_an_unknown_system_keeps_its_system() -> None:
    """A code means something only within its system, which is printed if it has no short name."""
    codes = [
        ReasonCode(system="urn:local:codes", code="X1"),
        ReasonCode(system="http://snomed.info/sct", code="234947003", display="Dental caries"),
    ]
    words = words_of(letter(referral=sample_referral(reason_codes=codes)))
    assert "urn:local:codes X1" in words
    assert "SNOMED CT 234947003 Dental caries" in words


def test_dates_and_numbers_suit_their_readers() -> None:
    """Abroad the day comes first, numbers are international and the country is named."""
    words = words_of(
        letter(
            practice=sample_practice(country="DE", phone="030 1234567", city="Berlin"),
            partner=sample_partner(country="FR", phone="+33123456789"),
        )
    )
    assert "20 November 2026" in words
    assert "Germany" in words
    assert "France" in words
    assert "+49 30 1234567" in words
    assert "01 23 45 67 89" in words
