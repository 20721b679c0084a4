"""Properties that pamqp itself cannot read: refused like any other malformed message."""

import asyncio
import json
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from tests.support.broker.raw_messages import Wire, long_string, nested, open_wire
from tests.support.services.referrals import Org, Referrals

QUEUE = "referrals.commands"
BODY = b'{"org_id":"o"}'
MESSAGE_ID = "0192d4e0-7b1a-7c3d-8e4f-123456789abc"
ODD = b"\xff\xfe\xff\xfe"
YEAR_2033, YEAR_3000 = datetime(2033, 5, 18, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
# What a client would have to say for RabbitMQ to see a cycle, or to fall over the count.
FORGED_DEATHS: list[dict[str, Any]] = [
    {"queue": queue, "reason": reason, "exchange": QUEUE, "count": count, "routing-keys": ["k"]}
    for queue in (QUEUE, f"{QUEUE}.dead_letters")
    for reason, count in (("rejected", 1), ("delivery_limit", "abc"))
]


@dataclass(frozen=True)
class Odd:
    """What is sent: properties, and the octets of them that are then changed."""

    properties: dict[str, Any]
    alter: tuple[bytes, bytes]
    unreadable: str
    kept: dict[str, Any] = field(default_factory=dict)


TEXT = (b"ZZZZ", ODD)
DEEP = 2_000
MANY = 130_000
CASES = {
    **{
        name: Odd({name: "ZZZZ"}, TEXT, name)
        for name in (
            "content_type",
            "content_encoding",
            "correlation_id",
            "message_id",
            "message_type",
        )
    },
    "a header's name": Odd({"headers": {"ZZZZ": 1}}, TEXT, "headers"),
    "a time in a header": Odd(
        {"headers": {"a": "Z" * 4}},
        (long_string(b"ZZZZ"), b"T" + struct.pack(">Q", 2**62)),
        "headers",
    ),
    "headers nested without end": Odd(
        {"headers": {"a": "Z" * (DEEP * 5 - 5)}},
        (long_string(b"Z" * (DEEP * 5 - 5)), nested(DEEP)),
        "headers",
    ),
    "a frame full of headers": Odd(
        {"headers": {"a": "Z" * MANY}},
        (long_string(b"Z" * MANY), b"A" + struct.pack(">I", MANY) + b"V" * MANY),
        "headers",
    ),
    "what stands around it": Odd(
        {"correlation_id": "c-17", "message_type": "ZZZZ", "headers": {"mine": 1}, "priority": 3},
        TEXT,
        "message_type",
        {"correlation_id": "c-17", "priority": 3},
    ),
}
NOTHING_TO_US = {
    "app_id": Odd({"app_id": "ZZZZ"}, TEXT, "app_id"),
    "timestamp": Odd(
        {"timestamp": YEAR_2033},
        (struct.pack(">Q", int(YEAR_2033.timestamp())), struct.pack(">Q", 2**63 - 1)),
        "timestamp",
    ),
    "cluster_id": Odd({"app_id": "ZZZZ"}, (b"\x80\x88\x10app", b"\x80\x84\x10app"), "cluster_id"),
}


@pytest_asyncio.fixture
async def wire(referrals: Referrals) -> AsyncIterator[Wire]:
    async with open_wire(referrals.rabbitmq_url) as opened:
        yield opened


async def send(wire: Wire, odd: Odd, **properties: Any) -> None:
    given = {"content_type": "application/json", "message_id": MESSAGE_ID, **odd.properties}
    await wire.publish_octets(
        BODY, "patient.put", exchange=QUEUE, alter=odd.alter, **{**given, **properties}
    )


@pytest.mark.parametrize("case", CASES)
async def test_it_is_answered(wire: Wire, case: str) -> None:
    odd = CASES[case]
    await send(wire, odd, reply_to=wire.reply_queue)
    reply = await wire.reply()
    answer = json.loads(reply.body)
    assert (answer["status"], answer["problem"]["code"]) == (400, "malformed_message")
    assert answer["problem"]["detail"].endswith(f": {odd.unreadable}.")
    # Its own where it can be said again, else the message's id.
    expected = odd.kept.get("correlation_id", MESSAGE_ID)
    assert reply.header.properties.correlation_id == (
        None if odd.unreadable == "message_id" else expected
    )


@pytest.mark.parametrize("case", CASES)
async def test_it_is_parked_with_its_reason_where_nobody_hears_the_answer(
    wire: Wire, case: str
) -> None:
    odd = CASES[case]
    await send(wire, odd)
    [parked] = await wire.parked(QUEUE)
    properties = parked.header.properties
    headers: dict[str, Any] = dict(properties.headers or {})
    assert parked.body == BODY
    assert headers["problem_code"] == "malformed_message"
    assert headers["problem_detail"].endswith(f"Left out here: {odd.unreadable}.")
    assert headers["original_routing_key"] == "patient.put"
    assert {name: getattr(properties, name) for name in odd.kept} == odd.kept
    assert "mine" not in odd.properties.get("headers", {}) or headers["mine"] == 1
    assert not getattr(properties, odd.unreadable) or odd.unreadable == "headers"


@pytest.mark.parametrize("case", NOTHING_TO_US)
async def test_what_the_contract_does_not_speak_of_refuses_nothing(wire: Wire, case: str) -> None:
    """The rest is judged; where it is parked, that property is left out and named."""
    odd = NOTHING_TO_US[case]
    await send(wire, odd)
    [parked] = await wire.parked(QUEUE)
    headers: dict[str, Any] = dict(parked.header.properties.headers or {})
    assert headers["problem_code"] == "validation_error"
    assert headers["problem_detail"].endswith(f" Left out here: {odd.unreadable}.")
    assert not getattr(parked.header.properties, odd.unreadable)


async def test_a_timestamp_is_in_seconds_however_large(wire: Wire) -> None:
    """What may be milliseconds to others is parked as it came."""
    await wire.publish(b"", "patient.put", exchange=QUEUE, timestamp=YEAR_3000)
    [parked] = await wire.parked(QUEUE)
    assert parked.header.properties.timestamp == YEAR_3000


async def test_a_reply_to_that_cannot_be_read_is_none(wire: Wire) -> None:
    await send(wire, Odd({"reply_to": "ZZZZ"}, TEXT, "reply_to"))
    [parked] = await wire.parked(QUEUE)
    headers: dict[str, Any] = dict(parked.header.properties.headers or {})
    assert headers["problem_detail"].endswith("Left out here: reply_to.")


async def test_a_routing_key_that_is_no_utf_8_is_no_operation(wire: Wire) -> None:
    await wire.publish_octets(
        BODY,
        "patient.ZZZZ",
        exchange=QUEUE,
        alter=TEXT,
        content_type="application/json",
        message_id=MESSAGE_ID,
    )
    [parked] = await wire.parked(QUEUE)
    headers = parked.header.properties.headers or {}
    assert headers["problem_code"] == "unknown_operation"
    assert headers["original_routing_key"] == "patient." + "\N{REPLACEMENT CHARACTER}" * 4


@pytest.mark.parametrize("death", FORGED_DEATHS, ids=str)
async def test_a_death_of_its_own_does_not_keep_it_from_being_parked(
    wire: Wire, death: dict[str, Any]
) -> None:
    """It never comes to RabbitMQ's dead-lettering, which would see a cycle and keep it for good."""
    await send(wire, Odd({"correlation_id": "ZZZZ", "headers": {"x-death": [death]}}, TEXT, ""))
    [parked] = await wire.parked(QUEUE)
    headers = parked.header.properties.headers or {}
    assert headers["problem_code"] == "malformed_message"
    assert "x-death" not in headers


async def test_it_takes_nothing_with_it(wire: Wire, org: Org, referrals: Referrals) -> None:
    """The connection stays, and what came with it in a batch is done at once."""
    before = referrals.service.health
    for case in CASES.values():
        await send(wire, case)
    patients = await asyncio.wait_for(asyncio.gather(*(org.patient() for _ in range(20))), 10)
    assert len({patient["id"] for patient in patients}) == 20
    await wire.parked(QUEUE, len(CASES))
    assert before.ready
