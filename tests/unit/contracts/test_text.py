"""Text: NFC, trimmed, of limited length, and without characters that control or mislead."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from contracts.shapes import Shape
from contracts.text import (
    KEPT,
    Line,
    Notes,
    RequiredLine,
    RequiredReason,
    SearchText,
    clean_text,
    nfc,
)
from tests.unit.contracts.judging import refusal, refused_fields, taken

C0_AND_C1 = [*range(0x20), *range(0x7F, 0xA0)]
BIDI = [0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069]
SURROGATES = [0xD800, 0xDBFF, 0xDC00, 0xDFFF]
# Letters and symbols by their category that Unicode nevertheless calls fillers, blank or null.
NO_INK = {0x115F, 0x1160, 0x3164, 0xFFA0, 0x2800, 0x1D159}
ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("e\u0301", "é"),
        ("\u212b", "Å"),
        ("\u1112\u1161\u11ab", "한"),
        ("ﬁ", "ﬁ"),
        ("名前", "名前"),
    ],
)
def test_text_is_nfc_and_nothing_more(given_text: str, kept: str) -> None:
    """Canonical equivalents are one text; compatibility characters stay as they are."""
    assert taken(Line, given_text) == kept


@pytest.mark.parametrize("space", [" ", "   ", "\u00a0", "\u2003", "\u202f", "\u3000"])
def test_white_space_around_a_text_is_trimmed_and_inside_it_stays(space: str) -> None:
    """A space of any script is no part of a name; between two words it is."""
    assert taken(RequiredLine, f"{space}Ann{space}Archer{space}") == f"Ann{space}Archer"


@pytest.mark.parametrize("text", ["", " ", "\u00a0\u2003\u3000"])
def test_empty_is_null(text: str) -> None:
    """A text of nothing but white space is null where null is allowed, else refused."""
    assert taken(Line, text) is None
    assert taken(Notes, text) is None
    assert refusal(RequiredLine, text) == "text_empty"
    assert refusal(RequiredReason, text) == "text_empty"
    assert refusal(SearchText, text) == "text_empty"


# Default_Ignorable_Code_Point (DerivedCoreProperties.txt), one of each of its ranges; the
# interlinear annotation marks; and characters that Unicode calls blank, null or filler.
SHOWS_NOTHING = [
    *(0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x180B, 0x180E, 0x200B, 0x200C, 0x200D),
    *(0x200E, 0x200F, 0x2060, 0x2061, 0x2065, 0x206F, 0x3164, 0xFE0F, 0xFEFF, 0xFFA0, 0xFFF0),
    *(0x1BCA0, 0x1D173, 0x1D17A, 0xE0001, 0xE0020, 0xE0100, 0xE0FFF),
    *(0xFFF9, 0xFFFB, 0x2800, 0x13430, 0x16FE4, 0x1D159),
]


@pytest.mark.parametrize("code", SHOWS_NOTHING, ids=hex)
def test_a_text_that_shows_nothing_is_empty(code: int) -> None:
    """However long, and with white space between: a patient without a visible name has none."""
    for text in (chr(code), chr(code) * 3, f" {chr(code)}\u00a0{chr(code)} ", f"\ufeff{chr(code)}"):
        assert taken(Line, text) is None
        assert taken(Notes, f"{text}\n{text}") is None
        for shape in (RequiredLine, RequiredReason, SearchText):
            assert refusal(shape, text) == "text_empty"


@pytest.mark.parametrize("code", SHOWS_NOTHING, ids=hex)
def test_what_shows_nothing_stays_where_a_letter_stands_beside_it(code: int) -> None:
    """Persian needs the non-joiner, an emoji its joiner and selector: no text is rewritten."""
    assert taken(RequiredLine, f"A{chr(code)}") == f"A{chr(code)}"
    assert taken(Notes, f"{chr(code)}\nA") == f"{chr(code)}\nA"


NONCHARACTERS = [
    *range(0xFDD0, 0xFDF0),
    *(plane * 0x10000 + last for plane in range(17) for last in (0xFFFE, 0xFFFF)),
]


def test_the_66_noncharacters_are_refused_everywhere() -> None:
    """Unicode, section 23.7: they are for a program's own use, and mean nothing to another."""
    assert len(NONCHARACTERS) == 66
    for code in NONCHARACTERS:
        for shape in (Line, RequiredLine, Notes, RequiredReason, SearchText):
            assert refusal(shape, chr(code)) == "text_characters"
            assert refusal(shape, f"a{chr(code)}b") == "text_characters"


@pytest.mark.parametrize("code", [0xFDCF, 0xFDF0, 0xFFFD, 0x1FFFD, 0x20000, 0x10FFFD], ids=hex)
def test_the_neighbours_of_the_noncharacters_are_taken(code: int) -> None:
    """The replacement character and private use among them: they show."""
    assert taken(RequiredLine, chr(code)) == chr(code)


