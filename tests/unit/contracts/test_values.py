"""NPI, e-mail, country and time zone: what is a valid one, and how it goes out."""

from typing import Any

import email_validator
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.phones import Phone
from contracts.values import Country, Email, Endpoint, Npi, Time, TimeZone, Uuid
from tests.unit.contracts.judging import refusal, taken

# The check digits by hand: 24 for the prefix 80840, each second digit from the right doubled.
# 1000000004: 24 + 2·1 = 26, so 4 is missing to 30.  2000000002: 24 + 2·2 = 28, so 2.
# 1234567893: 24 + 2+2+6+4+(1+0)+6+(1+4)+8+(1+8) = 67, so 3.
VALID_NPIS = ["1000000004", "2000000002", "1234567893"]


@pytest.mark.parametrize("npi", VALID_NPIS)
def test_an_npi_has_the_check_digit_that_the_prefix_80840_asks_for(npi: str) -> None:
    """Ten digits, the first 1 or 2, Luhn over the prefix and all of them."""
    assert taken(Npi, npi) == npi
    assert taken(Npi, f" {npi} ") == npi
    for digit in set("0123456789") - {npi[-1]}:
        assert refusal(Npi, npi[:-1] + digit) == "npi_checksum"


@pytest.mark.parametrize("npi", ["1000000008", "2000000006"])
def test_luhn_without_the_prefix_does_not_make_an_npi(npi: str) -> None:
    """These pass Luhn by themselves, as a card number would."""
    assert refusal(Npi, npi) == "npi_checksum"


@pytest.mark.parametrize(
    "npi",
    [
        *("123456789", "12345678930", "0000000000", "3000000000", "9234567893", "123456789X"),
        *("1234-567893", "１234567893", "١234567893", "12345 67893"),
    ],
)
def test_an_npi_of_another_form_is_refused(npi: str) -> None:
    """Ten ASCII digits, the first 1 or 2."""
    assert refusal(Npi, npi) == "npi_format"


def test_an_npi_is_text_and_may_be_null() -> None:
    """A number is not an NPI, an empty text is none."""
    assert refusal(Npi, 1234567893) == "string_type"
    assert taken(Npi, None) is None
    assert taken(Npi, " ") is None


@pytest.mark.parametrize(
    ("given_email", "normal"),
    [
        ("ann.archer@example.com", "ann.archer@example.com"),
        ("Ann@EXAMPLE.com", "Ann@example.com"),
        (" ann@example.com ", "ann@example.com"),
        ("ann+teeth@mail.example.co.uk", "ann+teeth@mail.example.co.uk"),
        ("büro@zahnärzte.example", "büro@zahnärzte.example"),
        ("desk@xn--zahnrzte-3za.example", "desk@zahnärzte.example"),
    ],
)
def test_an_email_goes_out_in_its_normal_form(given_email: str, normal: str) -> None:
    """One address, its domain in lower case; nothing is looked up."""
    assert taken(Email, given_email) == normal


@pytest.mark.parametrize(
    "text",
    [
        "ann",
        "ann@",
        "@example.com",
        "ann@localhost",
        "ann@example",
        "ann@@example.com",
        "ann@example.com, bob@example.com",
        "Ann <ann@example.com>",
        "ann archer@example.com",
        ".ann@example.com",
        "ann..archer@example.com",
        "ann@-example.com",
        "ann@example..com",
        "ann@[127.0.0.1]",
        f"ann@{'a' * 64}.com",
        "ann@" + "a." * 125 + "com",
        "a" * 1_000_000 + "@example.com",
    ],
)
def test_what_is_not_one_email_address_is_refused(text: str) -> None:
    """No list, no display name, no address that no mail can reach."""
    assert refusal(Email, text) == "email_invalid"


def test_no_line_break_gets_into_an_email() -> None:
    """An address that would add a header to a message is refused."""
    assert refusal(Email, "ann@example.com\r\nBcc: eve@example.com") == "text_characters"


_ATOM = st.text("abzAZ09_+-'é!", min_size=1, max_size=70)
_LABEL = st.text("azA09-ü", min_size=1, max_size=70) | st.sampled_from(
    ["local", "test", "invalid", "localhost", "example", "com", "de", "museum", "xn--p1ai"]
)


@given(st.lists(_ATOM, min_size=1, max_size=3), st.lists(_LABEL, min_size=1, max_size=4))
@example(["a" * 64], ["example", "com"])
@example(["a" * 65], ["example", "com"])
@example(["ann"], ["a" * 63, "com"])
@example(["ann"], ["a" * 64, "com"])
@example(["ann"], ["example", "c0m"])
@example(["ann"], ["example", "local"])
@example(["ann"], ["test"])
@example(["ann"], ["a--b", "com"])
@example(["ann"], ["com"])
@example(["-ann-"], ["example", "com"])
def test_an_email_is_what_the_library_says(local: list[str], domain: list[str]) -> None:
    """The short way for plain addresses takes none that email_validator refuses or writes
    otherwise."""
    address = f"{'.'.join(local)}@{'.'.join(domain)}"
    try:
        normal = email_validator.validate_email(address, check_deliverability=False).normalized
    except email_validator.EmailNotValidError:
        assert refusal(Email, address) in ("email_invalid", "string_too_long")
    else:
        assert taken(Email, address) == normal


@pytest.mark.parametrize("code", ["US", "DE", "GB", "FR", "JP", "ZA", "SS"])
def test_a_country_is_an_assigned_alpha_2_code(code: str) -> None:
    """ISO 3166-1."""
    assert taken(Country, code) == code


@pytest.mark.parametrize("code", ["us", "Us", "UK", "EU", "XX", "ZZ", "USA", "840", "U", "ＵＳ"])
def test_any_other_country_is_refused(code: str) -> None:
    """Lower case, a code that is reserved or not assigned, another standard's code."""
    assert refusal(Country, code) == "country_code"


@pytest.mark.parametrize(
    "name", ["America/Los_Angeles", "Asia/Kathmandu", "Etc/GMT+8", "US/Pacific", "UTC"]
)
def test_a_time_zone_is_a_name_of_the_iana_database(name: str) -> None:
    """Its links among them: systems hand on what they were set up with years ago."""
    assert taken(TimeZone, name) == name
    assert taken(TimeZone, f" {name} ") == name


@pytest.mark.parametrize(
    "name",
    [
        *("america/los_angeles", "America/Gotham", "PST", "-08:00", "UTC-8", "Factory"),
        *("localtime", "posix/UTC", "../UTC", "/usr/share/zoneinfo/UTC", "America", "zone.tab"),
    ],
)
def test_any_other_time_zone_is_refused(name: str) -> None:
    """No offset, no abbreviation, no path, nothing of one machine alone."""
    assert refusal(TimeZone, name) == "time_zone"


def test_a_time_zone_may_be_null() -> None:
    """An empty text is null."""
    assert taken(TimeZone, None) is None
    assert taken(TimeZone, " ") is None


def test_a_country_is_never_null() -> None:
    """An empty text is null, and a country is not nullable."""
    for value in (None, "", "  "):
        assert refusal(Country, value) == "string_type"


@given(
    st.sampled_from([Npi, Phone, Email, Country, Endpoint, Uuid, Time]),
    st.text(alphabet=st.characters(exclude_categories=()), max_size=80),
)
def test_no_text_makes_a_parser_fall_over(annotation: Any, text: str) -> None:
    """Whatever a client writes is taken or refused; nothing else is raised."""
    assert refusal(annotation, text) is None or refusal(annotation, text) != ""
