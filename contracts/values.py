"""Single values with a rule of their own: times, ids, NPI, e-mail, country, endpoint.

Every parser takes what a JSON document can hold and raises PydanticCustomError, whose message never
quotes the value.
"""

import re
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Annotated, Any
from urllib.parse import SplitResult, unquote, urlsplit
from uuid import UUID

import email_validator
import pycountry
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError
from stdnum import luhn

from contracts.phones import could_be_dialled, is_of_a_network
from contracts.text import OWN_WORDS, clean_text, is_kept

UUID_WORDS = (
    "Must be a UUID in a string, its dashes left in or out, such as "
    "0192d4e0-7b1a-7c3d-8e4f-123456789abc"
)
TIME_WORDS = "Must be an RFC 3339 time with an offset, as a string such as 2026-11-29T04:00:00Z"
DATE_WORDS = "Must be a date as a string YYYY-MM-DD, such as 2026-11-29"
_UUID = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}", re.IGNORECASE | re.ASCII
)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:[0-5]\d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NPI = re.compile(r"[12]\d{9}", re.ASCII)
_NPI_WORDS = "Must be an NPI: a string of 10 digits that starts with 1 or 2"
_NPI_LUHN_PREFIX = "80840"  # the issuer prefix of US health care identifiers (45 CFR 162.406)
ENDPOINT_LENGTH = 2_048
_EMAIL_WORDS = "Must be one valid e-mail address, such as office@example.com"
EMAIL_LENGTH = 254  # RFC 5321, section 4.5.3.1.3, as erratum 1690 to RFC 3696 reads it
# Most addresses: email_validator takes them as they are, in twenty times the time.
_PLAIN_EMAIL = re.compile(
    r"(?=[^@]{1,64}@)[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*"
    r"@(?P<domain>(?:(?=[^.]{1,63}\.)[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,63})",
    re.ASCII,
)
# RFC 6761 and its registry, as email_validator keeps it.
_NEVER_MAILED = tuple(f".{name}" for name in email_validator.SPECIAL_USE_DOMAIN_NAMES)
_ENDPOINT_WORDS = (
    "Must be an absolute URI with the scheme https, http, mailto, tel or fax, such as "
    "https://portal.example/fhir or mailto:office@example.com"
)
ENDPOINT_SCHEMES = ("https", "http", "mailto", "tel", "fax")
# RFC 3986: what a URI is written with, and its host with an optional port.
_URI = re.compile(r"(?:[a-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9a-f]{2})*", re.IGNORECASE | re.ASCII)
_HOST = re.compile(r"(?:\[[^\[\]]+\]|[^\[\]:]+)(?::[^\[\]:]*)?", re.ASCII)


def parse_uuid(value: Any) -> Any:
    """A UUID with its dashes or without; anything but a string is left to the field's own check.

    It goes out with dashes (RFC 9562, section 4), however it came in.
    """
    if not isinstance(value, str):
        return value
    if not _UUID.fullmatch(value):
        raise PydanticCustomError("uuid_parsing", UUID_WORDS)
    return UUID(value)


def parse_time(value: Any) -> Any:
    """An aware time in UTC from RFC 3339 text (section 5.6 of it); years 1 to 9999 in UTC."""
    named = parse_named_time(value)
    return named.astimezone(UTC) if isinstance(named, datetime) else named


def parse_named_time(value: Any) -> Any:
    """An aware time as `parse_time` takes it, in the offset in which it was named."""
    if isinstance(value, str):
        if not _RFC3339.fullmatch(value):
            raise PydanticCustomError("time_format", TIME_WORDS)
        try:
            # RFC 3339 ends a day at 23:59:59; Python does so before 3.14 only.
            if value[11:13] == "24":
                raise ValueError
            value = datetime.fromisoformat(value.upper())
        except ValueError:
            raise PydanticCustomError("time_value", "Must be a time that exists") from None
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise PydanticCustomError("timezone_aware", TIME_WORDS)
        try:
            value.astimezone(UTC)
        except OverflowError:
            raise PydanticCustomError("time_value", "Must lie in the years 1 to 9999") from None
    return value


_FIRST_PLANNED_YEAR = 1900


def parse_planned_time(value: datetime) -> datetime:
    """A time that somebody set: a program's zero time (year 1 in .NET and Go) is none."""
    if value.year < _FIRST_PLANNED_YEAR:
        raise PydanticCustomError(
            "time_value",
            f"Must be a time in {_FIRST_PLANNED_YEAR} or later: leave it out where there is none",
        )
    return value


