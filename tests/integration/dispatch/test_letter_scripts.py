"""The letter in any script: nothing is missing from it, and what can be searched is found."""

import hypothesis
import pytest
from hypothesis import strategies
from pypdf.generic import ByteStringObject, ContentStream, TextStringObject

from letters.fonts import han_font
from tests.integration.dispatch.poppler import pdftotext
from tests.support.samples.letters import letter, named, read, words_of
from tests.support.samples.packages import sample_practice, sample_referral

# The same words, "sample patient" or a name, in every script that docs/partners/letter.md promises.
SCRIPTS = {
    "Arabic": "مريض تجريبي محمد عبد الله",
    "Persian": "بیمار نمونه پگاه ژاله",
    "Urdu": "نمونہ مریض کھڑے",
    "Pashto": "ښځه ړوند ګل",
    "Hebrew": "מטופל לדוגמה",
    "Devanagari": "नमूना मरीज़ कृष्ण",
    "Bengali": "নমুনা রোগী",
    "Gurmukhi": "ਨਮੂਨਾ ਮਰੀਜ਼",
    "Gujarati": "નમૂના દર્દી",
    "Oriya": "ନମୁନା ରୋଗୀ",
    "Tamil": "மாதிரி நோயாளி",
    "Telugu": "నమూనా రోగి",
    "Kannada": "ಮಾದರಿ ರೋಗಿ",
    "Malayalam": "മാതൃകാ രോഗി",
    "Sinhala": "නියැදි රෝගියා",
    "Thai": "ผู้ป่วยตัวอย่าง",
    "Lao": "ຄົນເຈັບຕົວຢ່າງ",
    "Khmer": "អ្នកជំងឺគំរូ",
    "Myanmar": "နမူနာ လူနာ",
    "Ethiopic": "ናሙና ታካሚ",
    "Armenian": "Նմուշ Հիվանդ",
    "Georgian": "ნიმუში პაციენტი",
    "Greek": "Δείγμα Ασθενής ἀρχή",
    "Russian": "Пример Пациент",
    "Ukrainian": "Зразок Їжак Ґанок",
    "Polish": "Zażółć Gęślą Jaźń",
    "Vietnamese": "Bệnh nhân Mẫu Nguyễn",
    "Turkish": "Örnek Hasta Işıl Ğ",
    "Icelandic": "Sýnishorn Þórður Æ",
    "Yoruba": "Àpẹẹrẹ Aláìsàn Ọ̀ṣun",
    "Chinese, simplified": "测试病人王小明",
    "Chinese, traditional": "測試病人龍",
    "Japanese": "見本患者サンプルたろう",
    "Korean": "견본 환자",
    "symbols": "→ ≥ ± ½ ° µ € ₹ ☐ ☒ ✓ 🙂",
}
# One glyph for each letter, in the order of the letters: any reader finds the words.
READ_BACK = (
    "Ethiopic, Armenian, Georgian, Greek, Russian, Ukrainian, Polish, Vietnamese, Turkish, "
    "Icelandic, Chinese, simplified, Chinese, traditional, Japanese, Korean"
)


def missing_glyphs(pdf: bytes) -> int:
    """How many glyphs of number 0 (.notdef) the pages show."""
    reader = read(pdf)
    missing = 0
    for page in reader.pages:
        operations = ContentStream(page.get_contents(), reader).operations
        for operands, operator in operations:
            shown = operands[0] if operator == b"TJ" else operands if operator == b"Tj" else []
            for part in shown:
                if isinstance(part, TextStringObject | ByteStringObject):
                    glyphs = part.original_bytes
                    missing += sum(glyphs[i : i + 2] == b"\0\0" for i in range(0, len(glyphs), 2))
    return missing


@pytest.mark.parametrize("script", SCRIPTS)
def test_any_script_is_shown(script: str) -> None:
    """No character of these scripts is a missing glyph, in the name, in bold or in the notes."""
    text = SCRIPTS[script]
    pdf = letter(
        patient=named(text),
        practice=sample_practice(name=text),
        referral=sample_referral(notes=f"{text}\n{text}"),
    )
    assert missing_glyphs(pdf) == 0
    assert "[U+" not in words_of(pdf)


@pytest.mark.parametrize("script", [s for s in SCRIPTS if s in READ_BACK])
def test_a_name_is_found_in_the_text(script: str) -> None:
    """The PDF can be searched: its text is the text that went in."""
    assert SCRIPTS[script] in words_of(letter(patient=named(SCRIPTS[script])))


@pytest.mark.parametrize("script", ["Arabic", "Persian", "Urdu", "Hebrew"])
def test_words_from_right_to_left_are_found(script: str) -> None:
    """Every letter comes out, and none doubled, as those of fonts that compose letters do."""
    words = words_of(letter(patient=named(SCRIPTS[script])))
    letters = SCRIPTS[script].replace(" ", "")
    assert {c: words.count(c) for c in letters} == {c: letters.count(c) for c in letters}


def test_a_character_without_a_glyph_shows_its_code() -> None:
    """Nothing vanishes: what no shipped font has is spelled out, and the rest is as it was."""
    pdf = letter(patient=named("Sample \u1403\u14c4 Jaźń"))
    assert "Sample [U+1403][U+14C4] Jaźń" in words_of(pdf)
    assert missing_glyphs(pdf) == 0


# docs/contract/wire.md#texts: no control characters, bidirectional controls, lone surrogates.
TAKEN = strategies.characters(
    exclude_categories=["Cc", "Cs"],
    exclude_characters="\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
)


@hypothesis.settings(max_examples=15, deadline=None)
@hypothesis.given(strategies.text(TAKEN, min_size=1, max_size=30))
def test_every_text_gives_a_letter(text: str) -> None:
    """Whatever the notes take can be written, and nothing of it stops a referral."""
    assert missing_glyphs(letter(referral=sample_referral(notes=text))) == 0


@pytest.mark.parametrize(
    ("text", "country", "family"),
    [
        ("患者", "CN", "Noto Sans CJK SC"),
        ("患者", "JP", "Noto Sans CJK JP"),
        ("患者", "TW", "Noto Sans CJK TC"),
        ("患者", "US", "Noto Sans CJK SC"),
        ("患者さん", "US", "Noto Sans CJK JP"),
        ("患者 환자", "US", "Noto Sans CJK KR"),
    ],
)
def test_han_characters_are_drawn_as_their_readers_do(text: str, country: str, family: str) -> None:
    """Kana and Hangul tell the language, else the practice's country does."""
    assert han_font(text, country) == family


@pytest.mark.parametrize(
    "name", ["Zażółć Gęślą-Jaźń", "测试病人王小明", "محمد عبد الله", "فاطمة الزهراء"]
)
def test_pdftotext_finds_the_patient(name: str) -> None:
    """The reader that others build their search on."""
    assert name in pdftotext(letter(patient=named(name)))


def test_pdftotext_reads_long_notes_to_their_end() -> None:
    """Over the pages, in their order."""
    notes = "\n".join(f"Line {number} of the notes." for number in range(120))
    text = pdftotext(letter(referral=sample_referral(notes=notes)))
    places = [text.index(f"Line {number} of the notes.") for number in range(120)]
    assert places == sorted(places)