def test_what_was_taken_in_earlier_is_not_judged_again() -> None:
    """A package from before a rule is sent as it is: its referral must not be lost to the rule."""

    class Holder(Shape):
        name: RequiredLine
        note: Notes

    held = {"name": "\u200b", "note": "a\ufffe"}
    kept = Holder.model_validate(held, context=KEPT)
    assert (kept.name, kept.note) == ("\u200b", "a\ufffe")
    assert refused_fields(Holder, held) == {("name", "text_empty"), ("note", "text_characters")}


def test_cr_lf_becomes_lf() -> None:
    """Line ends of notes are one newline each; a carriage return alone is a control character."""
    assert taken(Notes, "one\r\ntwo\r\n\r\nthree") == "one\ntwo\n\nthree"
    assert refusal(Notes, "one\rtwo") == "text_characters"
    assert refusal(Notes, "one\r\r\ntwo") == "text_characters"


@pytest.mark.parametrize("code", C0_AND_C1, ids=hex)
def test_control_characters_are_refused_but_tab_and_newline_in_notes(code: int) -> None:
    """Of the controls, only tab and newline may stand in notes and reasons, none in one line."""
    text = f"a{chr(code)}b"
    assert refusal(Line, text) == "text_characters"
    assert refusal(SearchText, text) == "text_characters"
    allowed = chr(code) in "\t\n"
    assert refusal(Notes, text) == (None if allowed else "text_characters")
    assert refusal(RequiredReason, text) == (None if allowed else "text_characters")


@pytest.mark.parametrize("code", [*BIDI, *SURROGATES, 0], ids=hex)
def test_bidirectional_controls_lone_surrogates_and_nul_are_refused_everywhere(code: int) -> None:
    """What makes a text show other than it reads, or cannot be stored, is refused at any place."""
    for text in (f"a{chr(code)}b", f"{chr(code)}b", f"a{chr(code)}", chr(code)):
        for shape in (Line, RequiredLine, Notes, RequiredReason, SearchText):
            assert refusal(shape, text) == "text_characters"


@pytest.mark.parametrize("code", [0x200E, 0x200F, 0x202F, 0x2065, 0x206A, 0xD7FF, 0xE000, 0x1F9B7])
def test_the_neighbours_of_the_refused_characters_are_taken(code: int) -> None:
    """The refused ranges end where the contract says."""
    assert taken(Line, f"a{chr(code)}b") == f"a{chr(code)}b"


@pytest.mark.parametrize(
    ("shape", "longest"),
    [(Line, 200), (RequiredLine, 200), (RequiredReason, 2_000), (Notes, 10_000), (SearchText, 100)],
)
def test_a_length_counts_the_characters_that_are_kept(shape: object, longest: int) -> None:
    """One character is one code point of the cleaned text, whatever its bytes."""
    assert taken(shape, "🦷" * longest) == "🦷" * longest
    assert taken(shape, " " + "e\u0301" * longest + " ") == "é" * longest
    assert refusal(shape, "x" * (longest + 1)) == "string_too_long"


@pytest.mark.parametrize("value", [1, 1.5, True, ["a"], {"a": "b"}])
def test_only_a_string_is_a_text(value: object) -> None:
    """JSON types are exact: nothing is turned into text."""
    for shape in (Line, RequiredLine, Notes, RequiredReason, SearchText):
        assert refusal(shape, value) == "string_type"


# Marks of many classes, some of which come apart into others, and letters that marks go with.
MARKS = st.sampled_from("\u0301\u0323\u0344\u0f73\u0f71\u0345\u05b0\u3099\u1dce\u1e0b\u1eadeか한")


@given(st.lists(MARKS, min_size=256, max_size=600).map("".join), ANY_TEXT)
def test_a_long_run_of_marks_comes_into_the_same_normal_form(marks: str, text: str) -> None:
    """NFC is Unicode's, however it is reached."""
    assert nfc(f"e{marks}") == unicodedata.normalize("NFC", f"e{marks}")
    assert nfc(text + marks + text) == unicodedata.normalize("NFC", text + marks + text)


def test_marks_without_end_take_no_time() -> None:
    """1 MiB of them, the largest body there is: the library alone would need three minutes."""
    started = time.monotonic()
    assert refusal(Line, "e" + "\u0301\u0323" * 262_144) == "string_too_long"
    assert time.monotonic() - started < 20


@given(ANY_TEXT, st.booleans())
def test_cleaning_is_idempotent_and_gives_clean_text(text: str, multiline: bool) -> None:
    """A kept text is NFC, has no refused character, and is kept as it is when it comes again."""
    try:
        cleaned = clean_text(text, multiline=multiline)
    except PydanticCustomError:
        return
    if cleaned is None:
        assert not [
            c for c in text if unicodedata.category(c)[0] in "LNPS" and ord(c) not in NO_INK
        ]
        return
    assert unicodedata.is_normalized("NFC", cleaned)
    allowed = "\t\n" if multiline else ""
    assert not [c for c in cleaned if unicodedata.category(c) in ("Cc", "Cs") and c not in allowed]
    assert not set(map(ord, cleaned)) & set(BIDI)
    assert clean_text(cleaned, multiline=multiline) == cleaned
