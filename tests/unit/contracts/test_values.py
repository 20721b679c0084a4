"""NPI, phone, e-mail and country: what is a valid one, and how it goes out."""

from typing import Any
from urllib.parse import unquote

import phonenumbers
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from contracts.referral_partner import ContactMethod, contact_addresses
from contracts.values import (
    Country,
    DialledNumber,
    Email,
    Endpoint,
    Npi,
    Phone,
    Time,
    Uuid,
    parse_phone,
    parse_tel,
)
from tests.support.samples.packages import sample_partner
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
    ("number", "region", "e164"),
    [
        ("(202) 555-0143", "US", "+12025550143"),
        ("202.555.0143", "US", "+12025550143"),
        ("1 202 555 0143", "US", "+12025550143"),
        ("２０２５５５０１４３", "US", "+12025550143"),
        ("+1 202 555 0143", "DE", "+12025550143"),
        ("+44 20 7946 0958", "US", "+442079460958"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("030 901820", "DE", "+4930901820"),
        ("01 42 68 53 00", "FR", "+33142685300"),
        ("604 555 0143", "CA", "+16045550143"),
    ],
)
def test_a_number_is_read_in_its_region_and_goes_out_in_e164(
    number: str, region: str, e164: str
) -> None:
    """A national number belongs to its country, an international one says its own."""
    assert parse_phone(number, region) == e164


@pytest.mark.parametrize(
    ("number", "region"),
    [
        ("020 7946 0958", "US"),
        ("030 901820", "FR"),
        ("555-0143", "US"),
        ("(000) 000-0000", "US"),
        ("+1 202 555 0143 ext. 5", "US"),
        ("202-555-0143 202-555-0144", "US"),
        ("+999 12345678", "US"),
        ("+", "US"),
        ("no number", "US"),
        ("0" * 200, "US"),
    ],
)
def test_what_is_no_valid_number_of_its_region_is_refused(number: str, region: str) -> None:
    """Nothing is guessed: a number that nobody can have, or one with an extension, is refused."""
    with pytest.raises(PydanticCustomError) as refused:
        parse_phone(number, region)
    assert refused.value.type == "phone_invalid"


@pytest.mark.parametrize(
    ("number", "region", "dialled"),
    [
        ("+13125550123", "DE", "+13125550123"),
        ("(312)555-0123", "US", "+13125550123"),
        ("+13125550123;ext=12", "US", "+13125550123;ext=12"),
        ("+1-312-555-0123;EXT=(1)2-3.4", "US", "+13125550123;ext=1234"),
        ("+13125550123;ext=007", "US", "+13125550123;ext=007"),
        ("3125550123;ext=7;phone-context=+1", "DE", "+13125550123;ext=7"),
        ("5550123;phone-context=+1-312;ext=7", "DE", "+13125550123;ext=7"),
        ("030901820;Phone-Context=praxis.example", "DE", "+4930901820"),
        ("+13125550123;isub=1411", "US", "+13125550123"),
        ("+13125550123;isub=1411;ext=12", "US", "+13125550123;ext=12"),
        ("+13125550123;ext=12;cic=+1-6789;npdi", "US", "+13125550123;ext=12"),
        ("+13125550123;ext=12;", "US", "+13125550123;ext=12"),
        ("+13125550123x12", "US", "+13125550123;ext=12"),
        ("+13125550123;12", "US", "+13125550123;ext=12"),
        ("+13125550123;ext=１２", "US", "+13125550123;ext=12"),
    ],
)
def test_what_a_tel_uri_dials_is_its_number_and_its_extension(
    number: str, region: str, dialled: str
) -> None:
    """RFC 3966: E.164, with the extension behind it; a context stands before a local number, and
    no other parameter changes what a person dials."""
    assert parse_tel(number, region) == dialled
    assert taken(DialledNumber, dialled) == dialled