def offset_minutes(time: datetime | None) -> int | None:
    """The offset from UTC in which a time was named, in whole minutes as RFC 3339 has them."""
    offset = None if time is None else time.utcoffset()
    return None if offset is None else round(offset.total_seconds() / 60)


def parse_date(value: Any) -> Any:
    """A calendar date from `YYYY-MM-DD` text."""
    if not isinstance(value, str):
        return value
    if not _DATE.fullmatch(value):
        raise PydanticCustomError("date_format", DATE_WORDS)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("date_value", "Must be a day that the calendar has") from None


def format_time(value: datetime) -> str:
    """RFC 3339 in UTC with `Z`; microseconds only where there are any."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_npi(value: str) -> str:
    """A National Provider Identifier: 10 digits, the first 1 or 2, Luhn over `80840` and itself."""
    if not _NPI.fullmatch(value):
        raise PydanticCustomError("npi_format", _NPI_WORDS)
    if not luhn.is_valid(_NPI_LUHN_PREFIX + value):
        raise PydanticCustomError(
            "npi_checksum", "The NPI's check digit does not match: one of its digits is mistyped"
        )
    return value


def parse_email(value: str) -> str:
    """One e-mail address (RFC 5321 and 6531) in its normal form; nothing is looked up."""
    if len(value) > EMAIL_LENGTH:
        raise PydanticCustomError("email_invalid", _EMAIL_WORDS)
    plain = _PLAIN_EMAIL.fullmatch(value)
    if plain is not None and not f".{plain['domain']}".endswith(_NEVER_MAILED):
        return value
    try:
        return email_validator.validate_email(value, check_deliverability=False).normalized
    except (email_validator.EmailNotValidError, UnicodeError):
        raise PydanticCustomError("email_invalid", _EMAIL_WORDS) from None


_COUNTRY_WORDS = "Must be the two capital letters that ISO 3166-1 has for a country, such as US"
_COUNTRIES = frozenset(country.alpha_2 for country in pycountry.countries)


def parse_country(value: str) -> str:
    """An ISO 3166-1 alpha-2 code that is assigned."""
    if value not in _COUNTRIES:
        raise PydanticCustomError("country_code", _COUNTRY_WORDS)
    return value


_TIME_ZONES = frozenset(files("tzdata").joinpath("zones").read_text("ascii").split()) - {"Factory"}


def parse_time_zone(value: str) -> str:
    """A name of the IANA time zone database, one of its links included."""
    if value not in _TIME_ZONES:
        raise PydanticCustomError(
            "time_zone", "Must be a name of the IANA time zone database, such as America/Chicago"
        )
    return value


_HOST_WORDS = (
    "Must name a host behind //, such as https://portal.example/fhir; one that is an address of "
    "IPv6 stands in brackets"
)


def _endpoint_refusal(value: str) -> str | None:
    if len(value) > ENDPOINT_LENGTH:
        return f"Must have at most {ENDPOINT_LENGTH} characters"
    if not _URI.fullmatch(value):
        return "Must not hold spaces, control characters or other characters that no URI has"
    try:
        parts = urlsplit(value)
    except ValueError:  # brackets around what is no address
        return _HOST_WORDS
    if parts.scheme not in ENDPOINT_SCHEMES:
        return _ENDPOINT_WORDS
    if "#" in value:
        return "Must not have a fragment: leave out # and what follows it"
    if parts.scheme in ("https", "http"):
        if "@" in parts.netloc:
            return "Must not hold a user or a password before the host"
        if not _HOST.fullmatch(parts.netloc):
            return _HOST_WORDS
        if not _has_a_port(parts):
            return "Must have a port from 1 to 65535 behind the host and its colon, or neither"
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


def _has_a_port(parts: SplitResult) -> bool:
    """Whether the port, where there is one, is one that can be connected to."""
    try:
        return parts.port != 0
    except ValueError:
        return False


def _use_refusal(endpoint: str) -> str | None:
    """Why no referral could ever be sent to an endpoint, whatever its partner's country."""
    scheme, _, address = endpoint.partition(":")
    number = unquote(address)
    if scheme.lower() == "fax" and ";" in number:
        return "A fax number must not have parameters or an extension: no fax service dials them"
    by_fax = scheme.lower() == "fax"
    if scheme.lower() == "tel" and is_of_a_network(number):
        return (
            "Must have no phone-context that is a domain, as nobody outside of it can dial that: "
            "name the number with + and its country code, such as tel:+12025550143"
        )
    if (by_fax or scheme.lower() == "tel") and not could_be_dialled(number, by_fax=by_fax):
        return "Must name a number that can be dialled, such as +12025550143"
    return None


