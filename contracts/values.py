"""Single values with a rule of their own: times, ids, NPI, phone, e-mail, country, endpoint.

Every parser takes what a JSON document can hold and raises PydanticCustomError, whose message never
quotes the value.
"""

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import email_validator
import phonenumbers
import pycountry
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer
from pydantic_core import PydanticCustomError
from stdnum import luhn

from contracts.text import NAME_LENGTH, clean_text

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:[0-5]\d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NPI = re.compile(r"[12]\d{9}", re.ASCII)
_NPI_LUHN_PREFIX = "80840"  # the issuer prefix of US health care identifiers (45 CFR 162.406)
# RFC 3966, section 3; no parameter that is registered has a digit in its name.
_TEL_PARAMETER = re.compile(r";([a-z-]*)(?:=([^;]*))?(?=;|$)", re.IGNORECASE | re.ASCII)
_VISUAL_SEPARATORS = re.compile(r"[-.()]")
ENDPOINT_LENGTH = 2_048
EMAIL_LENGTH = 254  # RFC 5321, section 4.5.3.1.3, as erratum 1690 to RFC 3696 reads it
ENDPOINT_SCHEMES = ("https", "http", "mailto", "tel", "fax")
# RFC 3986: what a URI is written with, and its host with an optional port.
_URI = re.compile(r"(?:[a-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9a-f]{2})*", re.IGNORECASE | re.ASCII)
_HOST = re.compile(r"(?:\[[^\[\]]+\]|[^\[\]:]+)(?::\d*)?", re.ASCII)


def parse_uuid(value: Any) -> Any:
    """A UUID from its 36-character form; anything but a string is left to the field's own check."""
    if not isinstance(value, str):
        return value
    if not _UUID.fullmatch(value):
        raise PydanticCustomError("uuid_parsing", "Must be a UUID in its 36-character form")
    return UUID(value)


def parse_time(value: Any) -> Any:
    """An aware time in UTC from RFC 3339 text (section 5.6 of it); years 1 to 9999 in UTC."""
    if isinstance(value, str):
        if not _RFC3339.fullmatch(value):
            raise PydanticCustomError(
                "time_format",
                "Must be an RFC 3339 time with an offset, such as 2026-01-31T09:30:00Z",
            )
        try:
            # RFC 3339 ends a day at 23:59:59; Python does so before 3.14 only.
            if value[11:13] == "24":
                raise ValueError
            value = datetime.fromisoformat(value.upper())
        except ValueError:
            raise PydanticCustomError("time_value", "Must be a time that exists") from None
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise PydanticCustomError("timezone_aware", "Must have an offset")
        try:
            return value.astimezone(UTC)
        except OverflowError:
            raise PydanticCustomError("time_value", "Must lie in the years 1 to 9999") from None
    return value


def parse_date(value: Any) -> Any:
    """A calendar date from `YYYY-MM-DD` text."""
    if not isinstance(value, str):
        return value
    if not _DATE.fullmatch(value):
        raise PydanticCustomError("date_format", "Must be a date as YYYY-MM-DD")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("date_value", "Must be a date that exists") from None


