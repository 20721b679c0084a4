"""Rows from outside, on a running service: staged, read, taken in, rejected."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

from prometheus_client import REGISTRY
from sqlalchemy import text

from messaging.trail.audit import about_patient
from services.referrals.backlog import look
from tests.integration.referrals.marketing import Marketing
from tests.support.refusals import problem
from tests.support.services.referrals import Referrals

ALICE: dict[str, Any] = {"first_name": "Alice", "surname": "Smith", "org_type_id": 1}
FULLER: list[dict[str, Any]] = [
    {
        **ALICE,
        "source": "1",
        "referral_role": "1",
        "ethnicity": "35",
        "address1": "10 High Street",
        "postcode": "HR9 7US",
        "description": "Wants help with getting her children to socialise more",
        "project": 7,
    },
    {**ALICE, "source": "1", "referral_role": "2", "first_name": "Beatrice"},
    {**ALICE, "source": "1", "referral_role": "2", "first_name": "Carl"},
]


async def submitted(org: Marketing, *rows: dict[str, Any], **fields: Any) -> list[str]:
    """The ids of rows that were just staged."""
    answered = await org.ask("intake.submit", rows=list(rows) or [ALICE], **fields)
    assert answered.status == 202, answered
    ids: list[str] = answered.data["intake_uuids"]
    return ids


async def shown(org: Marketing, intake: str) -> dict[str, Any]:
    """A row as it is read."""
    answered = await org.ask("intake.get", intake_uuid=intake)
    assert answered.status == 200, answered
    data: dict[str, Any] = answered.data
    return data


async def test_a_group_is_staged_read_and_told(org: Marketing, referrals: Referrals) -> None:
    """Each row is an event; each is read with its whole group, and listed oldest first."""
    ids = await submitted(org, *FULLER)
    row = await shown(org, ids[0])
    assert [one["uuid"] for one in row["group"]] == ids
    assert [one["first_name"] for one in row["group"]] == ["Alice", "Beatrice", "Carl"]
    assert row["extra"] == {
        "ethnicity": "35",
        "address1": "10 High Street",
        "postcode": "HR9 7US",
    }
    assert (row["org_type_id"], row["project"], row["candidates"]) == ("1", "7", [])
    later = await submitted(org)
    listed = await org.ask("intake.list")
    assert [one["id"] for one in listed.data["items"]] == [*ids, *later]
    told = [said.body for said in await referrals.heard.events(org)]
    assert [(one["type"], one["subject"]) for one in told] == [
        ("intake.received", id_) for id_ in [*ids, *later]
    ]
    as_listed = {name: row[name] for name in listed.data["items"][0]}
    assert told[0]["data"] == as_listed == listed.data["items"][0]


async def test_a_list_is_filtered_and_searched(org: Marketing) -> None:
    """By status, form, suspicion, and by name, e-mail and number."""
    await org.practice()
    first = {**ALICE, "source": 1, "referral_role": 1, "telephone": "(202) 555-0143"}
    (one,) = await submitted(org, first)
    (two,) = await submitted(org, {**ALICE, "email": "carl@example.org"}, suspected_spam=True)
    rejected = await org.ask("intake.reject", intake_uuid=two, base_version=1, reason="spam")
    assert rejected.status == 200

    async def found(**filters: Any) -> list[str]:
        listed = await org.ask("intake.list", **filters)
        assert listed.data["total"] == len(listed.data["items"])
        return [item["id"] for item in listed.data["items"]]

    assert await found(status="received") == [one]
    assert await found(status="rejected") == [two]
    assert await found(status="accepted") == []
    assert await found(source=1) == await found(source="1") == [one]
    assert await found(suspected_spam=True) == [two]
    assert await found(suspected_spam=False) == [one]
    assert await found(search="ICE SMI") == [one, two]
    assert await found(search="5550143") == [one]
    assert await found(search="carl@") == [two]
    assert await found(search="%") == []


async def test_everything_is_read_once_by_cursor(org: Marketing) -> None:
    """Also what comes in the meantime."""
    ids = [id_ for _ in range(3) for id_ in await submitted(org, *FULLER)]
    read: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answered = await org.ask("intake.list", cursor=cursor, page_size=4)
        read += [item["id"] for item in answered.data["items"]]
        cursor = answered.data["next_cursor"]
    assert read == sorted(ids)


async def test_accept_is_one_transaction(org: Marketing, referrals: Referrals) -> None:
    """Patient, attribution and draft are there, the source has one patient more, and each is
    told."""
    source = await org.source()
    partner = await org.ereferral_partner()
    (intake,) = await submitted(org, {**ALICE, "description": "Broken tooth"})
    patient = str(uuid4())
    accepted = await org.ask(
        "intake.accept",
        intake_uuid=intake,
        base_version=1,
        patient_uuid=patient,
        attribution={"referral_source_uuid": source["id"]},
        referral={"referral_partner_uuid": partner["id"]},
    )
    assert accepted.status == 200, accepted
    assert accepted.data["patient"] == {"uuid": patient, "name": "Alice Smith"}
    brought = await org.ask("referral_attribution.list", patient_uuid=patient)
    assert [one["id"] for one in brought.data["items"]] == [
        accepted.data["referral_attribution_uuid"]
    ]
    draft = await org.ask("referral.get", referral_uuid=accepted.data["referral_uuid"])
    assert (draft.data["status"], draft.data["reason"]) == ("draft", "Broken tooth")
    counted = await org.ask("referral_source.get", referral_source_uuid=source["id"])
    assert counted.data["patient_count"] == 1
    types = await referrals.heard.event_types(org)
    assert types[-4:] == [
        "patient.put",
        "referral_attribution.created",
        "referral.created",
        "intake.accepted",
    ]
    assert await referrals.heard.dispatches(org) == []


async def test_an_accept_that_fails_on_its_attribution_makes_nothing(
    org: Marketing, referrals: Referrals
) -> None:
    """No patient, no referral, no event; the row waits as before."""
    asleep = await org.source(is_active=False)
    partner = await org.ereferral_partner()
    (intake,) = await submitted(org, {**ALICE, "description": "Broken tooth"})
    before = await referrals.heard.event_types(org)
    patient = str(uuid4())
    refused = await org.ask(
        "intake.accept",
        intake_uuid=intake,
        base_version=1,
        patient_uuid=patient,
        attribution={"referral_source_uuid": asleep["id"]},
        referral={"referral_partner_uuid": partner["id"]},
    )
    told = problem(refused, 422, "validation_error")
    assert told["errors"][0]["loc"] == ["attribution", "referral_source_uuid"]
    problem(await org.ask("patient.get", patient_uuid=patient), 404, "patient_not_found")
    assert (await org.ask("referral.list")).data["total"] == 0
    assert (await shown(org, intake))["status"] == "received"
    assert await referrals.heard.event_types(org) == before


async def test_of_two_accepts_at_once_one_is_done(org: Marketing) -> None:
    """The other meets its version: one patient, whoever was first."""
    for _ in range(5):
        (intake,) = await submitted(org)
        asked = (
            org.ask("intake.accept", intake_uuid=intake, base_version=1, patient_uuid=str(uuid4()))
            for _ in range(2)
        )
        answers = sorted(await asyncio.gather(*asked), key=lambda one: one.status)
        assert [one.status for one in answers] == [200, 409]
        assert problem(answers[1], 409, "version_conflict")["current_version"] == 2
        assert (await shown(org, intake))["patient"] == answers[0].data["patient"]


async def test_a_linked_row_changes_no_patient(org: Marketing) -> None:
    """The form's mapped source is a secondary attribution beside the one that is there."""
    patient = await org.patient()
    newspaper, form = await org.source(), await org.source()
    await org.attribution(patient, referral_source_uuid=newspaper["id"])
    mapped = await org.ask("intake_map.put", source="1", referral_source_uuid=form["id"])
    assert mapped.status == 200
    (intake,) = await submitted(org, {**ALICE, "source": "1", "referral_role": "1"})
    row = await shown(org, intake)
    assert row["mapped_source"] == {"uuid": form["id"], "name": form["name"]}
    linked = await org.ask(
        "intake.link", intake_uuid=intake, base_version=1, patient_uuid=patient["id"]
    )
    assert (linked.status, linked.data["status"]) == (200, "linked")
    brought = await org.ask(
        "referral_attribution.get",
        patient_uuid=patient["id"],
        attribution_uuid=linked.data["referral_attribution_uuid"],
    )
    assert brought.data["referral_source"]["uuid"] == form["id"]
    assert brought.data["attribution_role"] == "secondary"
    assert (await org.ask("patient.get", patient_uuid=patient["id"])).data == patient


