"""`patient.list` and `provider.list`: order, search, pages, and who is in them."""

from random import Random
from typing import Any
from uuid import uuid4

import pytest

from messaging.trail.audit import about_patient
from tests.support.services.referrals import Org, Referrals

LATER = "2026-01-06T08:00:00Z"


async def names(org: Org, operation: str, **fields: Any) -> list[str]:
    """The names of a whole list, which has them on its first page."""
    answered = await org.ask(operation, **fields)
    assert answered.status == 200, answered
    found = [item["name"] for item in answered.data["items"]]
    assert answered.data["total"] == len(found)
    return found


@pytest.mark.parametrize("kind", ["patient", "provider"])
async def test_the_unarchived_come_by_name(org: Org, kind: str) -> None:
    """Lower-cased, and then by code point; as `get` shows them. What is archived comes back with a
    newer put."""
    put = org.patient if kind == "patient" else org.provider
    for name in ("zoe Adler", "Émile Brun", "Zoe adams", "anna Zorn"):
        await put(name=name)
    gone = await put(name="Adam Gone")
    named = {f"{kind}_uuid": gone["id"]}
    archived = await org.ask(f"{kind}.archive", **named, observed_at=LATER)
    assert archived.status == 204
    here = ["anna Zorn", "Zoe adams", "zoe Adler", "Émile Brun"]
    assert await names(org, f"{kind}.list") == here
    await put(**named, name="Adam Back", observed_at="2026-01-07T08:00:00Z")
    assert await names(org, f"{kind}.list") == ["Adam Back", *here]
    listed = await org.ask(f"{kind}.list", search="back")
    got = await org.ask(f"{kind}.get", **named)
    assert listed.data["items"] == [got.data]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("PACE", ["Paula Pace", "Peter Pace"]),
        ("la pa", ["Paula Pace"]),
        ("strasse", ["Straßer, Otto"]),
        ("ΟΔΟΣ", ["Οδοσία"]),
        ("202555", ["Paula Pace"]),
        ("+12025550143", ["Paula Pace"]),
        ("@EXAMPLE.com", ["Peter Pace"]),
        ("%", ["100% Pure"]),
        ("_", []),
        ("pace\n", None),
        ("nobody", []),
    ],
)
async def test_a_search_finds_a_patient_by_name_phone_and_email(
    referrals: Referrals, search: str, found: list[str] | None
) -> None:
    """Part of it, without regard to case in any script; `%` and `_` are ordinary characters."""
    org = referrals.org()
    await org.practice()
    await org.patient(name="Paula Pace", phone="(202) 555-0143")
    await org.patient(name="Peter Pace", email="Peter@Example.com")
    for name in ("Straßer, Otto", "Οδοσία", "100% Pure"):
        await org.patient(name=name)
    if found is None:
        # Trimmed, as every text of one line is: what is left of it is looked for.
        found = ["Paula Pace", "Peter Pace"]
    assert await names(org, "patient.list", search=search) == found


async def test_a_search_does_not_reach_over_the_end_of_a_field(org: Org) -> None:
    """Name, phone and e-mail are apart; a provider is found by the name alone."""
    await org.practice()
    await org.patient(name="Ann", phone="+12025550143", email="z@example.com")
    for search in ("ann+1", "0143z", "ann z"):
        assert await names(org, "patient.list", search=search) == []
    await org.provider(name="Dr. Rose Rand", npi="1245319599")
    assert await names(org, "provider.list", search="1245") == []
    assert await names(org, "provider.list", search="ROSE") == ["Dr. Rose Rand"]


async def test_a_patient_whose_text_is_too_long_for_an_index_is_found(org: Org) -> None:
    """200 characters of four bytes that do not compress, with an address behind them: on pages, by
    cursor, and by what a referral shows of them."""
    random = Random(1)
    name = "".join(chr(random.randrange(0x20000, 0x2A6DE)) for _ in range(198)) + "𐐀q"
    made = await org.patient(name=name, email="long@example.com")
    partner = await org.partner(contact_type="lab", practice_name=f"{name[:-1]}z")
    referral = await org.referral(patient_uuid=made["id"], referral_partner_uuid=partner["id"])
    await org.patient(name="Short", email="short@example.com")
    for search in ("𐐨q", "LONG@", "q", name[50:150]):
        assert await names(org, "patient.list", search=search) == [made["name"]]
        read = await org.ask("patient.list", cursor="", search=search)
        assert [item["id"] for item in read.data["items"]] == [made["id"]]
    for search, times in (("𐐨q", 1), ("𐐨z", 1), (name[50:150], 1), ("long@", 0), ("y", 0)):
        listed = await org.ask("referral.list", search=search)
        assert [item["id"] for item in listed.data["items"]] == [referral["id"]] * times


async def test_what_a_newer_put_says_is_what_is_searched(org: Org) -> None:
    """The old name and number find nobody."""
    patient = str(uuid4())
    await org.practice()
    await org.patient(patient_uuid=patient, name="Paula Pace", phone="+12025550143")
    await org.patient(patient_uuid=patient, name="Paula Quill", observed_at=LATER)
    assert await names(org, "patient.list", search="quill") == ["Paula Quill"]
    assert await names(org, "patient.list", search="pace") == []
    assert await names(org, "patient.list", search="0143") == []


async def test_whoever_lists_patients_is_written_down(org: Org, referrals: Referrals) -> None:
    """With those that were shown, and no others."""
    shown, other = await org.patient(name="Paula Pace"), await org.patient(name="Otto Orr")
    await names(org, "patient.list", search="pace")
    for patient, times in ((shown, 1), (other, 0)):
        trail = await about_patient(referrals.service.system_engine, org.id, patient["id"])
        assert [one.operation for one in trail].count("patient.list") == times
