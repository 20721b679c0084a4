"""The e-referral endpoint: what is one, and that it is kept to the letter."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.referral_partner import ReferralPartnerCreate
from contracts.values import Endpoint, HeldEndpoint
from tests.unit.contracts.judging import refusal, taken

TAKEN = [
    "https://portal.example/fhir",
    "http://portal.example/fhir",
    "HTTPS://Portal.Example:8443/fhir/?a=b&c=%20#".rstrip("#"),
    "https://portal.example",
    "https://portal.example?tenant=1",
    "https://portal.example./a//b/../c",
    "https://portal.example:/",
    "https://portal.example:65535/",
    "https://0x0a000001/",
    "https://127.1/",
    "https://[2606:4700::1111]:8443/fhir",
    "https://portal.example/ann@example.com",
    "https://portal.example/?to=ann@example.com",
    "mailto:desk@example.com",
    "MAILTO:desk@example.com",
    "mailto:desk%2Breferrals@example.com",
    "tel:+12025550143",
    "tel:+1-202-555-0143;ext=5",
    "tel:(202)555-0143",
    "tel:030901820",
    "tel:5550143;phone-context=+1-202",
    "tel:+12025550143;isub=1411",
    "fax:+12025550143",
    "fax:%2B1-202-555-0143",
    "fax:030-901821",
]
OTHER_SCHEMES = ["ftp", "file", "javascript", "data", "sftp", "ws", "urn", "sip", "smtp", "httpss"]


@pytest.mark.parametrize("endpoint", TAKEN)
def test_an_endpoint_goes_out_exactly_as_it_came_in(endpoint: str) -> None:
    """Case, port, dots, escapes and odd spellings of an address stay."""
    assert taken(Endpoint, endpoint) == endpoint


def test_an_empty_endpoint_is_null() -> None:
    """Empty is null; a blank is a character that no URI has."""
    assert taken(Endpoint, "") is None
    assert taken(Endpoint, None) is None
    assert refusal(Endpoint, " ") == "endpoint_invalid"


@pytest.mark.parametrize("scheme", OTHER_SCHEMES)
def test_a_scheme_that_no_channel_has_is_refused(scheme: str) -> None:
    """https, http, mailto, tel and fax; nothing else."""
    assert refusal(Endpoint, f"{scheme}://portal.example/") == "endpoint_invalid"
    assert refusal(Endpoint, f"{scheme}:portal.example") == "endpoint_invalid"


@pytest.mark.parametrize(
    "text",
    [
        *("portal.example/fhir", "//portal.example/fhir", "/fhir", "?a=b", "https", "https:"),
        *("https://", "https:///fhir", "https:portal.example", "https:/portal.example"),
        *("https://:8443/", "https://?a", "http://[", "https://[::1", "https://[::1]x/"),
        *("https://portal.example:0/", "https://portal.example:65536/"),
        *("https://portal.example:-1/", "https://portal.example:x/", "https://a:1:2/"),
        *("tel:", "fax:", "mailto:", "tel://+12025550143", "mailto://desk@example.com"),
        *("fax://", "://portal.example", "1https://portal.example"),
    ],
)
def test_what_is_not_an_absolute_uri_with_an_address_is_refused(text: str) -> None:
    """A scheme, and a host or an address behind it."""
    assert refusal(Endpoint, text) == "endpoint_invalid"


@pytest.mark.parametrize(
    "text",
    [
        *("https://portal.example/a b", " https://portal.example/", "https://portal.example/ "),
        *("https://portal.example/\n", "https://portal.example/\t", "https://portal.example/\x00"),
        *("https://portal\\.example/", "https://portal.example/<a>", 'https://portal.example/"'),
        *("https://portal.example/{a}", "https://portal.example/a|b", "https://portal.example/^"),
        *("https://portal.example/`", "https://portal.example/%", "https://portal.example/%2"),
        *("https://portal.example/%zz", "https://portal.example/é", "https://bücher.example/"),
        *("https://portal.example/\u200b", "https://portal.example/\u202e", "https://\u2100/"),
        *("https://portal.example/\ud800", "https：//portal.example/", "mailto:büro@example.com"),
    ],
)
def test_a_character_that_no_uri_has_is_refused(text: str) -> None:
    """RFC 3986: ASCII without blanks, controls and quotes; a percent sign opens an octet."""
    assert refusal(Endpoint, text) == "endpoint_invalid"


@pytest.mark.parametrize(
    "text",
    [
        *("https://ann@portal.example/", "https://ann:secret@portal.example/"),
        *("https://@portal.example/", "http://:secret@portal.example/"),
        "https://portal.example@evil.example/",
    ],
)
def test_user_information_is_refused(text: str) -> None:
    """A secret does not belong into an address, nor a name that looks like the host."""
    assert refusal(Endpoint, text) == "endpoint_invalid"


@pytest.mark.parametrize(
    "text",
    [
        *("https://portal.example/#a", "https://portal.example/#", "mailto:desk@example.com#a"),
        *("tel:+12025550143#", "fax:+12025550143#1"),
    ],
)
def test_a_fragment_is_refused(text: str) -> None:
    """Also an empty one."""
    assert refusal(Endpoint, text) == "endpoint_invalid"


@pytest.mark.parametrize(
    "text",
    [
        *("mailto:a@example.com,b@example.com", "mailto:a@example.com%2Cb@example.com"),
        *("mailto:a@example.com;b@example.com", "mailto:a@example.com?cc=b@example.com"),
        *(
            "mailto:a@example.com?",
            "mailto:?to=a@example.com",
            "mailto:desk",
            "mailto:@example.com",
        ),
        *("mailto:a@example.com%0ABcc:b@example.com", "mailto:%FF@example.com", "mailto:a@local"),
    ],
)
def test_a_mailto_has_one_address_and_no_header_fields(text: str) -> None:
    """A message goes to one reader, and the partner's address decides nothing else about it."""
    assert refusal(Endpoint, text) == "endpoint_invalid"