async def test_a_row_is_accepted_as_a_contact(org: Marketing, referrals: Referrals) -> None:
    """No patient is made; once the contact is a patient, whoever reads the row has read of them."""
    (intake,) = await submitted(org, {**ALICE, "description": "Brings her neighbours"})
    as_contact = {"intake_uuid": intake, "base_version": 1, "as": "contact"}
    accepted = await org.ask("intake.accept", **as_contact)
    assert accepted.status == 200, accepted
    contact = accepted.data["contact"]["uuid"]
    found = await org.ask("contact.get", contact_uuid=contact)
    assert (found.data["name"], found.data["patient"]) == ("Alice Smith", None)
    assert accepted.data["patient"] is None
    assert await referrals.heard.event_types(org) == [
        "intake.received",
        "contact.put",
        "intake.accepted",
    ]
    patient = await org.patient()
    linked = {"contact_uuid": contact, "name": "Alice Smith", "patient_uuid": patient["id"]}
    now = found.data["observed_at"]
    assert (await org.ask("contact.put", **linked, observed_at=now)).status == 200
    assert (await shown(org, intake))["contact"] == {"uuid": contact, "name": "Alice Smith"}
    assert (await org.ask("intake.list")).data["items"][0]["contact"]["uuid"] == contact
    trail = await about_patient(referrals.service.system_engine, org.id, UUID(patient["id"]))
    assert [one.operation for one in trail][-2:] == ["intake.get", "intake.list"]


