"""Wrong values for each kind of field (docs/contract/wire.md#resources and what follows it), with
pydantic's error types."""

from tests.integration.referrals.refused.table import LEFT_OUT, Wrong, wrong

_REFUSED_IN_TEXT = (
    ("holds NUL", "a\x00b"),
    ("holds a control character", "a\x85b"),
    ("turns its direction", "a\u202eb"),
    ("isolates a direction", "a\u2066b"),
    ("holds a noncharacter", "a\ufffeb"),
)


def _all(name: str, *values: tuple[str, object, str]) -> list[Wrong]:
    return [one for words, value, kind in values for one in wrong(name, value, kind, words)]


def _text(name: str, longest: int, *more: tuple[str, object, str]) -> list[Wrong]:
    return _all(
        name,
        ("is a number", 5, "string_type"),
        ("is too long", "x" * (longest + 1), "string_too_long"),
        *((words, text, "text_characters") for words, text in _REFUSED_IN_TEXT),
        *more,
    )


def line(name: str) -> list[Wrong]:
    """A one-line text that may be null."""
    return _text(
        name,
        200,
        ("holds a tab", "a\tb", "text_characters"),
        ("has two lines", "a\nb", "text_characters"),
    )


def required_line(name: str) -> list[Wrong]:
    """A one-line text that may not be null, and so not empty."""
    return [
        *line(name),
        *_all(
            name,
            ("is null", None, "string_type"),
            ("is empty", " ", "text_empty"),
            ("shows nothing", "\ufeff\u00ad", "text_empty"),
        ),
    ]


def notes(name: str) -> list[Wrong]:
    """Notes or a description."""
    return _text(name, 10_000)


def reason(name: str) -> list[Wrong]:
    """Why a referral is made or cancelled."""
    return _text(
        name, 2_000, ("is null", None, "string_type"), ("is empty", " \r\n ", "text_empty")
    )


def flag(name: str) -> list[Wrong]:
    """A boolean that may not be null."""
    return [*_all(name, ("is null", None, "bool_type")), *flag_or_null(name)]


def flag_or_null(name: str) -> list[Wrong]:
    """A boolean."""
    return _all(name, ("is a text", "true", "bool_type"), ("is a number", 1, "bool_type"))


def choice(name: str) -> list[Wrong]:
    """One of a closed list, that may not be null."""
    return [*_all(name, ("is null", None, "enum")), *choice_or_null(name)]


def choice_or_null(name: str) -> list[Wrong]:
    """One of a closed list."""
    return _all(
        name,
        ("is none of them", "nonsense", "enum"),
        ("is empty", "", "enum"),
        ("is a number", 1, "enum"),
    )


def uuid(name: str) -> list[Wrong]:
    """An id that may not be null."""
    return [*_all(name, ("is null", None, "is_instance_of")), *uuid_or_null(name)]


def uuid_or_null(name: str) -> list[Wrong]:
    """An id."""
    return _all(
        name,
        ("is no UUID", "1", "uuid_parsing"),
        ("has some of its dashes", "0192d4e0-7b1a7c3d8e4f123456789abc", "uuid_parsing"),
        ("is empty", "", "uuid_parsing"),
        ("is a number", 1, "is_instance_of"),
    )


def base_version() -> list[Wrong]:
    """The version that a change is based on."""
    return (
        _all(
            "base_version",
            ("is left out", LEFT_OUT, "missing"),
            ("is null", None, "int_type"),
        )
        + base_version_or_null()
    )


def base_version_or_null() -> list[Wrong]:
    """The version that a change is based on, where that may be said otherwise."""
    return _all(
        "base_version",
        ("is a text", "1", "int_type"),
        ("is true", True, "int_type"),
        ("is a fraction", 1.5, "int_type"),
        ("is 0", 0, "greater_than_equal"),
    )


def page() -> list[Wrong]:
    """Which page of a list, or where to read on."""
    return [
        *_all(
            "page",
            ("is 0", 0, "greater_than_equal"),
            ("is a text", "1", "int_type"),
            ("is null", None, "int_type"),
        ),
        *_all(
            "page_size",
            ("is 0", 0, "greater_than_equal"),
            ("is 201", 201, "less_than_equal"),
            ("is true", True, "int_type"),
        ),
        *_cursor(),
    ]


def _cursor() -> list[Wrong]:
    both = {("page", "page_and_cursor"), ("cursor", "page_and_cursor")}
    return [
        *_all(
            "cursor",
            ("is a number", 5, "string_type"),
            ("is too long", "1" * 65, "string_too_long"),
            ("is a blank", " ", "cursor_invalid"),
            ("is a page's number", "2", "cursor_invalid"),
            ("is an id", "0192d4e0-7b1a-7c3d-8e4f-123456789abc", "cursor_invalid"),
            ("is no base64", "1" + "é" * 24, "cursor_invalid"),
            ("is of no version", "0" + "A" * 24, "cursor_invalid"),
            ("is too short", "1AAA", "cursor_invalid"),
        ),
        Wrong("cursor is beside a page", {"page": 1, "cursor": ""}, frozenset(both)),
    ]


