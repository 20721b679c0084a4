"""News of an e-referral: heard once, in any order, and never in the way."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest
from aiormq.abc import DeliveredMessage

from tests.integration.referrals.news import shown, tell, timeline
from tests.support.broker.raw_messages import Wire, open_wire
from tests.support.services.referrals import Org, Referrals

QUEUE = "referrals.ereferral_events"


def event(org: Org, referral: dict[str, Any], name: str, version: int, status: str) -> Any:
    """A CloudEvent as dispatch publishes it."""
    return {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/ereferral_dispatch",
        "type": f"ereferral.{name}",
        "subject": referral["ereferral_uuid"],
        "time": "2026-11-22T10:00:00Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:handoff:schema:ereferral:v1",
        "orgid": org.id,
        "aggregateversion": version,
        "data": {"referral_uuid": referral["id"], "status": status},
    }


async def publish(wire: Wire, body: Any, **properties: Any) -> None:
    """As the relay of dispatch does, but for what `properties` say otherwise."""
    given = {
        "content_type": "application/cloudevents+json",
        "message_type": body["type"],
        "message_id": body["id"],
        "delivery_mode": 2,
        **properties,
    }
    await wire.publish(
        json.dumps(body).encode(), body["type"], exchange="ereferral_dispatch.events", **given
    )


async def settled(wire: Wire, referrals: Referrals) -> None:
    """Returns when everything that was published to the queue before has been settled."""
    other = referrals.org()
    sent = await other.sent_referral()
    await tell(referrals, other, sent, "queued", version=1, status="queued")


async def test_news_is_shown_and_told_on(org: Org, referrals: Referrals) -> None:
    """Each that changes a shown field is a new version with its event; the cause is the news."""
    sent = await org.sent_referral()
    await tell(referrals, org, sent, "queued", version=1, status="queued")
    await tell(referrals, org, sent, "delivered", version=3, status="delivered")
    now = await shown(org, sent)
    assert (now["dispatch_status"], now["version"]) == ("delivered", 4)
    assert now["fulfilment_status"] == "requested", "only a response makes it accepted"
    changed = [
        said.body
        for said in await referrals.heard.events(org)
        if said.body["type"] == "referral.dispatch_changed"
    ]
    assert [body["aggregateversion"] for body in changed] == [3, 4]
    assert [body["data"]["dispatch_status"] for body in changed] == ["queued", "delivered"]
    assert {**changed[1]["data"]} == now
    assert all("changed" not in body for body in changed)
    assert all(body["causationid"] for body in changed)


async def test_older_news_only_joins_the_timeline(org: Org, referrals: Referrals) -> None:
    """`dispatch_status` moves forward by `aggregateversion`, in whatever order the news come."""
    sent = await org.sent_referral()
    await tell(referrals, org, sent, "delivered", version=5, status="delivered")
    for version, name, status in (
        (5, "delivered", "failed"),
        (4, "attempt_failed", "in_progress"),
        (1, "queued", "queued"),
    ):
        await tell(referrals, org, sent, name, version=version, status=status)
    now = await shown(org, sent)
    assert (now["dispatch_status"], now["version"]) == ("delivered", 3)
    events = [entry["event"] for entry in await timeline(org, sent)]
    assert events.count("referral.sent") == 1
    assert sorted(name for name in events if name.startswith("ereferral.")) == [
        "ereferral.attempt_failed",
        "ereferral.delivered",
        "ereferral.delivered",
        "ereferral.queued",
    ]
    assert (await referrals.heard.event_types(org)).count("referral.dispatch_changed") == 1


async def test_news_with_the_same_status_is_no_new_version(org: Org, referrals: Referrals) -> None:
    """Nothing that is shown has changed; the timeline has it all the same."""
    sent = await org.sent_referral()
    await tell(referrals, org, sent, "queued", version=1, status="queued")
    await tell(referrals, org, sent, "attempt_failed", version=2, status="queued")
    assert (await shown(org, sent))["version"] == 3
    assert len(await timeline(org, sent)) == 4


async def test_a_repeated_event_is_heard_once(org: Org, referrals: Referrals) -> None:
    """At least once is what publishers promise; by its id the second is known, however written."""
    sent = await org.sent_referral()
    body = event(org, sent, "delivered", 2, "delivered")
    async with open_wire(referrals.rabbitmq_url) as wire:
        for _ in range(5):
            await publish(wire, body)
        await publish(wire, dict(reversed(body.items())))
        await settled(wire, referrals)
        await publish(wire, body)
        await settled(wire, referrals)
    assert [entry["event"] for entry in await timeline(org, sent)] == [
        *("referral.created", "referral.sent", "ereferral.delivered"),
    ]


async def test_news_of_one_moment_is_shown_in_its_order(org: Org, referrals: Referrals) -> None:
    """What one commit of dispatch told comes in any order over two replicas: versions decide."""
    sent = await org.sent_referral()
    for version, name, status in (
        (1, "queued", "queued"),
        (3, "retry_scheduled", "retry_scheduled"),
        (2, "attempt_failed", "in_progress"),
    ):
        await tell(referrals, org, sent, name, version=version, status=status)
    assert [entry["event"] for entry in (await timeline(org, sent))[2:]] == [
        *("ereferral.queued", "ereferral.attempt_failed", "ereferral.retry_scheduled"),
    ]


async def test_new_fields_and_new_types_are_left_alone(org: Org, referrals: Referrals) -> None:
    """New optional fields may appear in `data` and beside it, and types that nobody here knows."""
    sent = await org.sent_referral()
    body = event(org, sent, "delivered", 2, "delivered")
    body |= {"partitionkey": "x", "sampledrate": 1}
    body["data"] |= {"new_field": {"deep": [1, 2]}, "channel": "fax", "attempts": None}
    unknown = {**event(org, sent, "delivered", 9, "x"), "type": "ereferral.teleported"}
    channel_held = {**event(org, sent, "delivered", 9, "x"), "type": "partner_channel.held"}
    async with open_wire(referrals.rabbitmq_url) as wire:
        for news in (unknown, channel_held, body):
            await publish(wire, news)
        await settled(wire, referrals)
        assert await wire.parked(QUEUE, 0) == []
    assert (await shown(org, sent))["dispatch_status"] == "delivered"
    assert [entry["event"] for entry in await timeline(org, sent)][2:] == ["ereferral.delivered"]


@pytest.mark.parametrize("whose", ["unknown referral", "another ereferral", "another org"])
async def test_news_about_what_this_service_did_not_send_changes_nothing(
    org: Org, referrals: Referrals, whose: str
) -> None:
    """Staff may dispatch past this service: it is not ours to judge, nor to park."""
    sent = await org.sent_referral()
    body = event(org, sent, "delivered", 2, "delivered")
    if whose == "unknown referral":
        body["data"]["referral_uuid"] = str(uuid4())
    elif whose == "another ereferral":
        body["subject"] = str(uuid4())
    else:
        body["orgid"] = referrals.org().id
    async with open_wire(referrals.rabbitmq_url) as wire:
        await publish(wire, body)
        await settled(wire, referrals)
        assert await wire.parked(QUEUE, 0) == []
    assert (await shown(org, sent))["dispatch_status"] is None
    assert len(await timeline(org, sent)) == 2


GARBAGE = [
    ("malformed_message", {}, {"content_type": "application/json"}),
    ("malformed_message", {}, {"message_id": "1"}),
    ("malformed_message", {}, {"message_type": "ereferral.sent"}),
    ("malformed_message", {"orgid": None}, {}),
    ("validation_error", {"subject": "x"}, {}),
    ("validation_error", {"aggregateversion": "2"}, {}),
    ("validation_error", {"aggregateversion": None}, {}),
    ("validation_error", {"time": "yesterday"}, {}),
    ("validation_error", {"data": None}, {}),
    ("validation_error", {"data": {"referral_uuid": str(uuid4()), "status": "teleported"}}, {}),
]


@pytest.mark.parametrize(("code", "fields", "properties"), GARBAGE)
async def test_an_event_that_cannot_be_read_is_parked_and_the_next_one_heard(
    org: Org,
    referrals: Referrals,
    code: str,
    fields: dict[str, Any],
    properties: dict[str, Any],
) -> None:
    """Nothing is dropped silently, and nothing behind it waits; nobody is asked to reply."""
    sent = await org.sent_referral()
    body = {**event(org, sent, "delivered", 2, "delivered"), **fields}
    async with open_wire(referrals.rabbitmq_url) as wire:
        await publish(wire, body, **properties)
        await publish(wire, event(org, sent, "sent", 3, "sent"))
        [parked] = await wire.parked(QUEUE)
        await settled(wire, referrals)
    assert json.loads(parked.body) == body
    assert reason(parked) == (code, "ereferral_dispatch.events", "ereferral.delivered")
    assert (await shown(org, sent))["dispatch_status"] == "sent"


def reason(parked: DeliveredMessage) -> tuple[Any, Any, Any]:
    """Why it was parked, and where it had come from."""
    headers = parked.header.properties.headers or {}
    return (
        headers["problem_code"],
        headers["original_exchange"],
        headers["original_routing_key"],
    )


async def test_news_that_came_while_nobody_listened_is_heard_later(
    org: Org, referrals: Referrals
) -> None:
    """The queue is durable: the messages of many orgs are heard in one batch."""
    orgs = [referrals.org() for _ in range(10)]
    pairs = list(
        zip(orgs, await asyncio.gather(*(one.sent_referral() for one in orgs)), strict=True)
    )
    async with open_wire(referrals.rabbitmq_url) as wire:
        for version, (name, status) in enumerate(
            [("queued", "queued"), ("held", "held"), ("delivered", "delivered")], start=1
        ):
            for one, sent in pairs:
                await publish(wire, event(one, sent, name, version, status))
        await settled(wire, referrals)
    for one, sent in pairs:
        assert (await shown(one, sent))["dispatch_status"] == "delivered"
        assert len(await timeline(one, sent)) == 5