@pytest.mark.parametrize(
    "text",
    [
        *("fax:+12025550143;ext=5", "fax:+12025550143;phone-context=+1", "fax:+12025550143;"),
        *(
            "fax:+12025550143%3Bext=5",
            "FAX:+12025550143;tsub=1",
            "fax:5550143;phone-context=+1-202",
        ),
        *("tel:none", "tel:12", "tel:+1", "tel:+1555", "tel:+99912345678", "tel:abc@example.com"),
        *("tel:+12025550143;ext=desk", "tel:5550143;phone-context=+44", f"tel:{'2' * 40}"),
        *("fax:none", "fax:12", "fax:+1555", "fax:nobody@fax.example.com", "fax:+12025550143x5"),
    ],
)
def test_a_number_that_nobody_could_ever_dial_is_refused_when_it_is_given(text: str) -> None:
    """No country has it, or no fax service would know what to do with what stands behind it."""
    assert refusal(Endpoint, text) == "endpoint_invalid"


def test_a_partner_that_holds_such_an_endpoint_already_goes_on() -> None:
    """It was taken once: the package with it is sent by the other channels."""
    assert taken(HeldEndpoint, "fax:+12025550143;ext=5") == "fax:+12025550143;ext=5"
    assert taken(HeldEndpoint, "") is None
    assert refusal(HeldEndpoint, "fax:") == "endpoint_invalid"


def test_an_endpoint_has_at_most_2048_characters() -> None:
    """Counted as it came in."""
    start = "https://portal.example/"
    longest = start + "a" * (2_048 - len(start))
    assert taken(Endpoint, longest) == longest
    assert refusal(Endpoint, longest + "a") == "endpoint_invalid"


@pytest.mark.parametrize("value", [1, True, ["https://portal.example/"], {"url": "https://a/"}])
def test_only_a_string_is_an_endpoint(value: object) -> None:
    """JSON types are exact."""
    assert refusal(Endpoint, value) == "string_type"


@given(
    st.builds(
        "{}:{}{}".format,
        st.sampled_from(["https", "http", "mailto", "tel", "fax", "HTTPS", "ftp"]),
        st.sampled_from(["//", "", "//h.example", "//[::1]", "a@example.com"]),
        st.text(alphabet="abAZ019./:?#[]@!$&'()*+,;=-_~% %2e\\é\n", max_size=40),
    )
)
@example("https://h.example/%41%7e/./../A?%E9")
def test_every_endpoint_that_is_taken_comes_out_to_the_letter(text: str) -> None:
    """Taken or refused, never rewritten."""
    if refusal(Endpoint, text) is None:
        partner = ReferralPartnerCreate.model_validate(
            {"org_id": "o", "first_name": "A", "last_name": "B", "ereferral_endpoint": text}
        )
        assert partner.ereferral_endpoint == text
        assert text.isascii() and text.isprintable() and " " not in text and "#" not in text
