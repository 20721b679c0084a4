"""The list of outbound referrals."""

from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.integration.referrals.news import tell
from tests.support.services.referrals import Org, Referrals


@pytest_asyncio.fixture(scope="module")
async def org(referrals: Referrals) -> Org:
    """One org for the module: nothing here changes what `made` has made."""
    return referrals.org()


@pytest_asyncio.fixture(scope="module")
async def made(org: Org, referrals: Referrals) -> dict[str, dict[str, Any]]:
    """Five referrals by name, oldest first, of two patients to two partners."""
    pace = await org.patient(name="Paul Pace")
    quill = await org.patient(name="Quinn Quill")
    archer = await org.ereferral_partner(first_name="Ann", last_name="Archer")
    lab = await org.ereferral_partner(contact_type="lab", practice_name="Bright Lab")
    provider = await org.provider(name="Dr. Rose Rand")
    to_archer = {"patient_uuid": pace["id"], "referral_partner_uuid": archer["id"]}
    to_lab = {"patient_uuid": quill["id"], "referral_partner_uuid": lab["id"]}
    found = {
        "draft": await org.referral(**to_archer, referring_provider_uuid=provider["id"]),
        "sent": await org.sent_referral(**to_archer),
        "delivered": await org.sent_referral(**to_lab),
        "completed": await org.sent_referral(**to_lab),
        "revoked": await org.sent_referral(**to_lab),
    }
    await tell(referrals, org, found["delivered"], "delivered", version=2)
    await org.ask(
        "referral.record_response", referral_uuid=found["completed"]["id"], response="completed"
    )
    await org.ask(
        "referral.cancel", referral_uuid=found["revoked"]["id"], base_version=2, reason="r"
    )
    return found


async def _list(org: Org, **fields: Any) -> dict[str, Any]:
    answered = await org.ask("referral.list", **fields)
    assert answered.status == 200, answered
    data: dict[str, Any] = answered.data
    return data


async def test_newest_first_with_names_and_without_timelines(
    org: Org, made: dict[str, dict[str, Any]]
) -> None:
    """Each item is what an event's data shows."""
    listed = await _list(org)
    assert [item["id"] for item in listed["items"]] == [
        made[name]["id"] for name in ("revoked", "completed", "delivered", "sent", "draft")
    ]
    assert {key: listed[key] for key in ("page", "page_size", "total")} == {
        "page": 1,
        "page_size": 50,
        "total": 5,
    }
    assert listed["items"][4] == made["draft"]
    assert listed["items"][4]["referring_provider"]["name"] == "Dr. Rose Rand"
    assert listed["items"][3] == made["sent"]
    assert listed["items"][2]["patient"]["name"] == "Quinn Quill"
    assert listed["items"][2]["referral_partner"]["name"] == "Bright Lab"
    assert listed["items"][2]["referring_provider"] is None


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"status": "draft"}, ["draft"]),
        ({"status": "active"}, ["delivered", "sent"]),
        ({"status": "completed"}, ["completed"]),
        ({"status": "revoked"}, ["revoked"]),
        ({"fulfilment_status": "requested"}, ["delivered", "sent"]),
        ({"fulfilment_status": "completed"}, ["completed"]),
        ({"fulfilment_status": "cancelled"}, ["revoked"]),
        ({"fulfilment_status": "in-progress"}, []),
        ({"dispatch_status": "delivered"}, ["delivered"]),
        ({"dispatch_status": "queued"}, []),
        ({"overdue": True}, []),
        ({"overdue": False}, ["revoked", "completed", "delivered", "sent", "draft"]),
        ({"status": "active", "dispatch_status": "delivered"}, ["delivered"]),
        ({"status": "draft", "fulfilment_status": "requested"}, []),
        ({"status": None, "overdue": None}, ["revoked", "completed", "delivered", "sent", "draft"]),
    ],
    ids=str,
)
async def test_filters_narrow_together(
    org: Org, made: dict[str, dict[str, Any]], filters: dict[str, Any], names: list[str]
) -> None:
    """Each by itself and with others; null is no filter. The total counts what matches."""
    listed = await _list(org, **filters)
    assert [item["id"] for item in listed["items"]] == [made[name]["id"] for name in names]
    assert listed["total"] == len(names)


async def test_by_patient_and_by_partner(org: Org, made: dict[str, dict[str, Any]]) -> None:
    """One of which nothing is listed is there all the same: an empty list."""
    patient = made["draft"]["patient"]["uuid"]
    partner = made["delivered"]["referral_partner"]["uuid"]
    of_patient = await _list(org, patient_uuid=patient)
    assert [item["id"] for item in of_patient["items"]] == [made["sent"]["id"], made["draft"]["id"]]
    assert (await _list(org, referral_partner_uuid=partner))["total"] == 3
    assert (await _list(org, patient_uuid=patient, referral_partner_uuid=partner))["total"] == 0
    nobody = await org.patient()
    assert (await _list(org, patient_uuid=nobody["id"]))["items"] == []


