"""A refused message that nobody can be told about is parked as it came, with the reason."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy.engine import make_url

from tests.support.broker.raw_messages import Wire, headers_of, open_wire
from tests.support.services.referrals import Org, Referrals

COMMANDS, QUERIES = "referrals.commands", "referrals.queries"
REASONS = {
    *("problem_code", "problem_detail", "failed_at", "original_exchange", "original_routing_key"),
    *("original_user_id", "original_expiration"),
}
HEADERS: dict[str, Any] = {
    "actor": "user-17",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "text": "größe",
    "count": 17,
    "long": 2**40,
    "negative": -5,
    "flag": True,
    "nothing": None,
    "fraction": 0.5,
    "when": datetime(2026, 11, 22, 4, 0, tzinfo=UTC),
    "list": ["a", 1, {"deep": False}],
    "table": {"deeper": {"x": "y"}},
}


@pytest_asyncio.fixture
async def wire(referrals: Referrals) -> AsyncIterator[Wire]:
    async with open_wire(referrals.rabbitmq_url) as opened:
        yield opened


async def test_every_property_and_the_body_stay_and_the_reason_joins_the_headers(
    referrals: Referrals, wire: Wire
) -> None:
    """All but `user_id` and `expiration`, which the broker would refuse or act on."""
    user = make_url(referrals.rabbitmq_url).username
    body = b"\xff\x00 not JSON \r\n\xc3"
    properties: dict[str, Any] = {
        "content_type": "text/plain",
        "content_encoding": "gzip",
        "delivery_mode": 1,
        "priority": 7,
        "correlation_id": "c-17",
        "message_id": "no uuid",
        "timestamp": datetime(2026, 1, 5, 8, 0, tzinfo=UTC),
        "message_type": "something.else",
        "app_id": "billing",
    }
    before = datetime.now(UTC) - timedelta(seconds=1)
    await wire.publish(
        body,
        "patient.put",
        exchange="referrals.commands",
        headers=HEADERS,
        user_id=user,
        expiration="600000",
        **properties,
    )
    [parked] = await wire.parked(COMMANDS)
    assert parked.body == body
    assert parked.exchange == "dead_letters"
    assert parked.routing_key == COMMANDS
    kept = parked.header.properties
    assert {name: getattr(kept, name) for name in properties} == properties
    assert (kept.user_id, kept.expiration, kept.reply_to) == (None, None, None)
    headers = headers_of(parked)
    failed_at = datetime.fromisoformat(headers.pop("failed_at"))
    assert before <= failed_at <= datetime.now(UTC) + timedelta(seconds=1)
    assert headers == {
        **HEADERS,
        "problem_code": "malformed_message",
        "problem_detail": "content_type must be application/json.",
        "original_exchange": "referrals.commands",
        "original_routing_key": "patient.put",
        "original_user_id": user,
        "original_expiration": "600000",
    }


FORGED: dict[str, Any] = {
    "original_user_id": "somebody.else",
    "original_exchange": "referrals.events",
    "original_routing_key": "referral.sent",
    "original_expiration": "1",
    "problem_code": "none",
    "x-death": [{"exchange": "referrals.events", "routing-keys": ["referral.sent"]}],
    "x-first-death-exchange": "referrals.events",
}


async def test_nothing_is_parked_among_the_dead_letters_of_others(wire: Wire) -> None:
    """The broker takes `CC` for further routing keys: what we publish does not carry it."""
    others = ["referrals.queries", "referrals.ereferral_events"]
    headers: dict[str, Any] = {"CC": others, "BCC": others, "actor": "a"}
    await wire.publish(b"", "x", exchange="referrals.commands", headers=headers)
    [parked] = await wire.parked(COMMANDS)
    assert not {"CC", "BCC"} & set(headers_of(parked))
    for queue in others:
        assert await wire.parked(queue, 0) == []


async def test_what_only_parking_may_say_a_client_cannot(wire: Wire) -> None:
    """Else a client without a grant would choose the one that its message is replayed with."""
    await wire.publish(b"", "x", exchange="referrals.commands", headers={**FORGED, "actor": "a"})
    [parked] = await wire.parked(COMMANDS)
    headers = headers_of(parked)
    assert headers.pop("failed_at")
    assert headers == {
        "actor": "a",
        "problem_code": "malformed_message",
        "problem_detail": "content_type must be application/json.",
        "original_exchange": "referrals.commands",
        "original_routing_key": "x",
    }


async def test_what_a_message_did_not_have_it_does_not_get(wire: Wire) -> None:
    """No property is made up; no reason is given for what was not there."""
    await wire.publish(b"", "x", exchange="referrals.commands")
    [parked] = await wire.parked(COMMANDS)
    kept = parked.header.properties
    for name in (
        *("content_type", "content_encoding", "delivery_mode", "priority", "correlation_id"),
        *("reply_to", "expiration", "timestamp", "message_type", "user_id", "app_id"),
    ):
        assert getattr(kept, name) is None, name
    assert not kept.message_id
    assert set(headers_of(parked)) == REASONS - {"original_user_id", "original_expiration"}


@pytest.mark.parametrize(
    ("operation", "fields", "code"),
    [
        ("referral_partner.melt", {}, "unknown_operation"),
        ("referral_partner.create", {"org_id": "a b"}, "malformed_message"),
        ("referral_partner.create", {"first_name": "Ann"}, "validation_error"),
        (
            "referral_partner.archive",
            {"referral_partner_uuid": str(uuid4()), "base_version": 1},
            "referral_partner_not_found",
        ),
    ],
)
async def test_a_refused_command_without_reply_to_is_parked(
    org: Org, wire: Wire, operation: str, fields: dict[str, Any], code: str
) -> None:
    """Whatever the refusal; its code and detail say what a reply would have said."""
    body = json.dumps({"org_id": org.id, **fields}).encode()
    await wire.publish(
        body,
        operation,
        exchange="referrals.commands",
        content_type="application/json",
        message_id=str(uuid4()),
        headers={"replay_of": "x"},
    )
    [parked] = await wire.parked(COMMANDS)
    headers = headers_of(parked)
    assert parked.body == body
    assert (headers["problem_code"], headers["replay_of"]) == (code, "x")
    assert headers["problem_detail"]
    assert headers["original_routing_key"] == operation


async def test_a_refused_command_with_reply_to_is_answered_and_not_parked(
    org: Org, wire: Wire
) -> None:
    """One or the other."""
    await wire.publish(
        b"{", "patient.put", exchange="referrals.commands", reply_to=wire.reply_queue
    )
    reply = json.loads((await wire.reply()).body)
    assert reply["problem"]["code"] == "malformed_message"
    assert await wire.parked(COMMANDS, 0) == []


@pytest.mark.parametrize("valid", [True, False])
async def test_a_query_without_reply_to_is_parked(org: Org, wire: Wire, valid: bool) -> None:
    """There is nobody to answer: malformed, however good it is otherwise."""
    body = json.dumps({"org_id": org.id} if valid else {"org_id": org.id, "x": 1}).encode()
    await wire.publish(
        body, "practice.get", exchange="referrals.queries", content_type="application/json"
    )
    [parked] = await wire.parked(QUERIES)
    assert parked.body == body
    assert headers_of(parked)["problem_code"] == "malformed_message"
    assert headers_of(parked)["original_exchange"] == "referrals.queries"


async def test_a_success_is_never_parked(org: Org, wire: Wire, referrals: Referrals) -> None:
    """Without reply_to it is simply done."""
    await wire.publish(
        json.dumps({"org_id": org.id, "name": "P", "observed_at": "2026-01-05T08:00:00Z"}).encode(),
        "practice.put",
        exchange="referrals.commands",
        content_type="application/json",
        message_id=str(uuid4()),
    )
    # Behind it in the same queue.
    await org.patient()
    assert await wire.parked(COMMANDS, 0) == []
    assert sorted(await referrals.heard.event_types(org)) == ["patient.put", "practice.put"]


async def test_parked_messages_can_be_looked_at_as_often_as_one_likes(wire: Wire) -> None:
    """Looking destroys nothing: a message that is put back is still there the hundredth time.

    It is put back by closing, which every RabbitMQ counts; a nack 4.3 does not.
    """
    await wire.publish(b"look", "x", exchange="referrals.commands")
    [parked] = await wire.parked(COMMANDS)
    await wire.publish(parked.body, COMMANDS, exchange="dead_letters", headers=headers_of(parked))
    for _ in range(100):
        channel = await wire.channel.connection.channel()
        looked = await channel.basic_get(f"{COMMANDS}.dead_letters")
        assert looked.body == b"look"
        await channel.close()
    assert (await wire.parked(COMMANDS))[0].body == b"look"
