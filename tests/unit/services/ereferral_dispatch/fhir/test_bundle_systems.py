"""Names of code systems in `Coding.system`: an absolute URI, or a text."""

import orjson
import pytest

from contracts.referral import ReasonCode
from services.ereferral_dispatch.fhir.bundle import referral_bundle
from services.ereferral_dispatch.fhir.systems import absolute_system
from tests.support.partners.fhir_judge import resources
from tests.support.samples.packages import sample_consignment, sample_package, sample_referral


@pytest.mark.parametrize(
    "system",
    [
        *("http://hl7.org/fhir/sid/icd-10-cm", "http://snomed.info/sct", "http://www.ada.org/cdt"),
        *("https://h.example:8443/codes?a=1#b", "https://[2606:4700::1111]/codes"),
        *("urn:oid:2.16.840.1.113883.6.90", "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"),
        *("urn:iso:std:iso:3166", "urn:ietf:bcp:47", "tag:h.example,2026:codes", "oid:1.2.3"),
        *("http://h.example", "http://h.example:/codes", "http://u@h.example/a?b/?c#d/?e", "ab:/c"),
        *("http://%C3%BC.example/%20", "ftp://192.0.2.1/codes", "urn:lex:eu:a/b?=c#d", "a+b.c-1:d"),
        *("urn:oid:0.39.4", "urn:oid:1.0", "urn:oid:2.40.3"),
    ],
)
def test_an_absolute_uri_stays_as_it_is(system: str) -> None:
    """RFC 3986, section 4.3: a scheme and what it names."""
    assert absolute_system(system) == system


@pytest.mark.parametrize(
    ("system", "normal"),
    [
        ("HTTP://h.example/Codes", "http://h.example/Codes"),
        ("Https://H.example/codes", "https://H.example/codes"),
        ("URN:OID:2.16.840.1.113883.6.90", "urn:oid:2.16.840.1.113883.6.90"),
        ("urn:OID:1.2.3", "urn:oid:1.2.3"),
        ("Urn:ISO:std:iso:3166", "urn:iso:std:iso:3166"),
        (
            "urn:uuid:53FEFA32-FCBB-4FF8-8A92-55EE120877B7",
            "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7",
        ),
        ("FTP://h.example/codes", "ftp://h.example/codes"),
    ],
)
def test_capitals_that_mean_nothing_go_in_lower_case(system: str, normal: str) -> None:
    """RFC 3986, section 6.2.2.1 (scheme), RFC 8141, section 3.1 (URN and its namespace), and FHIR
    R4, datatype `uuid`: who compares letter by letter finds the system that was meant."""
    assert absolute_system(system) == normal


@pytest.mark.parametrize(
    "oid", ["2.16.840.1.113883.6.90", "1.2", "0.0", "2.999.1", "1.39.3", "0.39", "2.40.3", "2.0"]
)
def test_a_bare_oid_becomes_a_uri(oid: str) -> None:
    """FHIR R4, datatype `oid`: urn:oid: and the dotted numbers."""
    assert absolute_system(oid) == f"urn:oid:{oid}"


@pytest.mark.parametrize(
    "system",
    [
        *("ICD-10", "icd10cm", "/relative", "//h.example/codes", "../codes", "#codes", "?a=b"),
        *("hl7.org/fhir/sid/icd-10", "www.ada.org/cdt", "ICD-10:2019", "OID:1.2.3", "local codes"),
        *("http:", "http://", "http:///codes", "http:codes", "http://[h]/", "https://:443/", ":a"),
        *("urn:", "urn:oid:", "urn:oid:1.2.", "urn:oid:icd10", "urn:uuid:1", "urn:x:y", "urn:oid"),
        *("http://h.example/a b", "http://h.example/<a>", "http://h.example/a|b", "tag:"),
        *("http://h.example/%zz", "http://bücher.example/codes", "http://h.example/\u200bcodes"),
        *(
            "http://h.example/#a#b",
            "http://h.example/[",
            "http://h.example/a]",
            "http://h.example:a/",
        ),
        *("http://h[.example/", "http://[::1/", "http://::1/", "http://[v1.a]/", "http://[1.2.3]/"),
        *("http://h.example:80:80/", "http://a@b@h.example/", "http://h.example/?[", "1http://h/"),
        *("http://:80/", "http://u@/codes", "HTTP:codes", "urn:oid:1.40.3", "urn:oid:0.40"),
        *("urn:oid:01.2", "urn:oid:1.02", "urn:oid:3.1", "urn:oid:2", "urn:oid:1.2.x", "urn:-a:b"),
        *(
            "1.40.3",
            "0.40.1",
            "1.100",
            "urn:ab:",
            "urn:ab:?c",
            "urn:oid:1.2/3",
            "LOINC:1",
            "a://[/",
        ),
        *("3.1.2", "2", "2.", "1..2", "1.02", "2.16.840.1.113883.6.90 ", ".1.2", "10.5"),
    ],
)
def test_anything_else_is_no_uri(system: str) -> None:
    """A relative reference, a name, or a URI that its own scheme does not allow."""
    assert absolute_system(system) is None


def test_a_system_that_is_no_uri_goes_as_text_with_its_code() -> None:
    """docs/contract/dispatch.md#portal: nothing of the reason is lost, and no validator is
    offended."""
    codes = [
        ReasonCode(system="ICD-10", code="K02.1", display="Caries of dentine"),
        ReasonCode(system="icd10cm", code="K04.7"),
        ReasonCode(system="2.16.840.1.113883.6.90", code="K02.51", display=None),
    ]
    package = sample_package(referral=sample_referral(reason_codes=codes))
    bundle = orjson.loads(referral_bundle(sample_consignment(package=package), b"%PDF-1.7"))
    (request,) = resources(bundle, "ServiceRequest")
    assert request["reasonCode"][1:] == [
        {"coding": [{"display": "ICD-10: K02.1 Caries of dentine"}]},
        {"coding": [{"display": "icd10cm: K04.7"}]},
        {"coding": [{"system": "urn:oid:2.16.840.1.113883.6.90", "code": "K02.51"}]},
    ]