@pytest.mark.parametrize(
    "number",
    [
        *("", "12", ";ext=12", "+13125550123;ext=", "+13125550123;ext=desk"),
        *("+13125550123;ext=12a", f"+13125550123;ext={'1' * 21}"),
        *("5550123;phone-context=+", "5550123;phone-context=", "+13125550123;phone-context=+44"),
        f"+13125550123;ext={'-' * 1_000}x",
    ],
)
def test_a_tel_uri_that_nobody_can_dial_is_refused(number: str) -> None:
    """No number, or an extension that is none: a call without it would reach somebody else."""
    with pytest.raises(PydanticCustomError) as refused:
        parse_tel(number, "US")
    assert refused.value.type == "phone_invalid"


@pytest.mark.parametrize("number", ["+1 555", "+0", "+44", "no number", "?", "1", "12 and 34"])
def test_what_is_no_number_of_any_region_is_refused_by_the_contract_alone(number: str) -> None:
    """What can be told without the country is told before anything is looked up."""
    assert refusal(Phone, number) == "phone_invalid"


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


@pytest.mark.parametrize("code", ["US", "DE", "GB", "FR", "JP", "ZA", "SS"])
def test_a_country_is_an_assigned_alpha_2_code(code: str) -> None:
    """ISO 3166-1."""
    assert taken(Country, code) == code


@pytest.mark.parametrize("code", ["us", "Us", "UK", "EU", "XX", "ZZ", "USA", "840", "U", "ＵＳ"])
def test_any_other_country_is_refused(code: str) -> None:
    """Lower case, a code that is reserved or not assigned, another standard's code."""
    assert refusal(Country, code) == "country_code"


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


@given(
    st.sampled_from(["US", "GB", "DE", "JP", "ZZ"]),
    st.text(alphabet="+0123456789 ()-./ext;#*,０１", max_size=30),
)
def test_a_number_that_goes_out_comes_in_as_the_same_number(region: str, text: str) -> None:
    """E.164 is a fixed point, in every region."""
    try:
        e164 = parse_phone(text, region)
    except PydanticCustomError:
        return
    assert e164.startswith("+") and e164[1:].isdigit() and len(e164) <= 16
    assert parse_phone(e164, "FR") == e164


def dialled_by_the_library(text: str, region: str) -> str | None:
    """What phonenumbers makes of a text, None where it is no valid number to it."""
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return f"{e164};ext={parsed.extension}" if parsed.extension else e164


@given(
    st.sampled_from(["US", "GB", "DE", "JP"]),
    st.one_of(
        st.sampled_from(
            ["+13125550123", "(312)555-0123", "020-7946-0958", "5550123", "%2B4930901820"]
        ),
        st.from_regex(r"\+?[0-9][0-9().-]{0,18}", fullmatch=True),
    ),
    st.lists(
        st.one_of(
            st.sampled_from(["ext=12", "Ext=1-2", "ext=(007)", "isub=9", "npdi", "cic=+1-6789"]),
            st.sampled_from(
                ["phone-context=+1", "phone-context=+1-312", "phone-context=a.example"]
            ),
            st.from_regex(r"[a-z]{1,4}(=[a-z0-9+.()-]{0,8})?", fullmatch=True).filter(
                lambda parameter: not parameter.startswith("ext")
            ),
        ),
        max_size=3,
        unique_by=lambda parameter: parameter.partition("=")[0].lower(),
    ),
)
def test_a_tel_endpoint_that_is_taken_can_be_dialled_if_phonenumbers_can_dial_it(
    country: str, number: str, parameters: list[str]
) -> None:
    """Written as RFC 3966 has it, it gives the phone channel an address that is dialled as itself,
    with the extension that phonenumbers finds; or phonenumbers makes no number of it at all."""
    endpoint = ";".join([f"tel:{number}", *parameters])
    assume(refusal(Endpoint, endpoint) is None)
    address = contact_addresses(
        sample_partner(country=country, ereferral_endpoint=endpoint, phone=None)
    ).get(ContactMethod.PHONE)
    judged = dialled_by_the_library(unquote(endpoint.removeprefix("tel:")), country)
    if address is None:
        assert judged is None
        return
    assert taken(DialledNumber, address) == address
    assert dialled_by_the_library(address, "ZZ") == address
    # It loses an extension that stands behind another parameter, and we do not.
    assert judged in (None, address, address.partition(";")[0])
