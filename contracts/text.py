"""Text as the services take it: NFC, trimmed, no control or direction-changing characters.

Source of each rule: docs/contract/wire.md#texts.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BeforeValidator, StringConstraints, ValidationInfo
from pydantic_core import PydanticCustomError

NAME_LENGTH = 200
REASON_LENGTH = 2_000
NOTES_LENGTH = 10_000
ERASED = "[erased]"
"""What stands for a text that may not be empty once the patient it told of was erased."""
KEPT = {"kept": True}
"""Validation context of what was taken in earlier and is read back: it kept to the rules of its
day, and texts and endpoints in it are not judged again."""

OWN_WORDS = {"own_words": True}
"""Context of an error that has one of pydantic's types and a sentence of its own."""

DEFAULT_IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Default_Ignorable_Code_Point of the Unicode Character Database 16.0, for a regular expression's
brackets: shown as nothing by any font."""
# What shows nothing though it is not ignorable: the interlinear annotation marks (Unicode Standard,
# section 23.8), Braille's blank pattern, the filler of Khitan script, the null notehead of music,
# and the format controls of Egyptian hieroglyphs.
_BLANK = "\u2800\ufff9-\ufffb\U00013430-\U0001343f\U00016fe4\U0001d159"
# Unicode's 66 noncharacters (Unicode Standard, section 23.7) mean nothing in any exchange.
_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    chr(plane + 0xFFFE) + chr(plane + 0xFFFF) for plane in range(0, 0x110000, 0x10000)
)
# Bidirectional controls let a text show other than it reads; surrogates and NUL cannot be stored.
_REFUSED_EVERYWHERE = f"\u202a-\u202e\u2066-\u2069\ud800-\udfff{_NONCHARACTERS}"
_REFUSED_IN_ONE_LINE = re.compile(f"[\x00-\x1f\x7f-\x9f{_REFUSED_EVERYWHERE}]")
_REFUSED_IN_NOTES = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_REFUSED_EVERYWHERE}]")
# The first combining mark is U+0300: a long run without a character below that may be all marks.
_MANY_MARKS = re.compile("[\u0300-\U0010ffff]{256,}")
# Unicode's White_Space, without those of it that are control characters and refused.
_TRIMMED = " \t\r\n\u00a0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_SHOWS_NOTHING = re.compile(f"[{_TRIMMED}{DEFAULT_IGNORABLE}{_BLANK}]*")


def clean_text(text: str, *, multiline: bool = False) -> str | None:
    """The text in NFC, trimmed, its CR LF made LF; None where nothing of it would be seen.

    Raises PydanticCustomError `text_characters` where it holds a refused character.
    """
    trimmed = text.strip(_TRIMMED).replace("\r\n", "\n")
    if trimmed.isascii() and trimmed.isprintable():
        return trimmed or None  # Most texts: what is below leaves them as they are.
    refused = _REFUSED_IN_NOTES if multiline else _REFUSED_IN_ONE_LINE
    if refused.search(trimmed):
        raise PydanticCustomError(
            "text_characters",
            "Text must not hold control characters, bidirectional controls, noncharacters or lone "
            "surrogates",
        )
    return None if _SHOWS_NOTHING.fullmatch(trimmed) else nfc(trimmed)


def is_kept(info: ValidationInfo) -> bool:
    """Whether what is validated was taken in earlier, and is read back."""
    return info.context is KEPT


def nfc(text: str) -> str:
    """Unicode's normalization form C, in a time that grows with the text's length alone.

    The library sorts the marks on a letter by insertion: of 500,000 on one, three minutes long.
    """
    return unicodedata.normalize("NFC", _MANY_MARKS.sub(_in_order, text))


def _in_order(run: re.Match[str]) -> str:
    """The run in its canonical order: decomposed, the marks on each letter by combining class."""
    ordered: list[str] = []
    marks: list[str] = []
    for character in "".join(unicodedata.normalize("NFD", one) for one in run[0]):
        if unicodedata.combining(character):
            marks.append(character)
        else:
            ordered += sorted(marks, key=unicodedata.combining)
            marks = []
            ordered.append(character)
    return "".join(ordered + sorted(marks, key=unicodedata.combining))


Cleaning = Callable[[Any, ValidationInfo], Any]


def _nullable(*, multiline: bool) -> Cleaning:
    def clean(value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, str) or is_kept(info):
            return value
        return clean_text(value, multiline=multiline)

    return clean


def _required(*, multiline: bool) -> Cleaning:
    def clean(value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, str) or is_kept(info):
            return value
        cleaned = clean_text(value, multiline=multiline)
        if cleaned is None:
            raise PydanticCustomError(
                "text_empty", "Text must not be empty, or hold nothing that shows"
            )
        return cleaned

    return clean


_Line = Annotated[str, StringConstraints(max_length=NAME_LENGTH)]
_Reason = Annotated[str, StringConstraints(max_length=REASON_LENGTH)]
_Notes = Annotated[str, StringConstraints(max_length=NOTES_LENGTH)]

Line = Annotated[_Line | None, BeforeValidator(_nullable(multiline=False))]
"""A one-line text of at most 200 characters, or null; an empty one is null."""

AnyLine = Annotated[str | None, BeforeValidator(_nullable(multiline=False))]
"""A one-line text put together of others, of any length, or null."""

RequiredLine = Annotated[_Line, BeforeValidator(_required(multiline=False))]
"""A one-line text of 1 to 200 characters."""

RequiredReason = Annotated[_Reason, BeforeValidator(_required(multiline=True))]
"""Why a referral is made or cancelled: 1 to 2,000 characters, line breaks allowed."""

Notes = Annotated[_Notes | None, BeforeValidator(_nullable(multiline=True))]
"""Notes and descriptions: at most 10,000 characters, line breaks allowed, or null."""

RequiredNotes = Annotated[_Notes, BeforeValidator(_required(multiline=True))]
"""Notes of 1 to 10,000 characters, line breaks allowed."""

SearchText = Annotated[
    Annotated[str, StringConstraints(min_length=1, max_length=100)],
    BeforeValidator(_required(multiline=False)),
]
"""A substring to look for: 1 to 100 characters."""
