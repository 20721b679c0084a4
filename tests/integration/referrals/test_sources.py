"""Referral sources: what each operation does, its events and its figures."""

from uuid import UUID, uuid4

import pytest

from contracts.referral_source import SourceCategory
from tests.integration.referrals.marketing import Marketing, marketing, uuid_and_name
from tests.support.refusals import problem
from tests.support.services.referrals import Referrals

IDENTITY = {"id", "version", "created_at", "updated_at"}


async def test_a_new_source_shows_every_field(org: Marketing) -> None:
    """What was given in its normal form, its place, and figures that begin at nothing."""
    data = await org.source(
        name="  Google Ads - Spring 2026 ",
        category="digital_advertising",
        description="Search\r\nand display",
        is_active=False,
    )
    assert {name: value for name, value in data.items() if name not in IDENTITY} == {
        "name": "Google Ads - Spring 2026",
        "category": "digital_advertising",
        "description": "Search\nand display",
        "is_active": False,
        "linked_patient": None,
        "linked_referral_partner": None,
        "sort_order": 1,
        "patient_count": 0,
        "total_cost": 0,
    }
    assert data["version"] == 1
    assert UUID(data["id"]).version == 7
    assert data["created_at"] == data["updated_at"]
    assert data["created_at"].endswith("Z")


async def test_what_is_not_given_is_null_or_its_default(org: Marketing) -> None:
    """A source needs a name and a category, no more."""
    data = await org.source()
    assert (data["description"], data["is_active"]) == (None, True)
    assert (data["linked_patient"], data["linked_referral_partner"]) == (None, None)


@pytest.mark.parametrize("category", SourceCategory)
async def test_each_category_is_taken_whatever_is_linked(
    org: Marketing, category: SourceCategory
) -> None:
    """Which link fits a category is advice."""
    patient, partner = await org.patient(), await org.partner()
    by_patient = await org.source(category=category, linked_patient_uuid=patient["id"])
    assert by_patient["category"] == category
    assert by_patient["linked_patient"] == uuid_and_name(patient, "Paul Pace")
    by_partner = await org.source(category=category, linked_referral_partner_uuid=partner["id"])
    assert by_partner["linked_referral_partner"] == uuid_and_name(partner, "Ann Archer")


async def test_a_create_may_bring_its_own_id_once(org: Marketing, referrals: Referrals) -> None:
    """Ids are taken per org, and for good."""
    own = str(uuid4())
    source = await org.source(id=own)
    assert source["id"] == own
    for _ in range(2):
        again = await org.ask("referral_source.create", id=own, name="N", category="other")
        problem(again, 409, "already_exists")
        if (await org.ask("referral_source.get", referral_source_uuid=own)).status == 200:
            await org.archive("referral_source", source)
    assert (await marketing(referrals).source(id=own))["id"] == own


async def test_an_update_changes_what_it_names_and_says_so(
    org: Marketing, referrals: Referrals
) -> None:
    """Null clears; the rest stays; the event names what changed, as it goes out."""
    patient, partner = await org.patient(), await org.partner()
    made = await org.source(description="By the road", linked_patient_uuid=patient["id"])
    answered = await org.update(
        "referral_source",
        made,
        description=None,
        linked_patient_uuid=None,
        linked_referral_partner_uuid=partner["id"],
        category="doctor_referral",
    )
    assert answered.status == 200
    after = {
        **made,
        "description": None,
        "linked_patient": None,
        "linked_referral_partner": uuid_and_name(partner, "Ann Archer"),
        "category": "doctor_referral",
        "version": 2,
        "updated_at": answered.data["updated_at"],
    }
    assert answered.data == after == await org.source_now(made)
    told = [said.body for said in await referrals.heard.events(org)]
    (event,) = [body for body in told if body["type"] == "referral_source.updated"]
    assert event["changed"] == "category,description,linked_patient,linked_referral_partner"
    assert event["data"] == after


async def test_an_update_that_changes_nothing_is_no_version(
    org: Marketing, referrals: Referrals
) -> None:
    """200, the same version, no event; also with the name as it was, or spelled with spaces."""
    made = await org.source()
    for fields in ({}, {"name": " Billboard "}, {"category": "signage", "is_active": True}):
        answered = await org.update("referral_source", made, **fields)
        assert (answered.status, answered.data) == (200, made)
    assert await referrals.heard.event_types(org) == ["referral_source.created"]


