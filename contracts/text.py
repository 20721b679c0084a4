"""Text as the services take it: NFC, trimmed, no control or direction-changing characters.

Source of each rule: docs/contract/wire.md#texts.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BeforeValidator, StringConstraints
from pydantic_core import PydanticCustomError

NAME_LENGTH = 200
REASON_LENGTH = 2_000
NOTES_LENGTH = 10_000
ERASED = "[erased]"
"""What stands for a text that may not be empty once the patient it told of was erased."""

# Bidirectional controls let a text show other than it reads; surrogates and NUL cannot be stored.
_REFUSED_EVERYWHERE = "\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_REFUSED_IN_ONE_LINE = re.compile(f"[\x00-\x1f\x7f-\x9f{_REFUSED_EVERYWHERE}]")
_REFUSED_IN_NOTES = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_REFUSED_EVERYWHERE}]")
# The first combining mark is U+0300: a long run without a character below that may be all marks.
_MANY_MARKS = re.compile("[\u0300-\U0010ffff]{256,}")
# Unicode's White_Space, without those of it that are control characters and refused.
_TRIMMED = " \t\r\n\u00a0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)


def clean_text(text: str, *, multiline: bool = False) -> str | None:
    """The text in NFC, trimmed, its CR LF made LF; None where nothing is left of it.

    Raises PydanticCustomError `text_characters` where it holds a refused character.
    """
    trimmed = text.strip(_TRIMMED).replace("\r\n", "\n")
    refused = _REFUSED_IN_NOTES if multiline else _REFUSED_IN_ONE_LINE
    if refused.search(trimmed):
        raise PydanticCustomError(
            "text_characters",
            "Text must not hold control characters, bidirectional controls or lone surrogates",
        )
    return nfc(trimmed) or None


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


def _nullable(*, multiline: bool) -> Callable[[Any], Any]:
    def clean(value: Any) -> Any:
        return clean_text(value, multiline=multiline) if isinstance(value, str) else value

    return clean


def _required(*, multiline: bool) -> Callable[[Any], Any]:
    def clean(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        cleaned = clean_text(value, multiline=multiline)
        if cleaned is None:
            raise PydanticCustomError("text_empty", "Text must not be empty")
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

SearchText = Annotated[
    Annotated[str, StringConstraints(min_length=1, max_length=100)],
    BeforeValidator(_required(multiline=False)),
]
"""A substring to look for: 1 to 100 characters."""