def parse_endpoint(value: Any, info: ValidationInfo) -> Any:
    """An absolute URI that a referral can be sent to; kept to the letter, an empty one is null.

    It is not parsed into a URL type: those rewrite what they take (`http://0x0a000001/` becomes
    another spelling), and where the URI may lead is judged when it is used. What no country could
    ever dial is refused here.
    """
    endpoint = parse_held_endpoint(value, info)
    if isinstance(endpoint, str) and not is_kept(info):
        _refuse_endpoint(_use_refusal(endpoint))
    return endpoint


def parse_held_endpoint(value: Any, info: ValidationInfo) -> Any:
    """An endpoint as a partner may hold it that was made when less of them were refused."""
    if not isinstance(value, str) or is_kept(info):
        return value
    if not value:
        return None
    _refuse_endpoint(_endpoint_refusal(value))
    return value


def _refuse_endpoint(reason: str | None) -> None:
    if reason is not None:
        raise PydanticCustomError("endpoint_invalid", "{reason}", {"reason": reason})


def endpoint_scheme(endpoint: str) -> str:
    """The scheme of an endpoint, in lower case."""
    return endpoint.partition(":")[0].lower()


def _line(value: Any) -> Any:
    return clean_text(value) if isinstance(value, str) else value


def _country(value: Any) -> Any:
    line = _line(value)
    if line is None:
        raise PydanticCustomError("string_type", _COUNTRY_WORDS, OWN_WORDS)
    return line


Uuid = Annotated[UUID, BeforeValidator(parse_uuid)]
Time = Annotated[
    datetime, BeforeValidator(parse_time), PlainSerializer(format_time, when_used="json")
]
NamedTime = Annotated[
    datetime, BeforeValidator(parse_named_time), PlainSerializer(format_time, when_used="json")
]
"""A time whose day matters to people: it keeps the offset in which it was named. Out in UTC."""
PlannedTime = Annotated[Time, AfterValidator(parse_planned_time)]
NamedPlannedTime = Annotated[NamedTime, AfterValidator(parse_planned_time)]
"""A time that somebody set for what is to come, though it may be past by now."""
Date = Annotated[date, BeforeValidator(parse_date)]
FIELD_NAME_PATTERN = r"^[a-z0-9_]{1,64}$"
DIGEST_PATTERN = r"^[A-Za-z0-9_-]{1,128}$"
PATTERNS_IN_WORDS = {
    FIELD_NAME_PATTERN: (
        "The name of a field that a form has beside these must be 1 to 64 letters a to z, digits "
        "and _, such as date_of_visit"
    ),
    DIGEST_PATTERN: "Must be 1 to 128 letters A to Z and a to z, digits, _ and -",
}
"""For who is refused: nobody is asked to read a pattern."""
ORG_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
ORG_ID_WORDS = "a string of 1 to 64 letters A to Z and a to z, digits, _ and -"


def parse_org_id(value: str) -> str:
    """An org's id. Raises PydanticCustomError."""
    if not ORG_ID.fullmatch(value):
        raise PydanticCustomError("string_pattern_mismatch", f"Must be {ORG_ID_WORDS}")
    return value


OrgId = Annotated[
    str,
    AfterValidator(parse_org_id),
    WithJsonSchema({"type": "string", "pattern": f"^{ORG_ID.pattern}$"}),
]
Npi = Annotated[Annotated[str, AfterValidator(parse_npi)] | None, BeforeValidator(_line)]
Email = Annotated[Annotated[str, AfterValidator(parse_email)] | None, BeforeValidator(_line)]
Country = Annotated[str, BeforeValidator(_country), AfterValidator(parse_country)]
TimeZone = Annotated[Annotated[str, AfterValidator(parse_time_zone)] | None, BeforeValidator(_line)]
"""The name of a time zone in the IANA database, or null."""
Endpoint = Annotated[
    Annotated[str, Field(max_length=ENDPOINT_LENGTH)] | None, BeforeValidator(parse_endpoint)
]
HeldEndpoint = Annotated[
    Annotated[str, Field(max_length=ENDPOINT_LENGTH)] | None, BeforeValidator(parse_held_endpoint)
]