async def test_an_archived_source_is_not_found(org: Marketing, referrals: Referrals) -> None:
    """By whatever names it or is nested in it; its event carries the last state, one version on."""
    source = await org.source()
    cost = await org.cost(source)
    patient = await org.patient()
    attribution = await org.attribution(patient, referral_source_uuid=source["id"])
    await org.archive("referral_source", source)
    named = {"referral_source_uuid": source["id"]}
    its_cost = {**named, "cost_uuid": cost["id"]}
    whole_cost = {"amount": 1, "period_start": "2026-01-01", "period_end": "2026-01-01"}
    for operation, fields in (
        ("referral_source.get", named),
        ("referral_source.update", {**named, "base_version": 2}),
        ("referral_source.archive", {**named, "base_version": 2}),
        ("referral_source_cost.create", {**named, **whole_cost}),
        ("referral_source_cost.update", {**its_cost, "base_version": 1}),
        ("referral_source_cost.archive", {**its_cost, "base_version": 1}),
        ("referral_source_cost.get", its_cost),
        ("referral_source_cost.list", named),
        (
            "referral_attribution.create",
            {**named, "patient_uuid": patient["id"], "attribution_role": "assist"},
        ),
    ):
        problem(await org.ask(operation, **fields), 404, "referral_source_not_found")
    assert (await org.ask("referral_source.list")).data["total"] == 0
    (event,) = [
        said.body
        for said in await referrals.heard.events(org)
        if said.body["type"] == "referral_source.archived"
    ]
    assert event["aggregateversion"] == event["data"]["version"] == 2
    assert event["data"] == {
        **source,
        "version": 2,
        "updated_at": event["data"]["updated_at"],
        "patient_count": 1,
        "total_cost": 100,
    }
    assert "changed" not in event
    # What points to it keeps showing it, and can still be changed and archived.
    theirs = {"patient_uuid": patient["id"], "attribution_uuid": attribution["id"]}
    shown = await org.ask("referral_attribution.get", **theirs)
    assert shown.data["referral_source"] == uuid_and_name(source, "Billboard")
    noted = await org.ask(
        "referral_attribution.update", **theirs, base_version=1, source_note="saw it twice"
    )
    assert noted.data["referral_source"] == uuid_and_name(source, "Billboard")
    await org.archive("referral_attribution", noted.data)


async def test_a_link_stays_when_what_it_leads_to_is_archived(org: Marketing) -> None:
    """Its name stays too, and the source can still be changed otherwise."""
    patient, partner = await org.patient(), await org.partner()
    by_patient = await org.source(linked_patient_uuid=patient["id"])
    by_partner = await org.source(linked_referral_partner_uuid=partner["id"])
    await org.archive_patient(patient)
    await org.archive_partner(partner)
    for source in (by_patient, by_partner):
        assert await org.source_now(source) == source
        answered = await org.update("referral_source", source, name="Renamed")
        assert answered.data["linked_patient"] == source["linked_patient"]
        assert answered.data["linked_referral_partner"] == source["linked_referral_partner"]


async def test_a_link_shows_the_name_of_now(org: Marketing) -> None:
    """In get and in a list: the patient married."""
    patient = await org.patient()
    source = await org.source(linked_patient_uuid=patient["id"])
    await org.patient(patient_uuid=patient["id"], name="Paul Poole")
    assert (await org.source_now(source))["linked_patient"]["name"] == "Paul Poole"
    (item,) = (await org.ask("referral_source.list")).data["items"]
    assert item == await org.source_now(source)


async def test_the_events_tell_of_every_change(org: Marketing, referrals: Referrals) -> None:
    """Created, updated, archived: one subject, versions 1, 2, 3, caused by the commands."""
    commands = [uuid4() for _ in range(3)]
    made = await org.ask(
        "referral_source.create", message_id=commands[0], name="Radio", category="tv_radio"
    )
    source = made.data
    named = {"referral_source_uuid": source["id"]}
    await org.ask(
        "referral_source.update", message_id=commands[1], **named, base_version=1, name="Radio 2"
    )
    await org.ask("referral_source.archive", message_id=commands[2], **named, base_version=2)
    events = [said.body for said in await referrals.heard.events(org)]
    assert [
        (e["type"], e["aggregateversion"], e["data"]["version"], e["data"]["name"]) for e in events
    ] == [
        ("referral_source.created", 1, 1, "Radio"),
        ("referral_source.updated", 2, 2, "Radio 2"),
        ("referral_source.archived", 3, 3, "Radio 2"),
    ]
    assert [e["causationid"] for e in events] == [str(command) for command in commands]
    assert {(e["source"], e["subject"], e["dataschema"], e["orgid"]) for e in events} == {
        ("/referrals", source["id"], "urn:handoff:schema:referral_source:v1", org.id)
    }
    assert events[0]["data"] == source
    assert [e.get("changed") for e in events] == [None, "name", None]


async def test_another_orgs_sources_do_not_exist(org: Marketing, referrals: Referrals) -> None:
    """Not to read, not to change, not to list, not to report."""
    source = await org.source()
    other = marketing(referrals)
    named = {"referral_source_uuid": source["id"]}
    for operation, fields in (
        ("get", {}),
        ("update", {"base_version": 1, "name": "Mine"}),
        ("archive", {"base_version": 1}),
    ):
        answered = await other.ask(f"referral_source.{operation}", **named, **fields)
        problem(answered, 404, "referral_source_not_found")
    assert (await other.ask("referral_source.list")).data["total"] == 0
    assert (await other.report("2020-01-01", "2030-12-31")).data["items"] == []
    assert await org.source_now(source) == source
    assert (await other.source())["sort_order"] == 1, "orgs are counted apart"


async def test_a_repeat_of_a_create_takes_no_second_number(org: Marketing) -> None:
    """The same message, the same source; the next one follows without a gap."""
    message_id = uuid4()
    answers = [
        await org.ask("referral_source.create", message_id=message_id, name="N", category="other")
        for _ in range(3)
    ]
    assert len({answer.data["id"] for answer in answers}) == 1
    assert {answer.data["sort_order"] for answer in answers} == {1}
    await org.archive("referral_source", answers[0].data)
    assert (await org.source())["sort_order"] == 2, "an archived source keeps its number"