async def test_a_filter_that_names_nothing_of_the_org_is_refused(
    org: Org, referrals: Referrals, made: dict[str, dict[str, Any]]
) -> None:
    """Nobody's, another org's and archived ones alike, the patient before the partner; a
    mistyped id must not look like a patient without referrals."""
    stranger = referrals.org()
    theirs = made["draft"]["patient"]["uuid"], made["draft"]["referral_partner"]["uuid"]
    gone = await org.patient()
    await org.ask("patient.archive", patient_uuid=gone["id"], observed_at="2026-01-06T08:00:00Z")
    for asking, filters, code in (
        (org, {"patient_uuid": str(uuid4())}, "patient_not_found"),
        (org, {"patient_uuid": gone["id"]}, "patient_not_found"),
        (org, {"referral_partner_uuid": str(uuid4())}, "referral_partner_not_found"),
        (stranger, {"patient_uuid": theirs[0]}, "patient_not_found"),
        (stranger, {"referral_partner_uuid": theirs[1]}, "referral_partner_not_found"),
        (
            stranger,
            {"patient_uuid": theirs[0], "referral_partner_uuid": theirs[1]},
            "patient_not_found",
        ),
    ):
        for paging in ({}, {"cursor": ""}):
            refused = await asking.ask("referral.list", **filters, **paging)
            assert refused.status == 404 and refused.problem is not None
            assert refused.problem["code"] == code


async def test_pages(org: Org, made: dict[str, dict[str, Any]]) -> None:
    """Past the end there are no items and the true total."""
    second = await _list(org, page=2, page_size=2)
    assert [item["id"] for item in second["items"]] == [made["delivered"]["id"], made["sent"]["id"]]
    assert second["total"] == 5
    past = await _list(org, page=4, page_size=2)
    assert (past["items"], past["total"]) == ([], 5)


async def test_another_org_sees_nothing_of_it(
    referrals: Referrals, made: dict[str, dict[str, Any]]
) -> None:
    """Neither a page nor the whole list."""
    stranger = referrals.org()
    assert (await _list(stranger))["total"] == 0
    assert (await _list(stranger, cursor=""))["items"] == []


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"search": "QUILL"}, ["revoked", "completed", "delivered"]),
        ({"search": "ann arch"}, ["sent", "draft"]),
        ({"search": "bright LAB", "status": "completed"}, ["completed"]),
        ({"search": "l p"}, ["sent", "draft"]),
        ({"search": "nobody"}, []),
        ({"search": "%"}, []),
        ({"priority": "routine"}, ["revoked", "completed", "delivered", "sent", "draft"]),
        ({"priority": "stat"}, []),
    ],
)
async def test_a_search_finds_by_the_patients_and_the_partners_name(
    org: Org, made: dict[str, dict[str, Any]], filters: dict[str, Any], names: list[str]
) -> None:
    """Part of either, whatever the case, beside any filter; the total counts what is found."""
    listed = await _list(org, **filters)
    assert [item["id"] for item in listed["items"]] == [made[name]["id"] for name in names]
    assert listed["total"] == len(names)


@pytest.mark.parametrize("part", [slice(None), slice(5, None), slice(9, 14)])
async def test_a_search_finds_by_the_reference(
    org: Org, made: dict[str, dict[str, Any]], part: slice
) -> None:
    """As it is read out, or part of it, in either case."""
    for one in made.values():
        searched = one["reference"][part]
        alike = [other for other in made.values() if searched in other["reference"]]
        for text in (searched, searched.lower()):
            found = (await _list(org, search=text))["items"]
            assert {item["id"] for item in found} == {other["id"] for other in alike}
            assert one["id"] in {item["id"] for item in found}


async def test_names_are_searched_as_they_are_shown_now(referrals: Referrals) -> None:
    """After a new put and an update; those of archived patients and partners too, and neither by
    phone nor by e-mail."""
    org = referrals.org()
    await org.practice()
    patient = await org.patient(name="Paul Pace", email="paul@example.com", phone="+12025550143")
    partner = await org.partner(contact_type="lab", practice_name="Bright Lab", last_name="Archer")
    referral = await org.referral(patient_uuid=patient["id"], referral_partner_uuid=partner["id"])
    later = {"patient_uuid": patient["id"], "observed_at": "2026-02-01T08:00:00Z"}
    await org.ask("patient.put", name="Paul Straße", **later)
    named = {"referral_partner_uuid": partner["id"]}
    await org.ask("referral_partner.update", **named, base_version=1, practice_name="Dim Lab")
    await org.ask("patient.archive", **later)
    await org.ask("referral_partner.archive", **named, base_version=2)
    for search, times in (
        *(("pace", 0), ("STRASSE", 1), ("bright", 0), ("dim", 1)),
        # No part of what a lab with a name of its own is called by.
        ("archer", 0),
        *(("@example", 0), ("+1202", 0)),
    ):
        listed = await _list(org, search=search)
        assert [item["id"] for item in listed["items"]] == [referral["id"]] * times, search


async def test_what_was_sent_on_is_told_apart(referrals: Referrals) -> None:
    """As long as the one that follows is not cancelled: then it waits for somebody again."""
    org = referrals.org()
    sent = await org.sent_referral()
    other = await org.sent_referral(
        patient_uuid=sent["patient"]["uuid"],
        referral_partner_uuid=sent["referral_partner"]["uuid"],
    )
    for one in (sent, other):
        fields = {"referral_uuid": one["id"], "response": "rejected"}
        assert (await org.ask("referral.record_response", **fields)).status == 200
    draft = await org.referral(
        patient_uuid=sent["patient"]["uuid"],
        referral_partner_uuid=sent["referral_partner"]["uuid"],
        follows_uuid=sent["id"],
    )

    async def rejected(sent_on: bool) -> list[str]:
        listed = await _list(org, fulfilment_status="rejected", sent_on=sent_on)
        return [item["id"] for item in listed["items"]]

    assert await rejected(True) == [sent["id"]]
    assert await rejected(False) == [other["id"]]
    cancelled = {"referral_uuid": draft["id"], "base_version": 1, "reason": "r"}
    assert (await org.ask("referral.cancel", **cancelled)).status == 200
    assert await rejected(True) == []
    assert await rejected(False) == [other["id"], sent["id"]]
