"""The events of referrals: exact envelopes, published if and only if their change committed."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support.services.referrals import Org, Referrals, Said

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ATTRIBUTES = {
    *("specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema"),
    *("orgid", "aggregateversion", "data"),
}


def check_envelope(said: Said, org: Org, kind: str, subject: str, version: int) -> dict[str, Any]:
    """Everything that every event has; returns the body."""
    body, properties = said.body, said.properties
    assert body["specversion"] == "1.0"
    assert body["source"] == "/referrals"
    assert body["type"] == kind
    assert body["subject"] == subject
    assert body["datacontenttype"] == "application/json"
    assert body["dataschema"] == f"urn:handoff:schema:{kind.partition('.')[0]}:v1"
    assert body["orgid"] == org.id
    assert body["aggregateversion"] == body["data"]["version"] == version
    assert UUID(body["id"]).version == 7
    assert body["time"] == body["data"]["updated_at"]
    assert body["time"].endswith("Z")
    assert said.message.exchange == "referrals.events"
    assert said.message.routing_key == properties.message_type == kind
    assert properties.message_id == body["id"]
    assert properties.content_type == "application/cloudevents+json"
    assert properties.delivery_mode == 2
    assert properties.reply_to is None and properties.correlation_id is None
    assert properties.expiration is None
    return body


async def test_an_event_has_its_attributes_and_no_other(org: Org, referrals: Referrals) -> None:
    """With a cause: `causationid` and `traceparent`; on `.updated`: `changed`."""
    create, update, archive = uuid4(), uuid4(), uuid4()
    headers = {"traceparent": TRACEPARENT, "actor": "user-17"}
    made = await org.ask(
        "referral_partner.create",
        message_id=create,
        headers=headers,
        first_name="Ann",
        last_name="Archer",
    )
    uuid = made.data["id"]
    updated = await org.ask(
        "referral_partner.update",
        message_id=update,
        referral_partner_uuid=uuid,
        base_version=1,
        fax="+12025550143",
        email="ann@example.com",
        city=None,
        last_name="Archer",
    )
    await org.ask(
        "referral_partner.archive", message_id=archive, referral_partner_uuid=uuid, base_version=2
    )
    created_event, updated_event, archived_event = await referrals.heard.events(org)

    body = check_envelope(created_event, org, "referral_partner.created", uuid, 1)
    assert set(body) == {*ATTRIBUTES, "causationid", "traceparent"}
    assert body["data"] == made.data
    assert (body["causationid"], body["traceparent"]) == (str(create), TRACEPARENT)
    assert created_event.properties.headers == {"traceparent": TRACEPARENT}

    body = check_envelope(updated_event, org, "referral_partner.updated", uuid, 2)
    assert set(body) == {*ATTRIBUTES, "causationid", "changed"}
    assert body["data"] == updated.data
    assert body["changed"] == "email,fax"
    assert body["causationid"] == str(update)
    assert not updated_event.properties.headers

    body = check_envelope(archived_event, org, "referral_partner.archived", uuid, 3)
    assert set(body) == {*ATTRIBUTES, "causationid"}
    assert body["causationid"] == str(archive)
    last = {**updated.data, "version": 3, "updated_at": body["data"]["updated_at"]}
    assert body["data"] == last


async def test_the_subject_of_a_practice_is_its_org(org: Org, referrals: Referrals) -> None:
    """An org has one; `changed` names what the put has changed."""
    first = await org.practice(city="Springfield")
    second = await org.practice(city="Shelbyville", observed_at="2026-02-01T00:00:00Z")
    put, put_again = await referrals.heard.events(org)
    body = check_envelope(put, org, "practice.put", org.id, 1)
    assert body["data"] == first
    assert set(body) == {*ATTRIBUTES, "causationid", "changed"}
    body = check_envelope(put_again, org, "practice.put", org.id, 2)
    assert body["data"] == second
    assert body["changed"] == "city,observed_at"


async def test_the_events_of_the_directory(org: Org, referrals: Referrals) -> None:
    """A put or an archive that changes nothing has none; a tombstone has nothing to tell."""
    uuid, unknown = str(uuid4()), str(uuid4())
    days = [f"2026-01-0{day}T08:00:00Z" for day in range(1, 7)]
    put = "patient.put"
    name = {"patient_uuid": uuid, "name": "Paul Pace"}
    await org.ask(put, **name, observed_at=days[1])
    await org.ask(put, **name, observed_at=days[1])
    await org.ask(put, **name, observed_at=days[0], email="p@example.com")
    await org.ask(put, **name, observed_at=days[2], email="p@example.com")
    await org.ask("patient.archive", patient_uuid=uuid, observed_at=days[1])
    await org.ask("patient.archive", patient_uuid=uuid, observed_at=days[3])
    await org.ask("patient.archive", patient_uuid=uuid, observed_at=days[4])
    await org.ask("patient.archive", patient_uuid=unknown, observed_at=days[4])
    await org.ask(put, **name, observed_at=days[5], email="p@example.com")
    events = [(said, said.body) for said in await referrals.heard.events(org)]
    assert [(body["type"], body["aggregateversion"]) for _, body in events] == [
        *(("patient.put", 1), ("patient.put", 2), ("patient.archived", 3), ("patient.put", 4)),
    ]
    for said, body in events:
        check_envelope(said, org, body["type"], uuid, body["aggregateversion"])
    assert events[1][1]["changed"] == "email,observed_at"
    assert "changed" not in events[2][1]
    assert events[2][1]["data"]["email"] == "p@example.com"
    assert events[3][1]["changed"] == "observed_at"


async def test_the_events_of_a_referral(org: Org, referrals: Referrals) -> None:
    """`data` is the referral as a list shows it, without its timeline."""
    sent = await org.sent_referral()
    of_it = [
        said for said in await referrals.heard.events(org) if said.body["subject"] == sent["id"]
    ]
    created, sent_event = of_it
    body = check_envelope(created, org, "referral.created", sent["id"], 1)
    assert body["data"]["status"] == "draft"
    body = check_envelope(sent_event, org, "referral.sent", sent["id"], 2)
    assert body["data"] == sent
    assert "timeline" not in body["data"]
    assert not {"changed"} & set(body)


async def test_a_refused_update_leaves_nothing_behind_for_the_next_one(
    org: Org, referrals: Referrals
) -> None:
    """A rule on the merged state refuses before anything is changed, in one transaction or two."""
    made = await org.partner()
    uuid = made["id"]
    refused = await org.ask(
        "referral_partner.update",
        referral_partner_uuid=uuid,
        base_version=1,
        city="Leeds",
        last_name=None,
    )
    assert refused.status == 422
    taken = await org.ask(
        "referral_partner.update", referral_partner_uuid=uuid, base_version=1, state="X"
    )
    assert (taken.data["city"], taken.data["version"]) == (None, 2)
    assert (await referrals.heard.events(org))[-1].body["changed"] == "state"


@pytest.mark.parametrize("traceparent", ["garbage", TRACEPARENT.replace("0af7", "0AF7")])
async def test_a_broken_trace_context_goes_no_further(
    org: Org, referrals: Referrals, traceparent: str
) -> None:
    """It is left out of the event and its headers."""
    made = await org.ask(
        "patient.put",
        headers={"traceparent": traceparent, "x-other": "y"},
        patient_uuid=str(uuid4()),
        name="P",
        observed_at="2026-01-05T08:00:00Z",
    )
    assert made.status == 200
    [said] = await referrals.heard.events(org)
    assert "traceparent" not in said.body
    assert not said.properties.headers


async def test_the_time_of_an_event_is_the_time_of_its_change(
    org: Org, referrals: Referrals
) -> None:
    """In UTC, and now."""
    before = datetime.now().astimezone()
    await org.patient()
    [said] = await referrals.heard.events(org)
    happened = datetime.fromisoformat(said.body["time"])
    assert happened.utcoffset() == timedelta(0)
    # Two clocks on one machine: a millisecond of rounding is no lie.
    slack = timedelta(milliseconds=1)
    assert before - slack <= happened <= datetime.now().astimezone() + slack