def search() -> list[Wrong]:
    """What a list is searched for."""
    return _all(
        "search",
        ("is empty", "", "text_empty"),
        ("is blank", "  ", "text_empty"),
        ("is too long", "x" * 101, "string_too_long"),
        ("is a number", 5, "string_type"),
        ("shows nothing", "\u200b\u2060", "text_empty"),
        ("holds NUL", "a\x00", "text_characters"),
    )


def npi(name: str) -> list[Wrong]:
    """A National Provider Identifier."""
    return _all(
        name,
        ("has 3 digits", "123", "npi_format"),
        ("starts with 3", "3234567893", "npi_format"),
        ("has a wrong check digit", "1234567890", "npi_checksum"),
        ("is a number", 1234567893, "string_type"),
    )


def email(name: str) -> list[Wrong]:
    """An e-mail address."""
    return _all(
        name,
        ("has no domain", "paul", "email_invalid"),
        ("is two", "a@example.com,b@example.com", "email_invalid"),
        ("is a number", 5, "string_type"),
    )


def phone(name: str) -> list[Wrong]:
    """A phone or fax number, as far as no country is needed to judge it."""
    return _all(
        name,
        ("is no number", "none", "phone_invalid"),
        ("does not exist", "+1 202 5", "phone_invalid"),
        ("is too long", "1" * 201, "string_too_long"),
        ("is a number", 2025550143, "string_type"),
    )


def country(name: str) -> list[Wrong]:
    """ISO 3166-1 alpha-2, not nullable."""
    return _all(
        name,
        ("is null", None, "string_type"),
        ("is empty", "", "string_type"),
        ("is written small", "us", "country_code"),
        ("is not assigned", "XX", "country_code"),
        ("has three letters", "USA", "country_code"),
    )


def time_zone(name: str) -> list[Wrong]:
    """The IANA database."""
    return _all(
        name,
        ("is an offset", "-08:00", "time_zone"),
        ("is written small", "america/chicago", "time_zone"),
        ("is a number", -8, "string_type"),
    )


def endpoint(name: str) -> list[Wrong]:
    """Where e-referrals go."""
    return _all(
        name,
        ("has another scheme", "ftp://portal.example/", "endpoint_invalid"),
        ("is relative", "/fhir", "endpoint_invalid"),
        ("holds user info", "https://a:b@portal.example/", "endpoint_invalid"),
        ("holds a fragment", "https://portal.example/#x", "endpoint_invalid"),
        ("holds a space", "https://portal.example/ x", "endpoint_invalid"),
        ("has two addresses", "mailto:a@example.com,b@example.com", "endpoint_invalid"),
        ("has header fields", "mailto:a@example.com?subject=x", "endpoint_invalid"),
        ("is a fax's with an extension", "fax:+12025550143;ext=5", "endpoint_invalid"),
        ("is no number", "tel:none", "endpoint_invalid"),
        ("is too long", "https://portal.example/" + "x" * 2_048, "endpoint_invalid"),
        ("is a number", 5, "string_type"),
    )


def time(name: str) -> list[Wrong]:
    """A moment that may not be null."""
    return [*_all(name, ("is null", None, "datetime_type")), *time_or_null(name)]


def time_or_null(name: str) -> list[Wrong]:
    """A moment."""
    return _all(
        name,
        ("is a day", "2026-01-05", "time_format"),
        ("has no offset", "2026-01-05T08:00:00", "time_format"),
        ("does not exist", "2026-02-30T08:00:00Z", "time_value"),
        ("is a number", 1767600000, "datetime_type"),
    )


def day(name: str) -> list[Wrong]:
    """A calendar date that may not be null."""
    return [*_all(name, ("is null", None, "date_type")), *day_or_null(name)]


def day_or_null(name: str) -> list[Wrong]:
    """A calendar date."""
    return _all(
        name,
        ("does not exist", "2026-02-30", "date_value"),
        ("is a moment", "2026-03-01T00:00:00Z", "date_format"),
        ("has no dashes", "20260301", "date_format"),
        ("is a number", 20260301, "date_type"),
    )


def money(name: str) -> list[Wrong]:
    """An amount of dollars, not nullable."""
    return _all(
        name,
        ("is null", None, "decimal_type"),
        ("is true", True, "decimal_type"),
        ("is negative", -0.01, "greater_than_equal"),
        ("is a negative text", "-5", "greater_than_equal"),
        ("has a third decimal", 1.005, "decimal_max_places"),
        ("has a third decimal that is 0", "1.500", "decimal_max_places"),
        ("is too much", 10_000_000_000, "less_than"),
        ("is not a number", "NaN", "decimal_parsing"),
        ("is infinite", "Infinity", "decimal_parsing"),
        ("has an exponent in a text", "1e2", "decimal_parsing"),
        ("is empty", "", "decimal_parsing"),
    )