async def test_what_forms_are_mapped_to_is_listed(org: Marketing) -> None:
    """Projects, then sources, each by its outside id; what was removed is not."""
    source, partner = await org.source(), await org.partner()
    of_source = {"referral_source_uuid": source["id"]}
    for fields in (
        {"source": "2", **of_source},
        {"source": "1", "referral_role": "2", **of_source},
        {"source": "1", **of_source},
        {"source": "3", **of_source},
        {"project": "7", "referral_partner_uuid": partner["id"]},
        {"source": "3", "referral_source_uuid": None},
    ):
        assert (await org.ask("intake_map.put", **fields)).status == 200
    listed = (await org.ask("intake_map.list")).data
    keys = [(one["project"], one["source"], one["referral_role"]) for one in listed["items"]]
    assert keys == [
        ("7", None, None),
        (None, "1", None),
        (None, "1", "2"),
        (None, "2", None),
    ]
    assert listed["items"][0]["referral_partner"]["name"] == "Ann Archer"
    (intake,) = await submitted(org, {**ALICE, "project": 7})
    assert (await shown(org, intake))["mapped_partner"]["uuid"] == partner["id"]


async def test_rows_of_another_org_are_not_there(org: Marketing, referrals: Referrals) -> None:
    """Neither to read nor to decide; and its fingerprints are its own."""
    (intake,) = await submitted(org, fingerprint="same")
    other = referrals.org()
    problem(await other.ask("intake.get", intake_uuid=intake), 404, "intake_not_found")
    refused = await other.ask("intake.accept", intake_uuid=intake, base_version=1)
    problem(refused, 404, "intake_not_found")
    elsewhere = await other.ask("intake.submit", rows=[ALICE], fingerprint="same")
    assert elsewhere.data["intake_uuids"] != [intake]
    assert (await other.ask("intake.list")).data["total"] == 1


async def test_a_number_comes_out_as_it_came_in(org: Marketing) -> None:
    """Whatever a form sends: nothing is rounded or written another way by the database."""
    extra: dict[str, Any] = {
        "big": 9_223_372_036_854_775_807,
        "small": -9_223_372_036_854_775_808,
        "fraction": 0.1,
        "huge": 1e300,
        "yes": True,
        "none": None,
        "text": 'a "quoted" \u00e9\n text',
    }
    (intake,) = await submitted(org, {**ALICE, **extra})
    row = await shown(org, intake)
    assert row["extra"] == extra
    assert [type(value) for value in row["extra"].values()] == [
        type(value) for value in extra.values()
    ]


async def waiting(referrals: Referrals) -> tuple[float, float, float]:
    """How many rows wait and how many of those suspected, and for how long the former do."""
    await look(referrals.service.system_engine)
    figures = [
        REGISTRY.get_sample_value(f"handoff_intake_waiting{name}", {"suspected_spam": suspected})
        for name, suspected in (("", "false"), ("", "true"), ("_age_seconds", "false"))
    ]
    wanted, suspected, age = [figure for figure in figures if figure is not None]
    return wanted, suspected, age


async def test_what_waits_is_counted_over_all_orgs(org: Marketing, referrals: Referrals) -> None:
    """Until somebody decides; a row that is reopened waits from then on. Suspected spam is counted
    apart, and keeps nobody waiting."""
    wanted, suspected, _ = await waiting(referrals)
    (one,) = await submitted(org)
    (spam,) = await submitted(org, suspected_spam=True)
    async with referrals.service.system_engine.begin() as database:
        for intake, days in ((one, 4), (spam, 9)):
            await database.execute(
                text(
                    "UPDATE intake SET updated_at = updated_at - make_interval(days => :days) "
                    "WHERE id = CAST(:id AS uuid)"
                ),
                {"days": days, "id": intake},
            )
    counted = await waiting(referrals)
    assert counted[:2] == (wanted + 1, suspected + 1)
    assert 4 * 86_400 <= counted[2] < 5 * 86_400
    rejected = await org.ask("intake.reject", intake_uuid=one, base_version=1, reason="not_reached")
    assert rejected.status == 200
    counted = await waiting(referrals)
    assert counted[:2] == (wanted, suspected + 1) and counted[2] < 3600
    assert (await org.ask("intake.reopen", intake_uuid=one, base_version=2)).status == 200
    counted = await waiting(referrals)
    assert counted[:2] == (wanted + 1, suspected + 1) and counted[2] < 3600
