"""The letter's content in the order it is read: text only, for the template to lay out."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

from contracts.referral import Priority, ReasonCode
from letters import wording
from letters.fonts import han_font
from letters.letter import Letter, LetterLink, Message
from letters.qr_code import qr_code
from letters.teeth import in_charting_order, tooth_name

# CLDR 46, supplemental data, measurementData: the territories of paperSize "US-Letter".
US_LETTER_COUNTRIES = frozenset(
    {"BZ", "CA", "CL", "CO", "CR", "GT", "MX", "NI", "PA", "PH", "PR", "SV", "US", "VE"}
)

_CODE_SYSTEMS = {
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD-10-CM",
    "http://hl7.org/fhir/sid/icd-10": "ICD-10",
    "http://snomed.info/sct": "SNOMED CT",
    "http://www.ada.org/cdt": "CDT",
    "http://www.ada.org/snodent": "SNODENT",
}

_PARAGRAPH_END = re.compile("\r\n|[\n\u000b\u000c\u0085\u2028\u2029]")

# A word that no line can hold would run off the paper. Han, Thai and the like break without spaces.
_OVERLONG_WORD = re.compile(r"[^\s\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ud7ff]{41,}")
_BREAK_EVERY = 20
_ZERO_WIDTH_SPACE = "\u200b"

_OVERLONG_PART = re.compile(r"[^/-]{41,}")

Text = dict[str, str]


def letter_content(letter: Letter) -> dict[str, Any]:
    """Everything the template shows. Each text carries its direction, `ltr` or `rtl`.

    `cancellation` is None in the letter of a referral. In that of its cancellation it is what
    was said about why; urgency, the warning of a repeat and the answer link are left out of it.
    """
    package = letter.package
    referral, practice, partner = package.referral, package.practice, package.partner
    reader, country = partner.country, wording.home_country(practice)
    cancelled = letter.message is Message.CANCELLATION
    urgent = referral.priority is not Priority.ROUTINE and not cancelled
    content = {
        "paper": "us-letter" if country in US_LETTER_COUNTRIES else "a4",
        "title": f"{'Cancelled referral' if cancelled else 'Referral'} {letter.reference}",
        "date": wording.date_in_words(letter.authored_day, country),
        "reference": letter.reference,
        "practice": _practice(letter),
        "partner": _partner(letter),
        "greeting": _text(wording.greeting_name(partner)),
        "repeat_warning": wording.repeat_warning(letter.reference)
        if letter.possible_repeat and not cancelled
        else None,
        "cancellation": {
            "request": wording.CANCELLATION_REQUEST,
            "date": wording.date_in_words(letter.written_day, country),
            "reason": _paragraphs(letter.cancel_reason or ""),
        }
        if cancelled
        else None,
        "urgency": {
            "word": wording.PRIORITY_WORDS[referral.priority].upper(),
            "meaning": wording.PRIORITY_MEANINGS[referral.priority],
        }
        if urgent
        else None,
        "priority": wording.PRIORITY_WORDS[referral.priority],
        "patient": _patient(letter),
        "reason": _paragraphs(referral.reason),
        "codes": [_code(code) for code in referral.reason_codes or []],
        "teeth": [
            {"number": _text(number), "name": tooth_name(number)}
            for number in in_charting_order(referral.teeth or [])
        ],
        "notes": _paragraphs(referral.notes or ""),
        "respond_by": wording.date_in_words(due, country)
        if (due := letter.respond_by_day)
        else None,
        "answer_link": None if cancelled else _answer_link(letter.answer_link),
        "ways_to_answer": _pairs(wording.ways_to_answer(practice, reader_country=reader)),
        "referring_provider": _referring_provider(letter),
    }
    content["han_font"] = han_font(_all_text(content), country)
    return content


def in_every_text(content: Any, change: Callable[[str], str]) -> Any:
    """The same content with every text in it changed."""
    match content:
        case str():
            return change(content)
        case dict():
            return {key: in_every_text(value, change) for key, value in content.items()}
        case list():
            return [in_every_text(item, change) for item in content]
    return content


def _practice(letter: Letter) -> dict[str, Any]:
    practice, partner = letter.package.practice, letter.package.partner
    return {
        "name": _text(practice.name),
        "address": [
            _text(line) for line in wording.address_lines(practice, reader_country=partner.country)
        ],
        "contact": _pairs(
            [
                *wording.ways_to_answer(practice, reader_country=partner.country),
                ("NPI", practice.npi),
            ]
        ),
    }


def _partner(letter: Letter) -> dict[str, Any]:
    practice, partner = letter.package.practice, letter.package.partner
    names = wording.partner_names(partner)
    numbers = [
        (label, wording.number_for(number, partner.country, reader_country=partner.country))
        for label, number in (("Phone", partner.phone), ("Fax", partner.fax))
        if number
    ]
    return {
        "names": [_text(name) for name in names],
        "about": [_text(partner.specialty)] if partner.specialty else [],
        "address": [
            _text(line)
            for line in wording.address_lines(
                partner, reader_country=wording.home_country(practice)
            )
        ],
        "numbers": _pairs(numbers),
    }


def _patient(letter: Letter) -> dict[str, Any]:
    patient, country = letter.package.patient, wording.home_country(letter.package.practice)
    reader = letter.package.partner.country
    born, phone = patient.date_of_birth, patient.phone
    details = [
        ("Date of birth", wording.date_in_words(born, country) if born else None),
        ("Phone", wording.number_for(phone, country, reader_country=reader) if phone else None),
        ("Email", patient.email),
    ]
    return {"name": _text(patient.name), "details": _pairs(details)}


def _referring_provider(letter: Letter) -> dict[str, Any] | None:
    provider = letter.package.referring_provider
    return {"name": _text(provider.name), "npi": provider.npi} if provider else None


def _answer_link(link: LetterLink | None) -> dict[str, Any] | None:
    """The link as it is followed, scanned and typed, and its code as it is read out."""
    if link is None:
        return None
    return {
        "url": link.url,
        # Lines end behind slashes and hyphens by themselves.
        "shown": _OVERLONG_PART.sub(_with_breaks, link.url.removeprefix("https://")),
        "qr_code": qr_code(link.url),
        "code": f"{link.code[:3]} {link.code[3:]}",
    }


def _code(code: ReasonCode) -> dict[str, Any]:
    return {
        "code": _text(f"{_CODE_SYSTEMS.get(code.system, code.system)} {code.code}"),
        "display": _text(code.display) if code.display else None,
    }


def _pairs(pairs: Iterable[tuple[str, str | None]]) -> list[dict[str, Any]]:
    return [{"label": label, "value": _text(value)} for label, value in pairs if value]


def _paragraphs(text: str) -> list[Text | None]:
    """The lines of a text; None where the writer left one empty."""
    return (
        [_text(line) if line.strip() else None for line in _PARAGRAPH_END.split(text)]
        if text
        else []
    )


def _text(text: str) -> Text:
    shown = wording.one_line(text)
    return {"text": _OVERLONG_WORD.sub(_with_breaks, shown), "dir": _direction(shown)}


def _with_breaks(word: re.Match[str]) -> str:
    """The word with places to break it, none of them inside a letter and its marks."""
    return "".join(
        _ZERO_WIDTH_SPACE + c
        if i and i % _BREAK_EVERY == 0 and unicodedata.category(c)[0] not in "CM"
        else c
        for i, c in enumerate(word[0])
    )


def _direction(text: str) -> str:
    """That of the first strong character: rules P2 and P3 of Unicode Standard Annex 9."""
    for character in text:
        match unicodedata.bidirectional(character):
            case "L":
                return "ltr"
            case "R" | "AL":
                return "rtl"
    return "ltr"


def _all_text(content: Any) -> str:
    texts: list[str] = []

    def note(text: str) -> str:
        texts.append(text)
        return text

    in_every_text(content, note)
    return "".join(texts)
