"""Phone and fax numbers: E.164, with the extension behind it where one was given.

Every parser raises PydanticCustomError `phone_invalid`, whose message never quotes the number.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Any

import phonenumbers
from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from contracts.text import DEFAULT_IGNORABLE, NAME_LENGTH, clean_text

PHONE_WORDS = (
    "Must be a valid phone number: with + and its country code, such as +12025550143, or a "
    "national one of the country that it belongs to"
)
# RFC 3966, section 3; no parameter that is registered has a digit in its name.
_TEL_PARAMETER = re.compile(r";([a-z-]*)(?:=([^;]*))?(?=;|$)", re.IGNORECASE | re.ASCII)
_VISUAL_SEPARATORS = re.compile(r"[-.()]")
# A context that is digits belongs before the number; any other names a network whose own plan the
# number is of (RFC 3966, section 5.1.5), and nobody outside dials it.
_CONTEXT = re.compile(r";phone-context=([^;]*)", re.IGNORECASE | re.ASCII)
_CONTEXT_DIGITS = re.compile(r"\+[0-9.()-]*[0-9]", re.ASCII)
_SHOWN_AS_NOTHING = re.compile(f"[{DEFAULT_IGNORABLE}]")
# phonenumbers, too, begins to read at the first plus or digit.
_PLUS_FIRST = re.compile(r"[^+\uff0b\d]*[+\uff0b]")
_SHORTEST_NATIONAL_DIGITS = 4  # Niue's; no country's numbers are shorter (phonenumbers' metadata)


@lru_cache(maxsize=4_096)
def _parsed(text: str, region: str) -> phonenumbers.PhoneNumber | int:
    """The number, or the `error_type` of what is none; the dearest step of a partner's command."""
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        return int(error.error_type)


@lru_cache(maxsize=4_096)
def _e164_and_extension(number: str, region: str) -> tuple[str, str] | None:
    parsed = _parsed(number, region)
    if isinstance(parsed, int) or not phonenumbers.is_valid_number(parsed):
        return None
    formatted = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return formatted, phonenumbers.normalize_digits_only(parsed.extension or "")


def _read_number(number: str, region: str) -> tuple[str, str]:
    number = _without_ignorable(number)
    # Beyond this no number is read, and it must not be remembered.
    is_readable = len(number) <= NAME_LENGTH and not is_of_a_network(number)
    found = _e164_and_extension(number, region) if is_readable else None
    if found is None:
        raise PydanticCustomError("phone_invalid", PHONE_WORDS)
    return found


def _without_ignorable(number: str) -> str:
    """Without what copying from a page or a chat brings along, such as U+200E before the plus."""
    return _SHOWN_AS_NOTHING.sub("", number)


def is_of_a_network(number: str) -> bool:
    """Whether a context that is a domain says that nobody outside of it can dial the number."""
    context = _CONTEXT.search(number)
    return context is not None and not _CONTEXT_DIGITS.fullmatch(context[1])


def parse_phone(number: str, region: str) -> str:
    """A valid number in E.164, `;ext=` and its extension behind it where it has one.

    `region` (ISO 3166-1 alpha-2) reads a national one.
    """
    formatted, extension = _read_number(number, region)
    return f"{formatted};ext={extension}" if extension else formatted


def parse_fax(number: str, region: str) -> str:
    """A valid number in E.164 that a fax can go to: one with an extension is none."""
    formatted, extension = _read_number(number, region)
    if extension:
        raise PydanticCustomError(
            "phone_invalid", "Must have no extension: no fax service dials it"
        )
    return formatted


def parse_tel(number: str, region: str) -> str:
    """What a person dials for a `tel` URI's number, as `parse_phone` gives it.

    Of its parameters only the extension and the context say what to dial.
    """
    return parse_phone(_without_other_parameters(number), region)


def _without_other_parameters(number: str) -> str:
    given = {name.lower(): value for name, value in _TEL_PARAMETER.findall(number)}
    number = _TEL_PARAMETER.sub("", number)
    if "ext" in given:
        number += f";ext={_VISUAL_SEPARATORS.sub('', given['ext'])}"
    if "phone-context" in given:
        number += f";phone-context={given['phone-context']}"
    return number


def could_be_dialled(number: str, *, by_fax: bool) -> bool:
    """Whether a URI's number is valid, or national and one that some country could have."""
    number = _without_other_parameters(number)
    if is_of_a_network(number):
        return False
    parsed = _parsed(number, "US")
    if isinstance(parsed, int):
        return False
    if by_fax and parsed.extension:
        return False
    if is_international(number):
        return bool(phonenumbers.is_valid_number(parsed))
    return len(str(parsed.national_number)) >= _SHORTEST_NATIONAL_DIGITS


def is_number(text: str) -> bool:
    """Whether a text can be a phone number at all, of whatever country."""
    # A longer text is too long for a number, and must not be remembered.
    if len(text) > NAME_LENGTH:
        return True
    return _parsed(_without_ignorable(text), "US") != phonenumbers.NumberParseException.NOT_A_NUMBER


def is_international(number: str) -> bool:
    """Whether the number names its own country, so that no region is needed to read it.

    A plus comes before its first digit, as in `tel:+1…` and `(+1) …`, or its context has one.
    """
    context = _CONTEXT.search(number)
    return bool(_PLUS_FIRST.match(number)) or (context is not None and context[1].startswith("+"))


def _read_alone(value: Any, parse: Callable[[str, str], str]) -> Any:
    line = clean_text(value) if isinstance(value, str) else value
    if isinstance(line, str) and (is_international(line) or not is_number(line)):
        return parse(line, "ZZ")
    return line


def _phone(value: Any) -> Any:
    return _read_alone(value, parse_phone)


def _fax(value: Any) -> Any:
    return _read_alone(value, parse_fax)


Phone = Annotated[Annotated[str, Field(max_length=NAME_LENGTH)] | None, BeforeValidator(_phone)]
"""An international number as `parse_phone` gives it; a national one as it came, to be read with its
country."""
Fax = Annotated[Annotated[str, Field(max_length=NAME_LENGTH)] | None, BeforeValidator(_fax)]
"""The same for a number that a fax goes to: one with an extension is none."""


def _e164_only(value: str) -> str:
    return parse_phone(value, "ZZ")


E164 = Annotated[str, AfterValidator(_e164_only)] | None
"""A valid number that names its own country, as resources show them, with its extension."""

DialledNumber = Annotated[str, Field(pattern=r"^\+\d+(;ext=\d+)?$")]
"""A number in E.164, with the extension to ask for where there is one, as `parse_tel` gives it."""
