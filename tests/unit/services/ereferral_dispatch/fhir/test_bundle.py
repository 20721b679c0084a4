"""The bundles a portal is sent, judged by `fhir.resources` and, where it is lenient, by hand."""

import base64
from datetime import date
from typing import Any

import orjson
import pytest

from contracts.referral_partner import ContactType
from services.ereferral_dispatch.fhir.bundle import cancellation_bundle, referral_bundle
from tests.support.partners.fhir_judge import Json, judge, resources
from tests.support.samples.packages import (
    ORG_ID,
    REFERRAL_ID,
    sample_consignment,
    sample_package,
    sample_partner,
)

LETTER = b"%PDF-1.7 a letter"
URI = "urn:ietf:rfc:3986"


def one(bundle: Json, kind: str) -> Json:
    """The bundle's only resource of a type."""
    (resource,) = resources(bundle, kind)
    return resource


def url_of(bundle: Json, resource: Json) -> str:
    """The fullUrl of a resource."""
    (url,) = [str(e["fullUrl"]) for e in bundle["entry"] if e["resource"] is resource]
    return url


def referral(**changes: Any) -> Json:
    """The bundle of the sample consignment."""
    loaded: Json = orjson.loads(referral_bundle(sample_consignment(**changes), LETTER))
    return loaded


def test_the_samples_bundles_are_fhir() -> None:
    """Both bundles are R4 and hold together; any package's are, says the sweep of them."""
    judge(referral_bundle(sample_consignment(), LETTER))
    judge(cancellation_bundle(sample_consignment(), "Sent by mistake"))


def test_the_service_request_says_what_is_asked() -> None:
    """Each element of docs/contract/dispatch.md#portal, with the sample's values."""
    package = sample_package()
    bundle = referral(package=package)
    request = one(bundle, "ServiceRequest")
    assert request["identifier"][0] == {"system": URI, "value": f"urn:uuid:{REFERRAL_ID}"}
    assert (request["status"], request["intent"]) == ("active", "order")
    assert request["priority"] == "routine"
    assert request["code"]["coding"][0]["code"] == "3457005"
    assert request["code"]["text"] == "Referral to Endodontics"
    assert request["authoredOn"] == "2026-11-20T15:30:00Z"
    assert request["subject"]["reference"] == url_of(bundle, one(bundle, "Patient"))
    me, them = resources(bundle, "Practitioner")
    assert request["requester"]["reference"] == url_of(bundle, me)
    their_practice = resources(bundle, "Organization")[1]
    assert [reference["reference"] for reference in request["performer"]] == [
        url_of(bundle, them),
        url_of(bundle, their_practice),
    ]
    assert request["reasonCode"] == [
        {"text": "Root canal evaluation, lower right first molar."},
        {
            "coding": [
                {
                    "system": "http://hl7.org/fhir/sid/icd-10-cm",
                    "code": "K04.01",
                    "display": "Reversible pulpitis",
                }
            ]
        },
    ]
    assert request["bodySite"] == [
        {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/ADAUniversalToothDesignationSystem",
                    "code": "30",
                }
            ],
            "text": "Tooth 30",
        }
    ]
    assert request["note"] == [{"text": package.referral.notes}]


def test_the_task_says_who_is_to_do_it_and_by_when() -> None:
    """Focus, for, requester, owner, and the time to respond by."""
    bundle = referral()
    task = one(bundle, "Task")
    assert (task["status"], task["intent"]) == ("requested", "order")
    assert task["code"]["coding"][0]["system"] == "http://hl7.org/fhir/CodeSystem/task-code"
    assert task["code"]["coding"][0]["code"] == "fulfill"
    assert task["focus"]["reference"] == url_of(bundle, one(bundle, "ServiceRequest"))
    assert task["for"]["reference"] == url_of(bundle, one(bundle, "Patient"))
    assert task["requester"]["reference"] == url_of(bundle, resources(bundle, "Organization")[0])
    assert task["owner"]["reference"] == url_of(bundle, resources(bundle, "Practitioner")[1])
    assert task["restriction"]["period"]["end"] == "2026-12-04T15:30:00Z"