def format_time(value: datetime) -> str:
    """RFC 3339 in UTC with `Z`; microseconds only where there are any."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_npi(value: str) -> str:
    """A National Provider Identifier: 10 digits, the first 1 or 2, Luhn over `80840` and itself."""
    if not _NPI.fullmatch(value):
        raise PydanticCustomError("npi_format", "An NPI has 10 digits and starts with 1 or 2")
    if not luhn.is_valid(_NPI_LUHN_PREFIX + value):
        raise PydanticCustomError("npi_checksum", "The NPI's check digit does not match")
    return value


@lru_cache(maxsize=4_096)
def _e164_and_extension(number: str, region: str) -> tuple[str, str] | None:
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    formatted = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return formatted, phonenumbers.normalize_digits_only(parsed.extension or "")


def _read_number(number: str, region: str) -> tuple[str, str]:
    # Beyond this no number is read, and it must not be remembered.
    found = _e164_and_extension(number, region) if len(number) <= NAME_LENGTH else None
    if found is None:
        raise PydanticCustomError("phone_invalid", "Must be a valid phone number")
    return found


def parse_phone(number: str, region: str) -> str:
    """A valid phone or fax number in E.164; `region` (ISO 3166-1 alpha-2) reads a national one."""
    formatted, extension = _read_number(number, region)
    if extension:
        raise PydanticCustomError("phone_invalid", "Must be a valid phone number")
    return formatted


def parse_tel(number: str, region: str) -> str:
    """What a person dials for a `tel` URI's number: in E.164, `;ext=` and its extension behind it.

    Of its parameters only the extension and the context say what to dial.
    """
    given = {name.lower(): value for name, value in _TEL_PARAMETER.findall(number)}
    number = _TEL_PARAMETER.sub("", number)
    if "ext" in given:
        number += f";ext={_VISUAL_SEPARATORS.sub('', given['ext'])}"
    if "phone-context" in given:
        number += f";phone-context={given['phone-context']}"
    formatted, extension = _read_number(number, region)
    return f"{formatted};ext={extension}" if extension else formatted


def is_number(text: str) -> bool:
    """Whether a text can be a phone number at all, of whatever country."""
    try:
        phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException as error:
        return bool(error.error_type != phonenumbers.NumberParseException.NOT_A_NUMBER)
    return True


def is_international(number: str) -> bool:
    """Whether the number names its own country, so that no region is needed to read it."""
    return number.lstrip().startswith(("+", "\uff0b"))


def parse_email(value: str) -> str:
    """One e-mail address (RFC 5321 and 6531) in its normal form; nothing is looked up."""
    if len(value) > EMAIL_LENGTH:
        raise PydanticCustomError("email_invalid", "Must be one valid e-mail address")
    try:
        return email_validator.validate_email(value, check_deliverability=False).normalized
    except (email_validator.EmailNotValidError, UnicodeError):
        raise PydanticCustomError("email_invalid", "Must be one valid e-mail address") from None


_COUNTRIES = frozenset(country.alpha_2 for country in pycountry.countries)


def parse_country(value: str) -> str:
    """An ISO 3166-1 alpha-2 code that is assigned."""
    if value not in _COUNTRIES:
        raise PydanticCustomError("country_code", "Must be an ISO 3166-1 alpha-2 country code")
    return value


def _endpoint_refusal(value: str) -> str | None:
    if len(value) > ENDPOINT_LENGTH:
        return f"Must have at most {ENDPOINT_LENGTH} characters"
    if not _URI.fullmatch(value):
        return "Must not hold spaces, control characters or other characters that no URI has"
    try:
        parts = urlsplit(value)
        port = parts.port if parts.netloc else None
    except ValueError:
        return "Must be an absolute URI"
    if parts.scheme not in ENDPOINT_SCHEMES:
        return "Must be an absolute URI with the scheme https, http, mailto, tel or fax"
    if "#" in value:
        return "Must not have a fragment"
    if parts.scheme in ("https", "http"):
        if "@" in parts.netloc:
            return "Must not hold user information"
        if not _HOST.fullmatch(parts.netloc) or port == 0:
            return "Must name a host"
    elif parts.netloc or not parts.path:
        return "Must name an address after the scheme"
    elif parts.scheme == "mailto":
        if "?" in value:
            return "A mailto address must not have header fields"
        try:
            parse_email(unquote(parts.path, errors="strict"))
        except (PydanticCustomError, UnicodeError):
            return "Must name one valid e-mail address"
    return None


def parse_endpoint(value: Any) -> Any:
    """An absolute URI that a referral can be sent to; kept to the letter, an empty one is null.

    It is not parsed into a URL type: those rewrite what they take (`http://0x0a000001/` becomes
    another spelling), and where the URI may lead is judged when it is used.
    """
    if not isinstance(value, str):
        return value
    if not value:
        return None
    refusal = _endpoint_refusal(value)
    if refusal is not None:
        raise PydanticCustomError("endpoint_invalid", "{reason}", {"reason": refusal})
    return value


def endpoint_scheme(endpoint: str) -> str:
    """The scheme of an endpoint that `parse_endpoint` took, in lower case."""
    return endpoint.partition(":")[0].lower()


def _line(value: Any) -> Any:
    return clean_text(value) if isinstance(value, str) else value


def _phone(value: Any) -> Any:
    line = _line(value)
    if isinstance(line, str) and (is_international(line) or not is_number(line)):
        return parse_phone(line, "ZZ")
    return line


Phone = Annotated[Annotated[str, Field(max_length=NAME_LENGTH)] | None, BeforeValidator(_phone)]
"""An international number in E.164; a national one as it came, to be read with its country."""


def _e164_only(value: str) -> str:
    return parse_phone(value, "ZZ")


E164 = Annotated[str, AfterValidator(_e164_only)] | None
"""A valid number that names its own country, as resources show them."""

DialledNumber = Annotated[str, Field(pattern=r"^\+\d+(;ext=\d+)?$")]
"""A number in E.164, with the extension to ask for where there is one, as `parse_tel` gives it."""

Uuid = Annotated[UUID, BeforeValidator(parse_uuid)]
Time = Annotated[
    datetime, BeforeValidator(parse_time), PlainSerializer(format_time, when_used="json")
]
Date = Annotated[date, BeforeValidator(parse_date)]
ORG_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
OrgId = Annotated[str, Field(pattern=rf"^{ORG_ID.pattern}$")]
Npi = Annotated[Annotated[str, AfterValidator(parse_npi)] | None, BeforeValidator(_line)]
Email = Annotated[Annotated[str, AfterValidator(parse_email)] | None, BeforeValidator(_line)]
Country = Annotated[str, BeforeValidator(_line), AfterValidator(parse_country)]
Endpoint = Annotated[
    Annotated[str, Field(max_length=ENDPOINT_LENGTH)] | None, BeforeValidator(parse_endpoint)
]