def test_the_letter_is_inline() -> None:
    """A DocumentReference with the PDF in base64."""
    (content,) = one(referral(), "DocumentReference")["content"]
    assert content["attachment"]["contentType"] == "application/pdf"
    assert base64.b64decode(content["attachment"]["data"]) == LETTER


def test_names_are_not_split_and_birth_dates_are_dates() -> None:
    """One `name` field is one `HumanName.text`."""
    patient = one(referral(), "Patient")
    assert patient["name"] == [{"text": "Sample Patient"}]
    assert patient["birthDate"] == date(1984, 3, 9).isoformat()


def test_npis_are_identifiers() -> None:
    """Who has an NPI is found by it at the partner's."""
    bundle = referral()
    by_npi = {
        entry["resource"]["identifier"][0]["value"]: entry["request"]["ifNoneExist"]
        for entry in bundle["entry"]
        if entry["resource"]["identifier"][0]["system"] == "http://hl7.org/fhir/sid/us-npi"
    }
    assert by_npi == {
        npi: f"identifier=http://hl7.org/fhir/sid/us-npi|{npi}"
        for npi in ("1234567893", "1093817465", "1245319599")
    }


@pytest.mark.parametrize("kind", [ContactType.PRACTICE, ContactType.LAB, ContactType.OTHER])
def test_a_partner_that_is_no_provider_is_an_organization(kind: ContactType) -> None:
    """With its NPI, and the person named as its contact."""
    package = sample_package(partner=sample_partner(contact_type=kind))
    bundle = referral(package=package)
    assert len(resources(bundle, "Practitioner")) == 1
    partner = resources(bundle, "Organization")[1]
    assert partner["name"] == "Example Endodontics"
    assert partner["identifier"][0]["value"] == "1245319599"
    assert partner["contact"] == [{"name": {"text": "Alex Example"}}]
    owner = one(bundle, "Task")["owner"]["reference"]
    assert owner == url_of(bundle, partner)


def test_two_orgs_never_share_a_resource() -> None:
    """Ids are taken per org: the same id in another org is another patient at the partner's."""
    here = referral()
    there = referral(org_id=f"{ORG_ID}2")
    named_by_us = [{e["fullUrl"] for e in bundle["entry"]} for bundle in (here, there)]
    assert not named_by_us[0] & named_by_us[1]
    conditions = [
        {e["request"]["ifNoneExist"] for e in bundle["entry"] if URI in e["request"]["ifNoneExist"]}
        for bundle in (here, there)
    ]
    assert not conditions[0] & conditions[1]


def test_a_possible_repeat_says_so_and_names_the_reference() -> None:
    """In the notes of the request and of the task, where a person and a program see it."""
    bundle = referral(possible_repeat=True)
    for kind in ("ServiceRequest", "Task"):
        note = one(bundle, kind)["note"][0]["text"]
        assert "may be a repeat" in note
        assert "0123-4567-89AB" in note
    assert b"repeat" not in referral_bundle(sample_consignment(), LETTER)


def test_a_cancellation_updates_what_was_sent() -> None:
    """The same identities, `revoked` and `cancelled`, as conditional updates, with no letter."""
    sent = referral()
    off = orjson.loads(cancellation_bundle(sample_consignment(), "Sent by mistake"))
    assert one(off, "ServiceRequest")["status"] == "revoked"
    assert one(off, "Task")["status"] == "cancelled"
    assert one(off, "Task")["statusReason"] == {"text": "Sent by mistake"}
    assert resources(off, "DocumentReference") == []
    for kind in ("ServiceRequest", "Task"):
        assert one(off, kind)["identifier"] == one(sent, kind)["identifier"]
    methods = [entry["request"]["method"] for entry in off["entry"]]
    assert methods == ["PUT", "PUT", "POST", "POST", "POST", "POST", "POST"]
    assert sent["identifier"] != off["identifier"]


def test_a_partners_notes_stay_with_the_practice() -> None:
    """What the practice noted about the partner is not for the partner."""
    package = sample_package(partner=sample_partner(notes="slow to answer"))
    assert b"slow to answer" not in referral_bundle(sample_consignment(package=package), LETTER)
