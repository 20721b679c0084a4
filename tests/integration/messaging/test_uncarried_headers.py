"""Headers that no message of ours can carry: the broker parks the message, which stays whole."""

import struct
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.support.broker.raw_messages import Wire, long_string, open_wire
from tests.support.services.referrals import Org, Referrals

QUEUE = "referrals.commands"
BODY = b"not JSON"
# RabbitMQ's frame_max is 131,072 octets, 8 of them the frame's own: a client can fill it.
FILLS_A_FRAME = "x" * 130_900


@pytest_asyncio.fixture
async def wire(referrals: Referrals) -> AsyncIterator[Wire]:
    async with open_wire(referrals.rabbitmq_url) as opened:
        yield opened


async def assert_parked_whole(wire: Wire, headers: dict[str, Any]) -> None:
    [parked] = await wire.parked(QUEUE)
    kept: dict[str, Any] = dict(parked.header.properties.headers or {})
    death = kept.pop("x-death")[0]
    assert {name: kept[name] for name in headers} == headers
    assert parked.body == BODY
    assert parked.header.properties.correlation_id == "c-17"
    assert (death["queue"], death["reason"]) == (QUEUE, "rejected")
    assert (death["exchange"], death["routing-keys"]) == (QUEUE, ["patient.put"])


ODD: dict[str, tuple[dict[str, Any], tuple[bytes, bytes], dict[str, Any]]] = {
    "text that is no UTF-8": (
        {"odd": "ZZZZ"},
        (long_string(b"ZZZZ"), long_string(b"\xff\xfe\xff\xfe")),
        {"odd": b"\xff\xfe\xff\xfe"},
    ),
    "a fraction beyond single precision": (
        {"odd": "ZZZZ"},
        (long_string(b"ZZZZ"), b"d" + struct.pack(">d", 1e60)),
        {"odd": 1e60},
    ),
    "a fraction that single precision would round": (
        {"odd": "ZZZZ"},
        (long_string(b"ZZZZ"), b"d" + struct.pack(">d", 0.1)),
        {"odd": 0.1},
    ),
    "a name of 200 characters": (
        {"a": "Z" * 195},
        (b"\x01a" + long_string(b"Z" * 195), b"\xc8" + b"n" * 200 + b"V"),
        {"n" * 200: None},
    ),
}


@pytest.mark.parametrize("odd", ODD)
async def test_what_our_library_would_change_is_parked_by_the_broker(
    org: Org, wire: Wire, odd: str
) -> None:
    """Nothing is changed, nothing falls over, and what came with it in a batch is done."""
    sent, alter, arrives = ODD[odd]
    await wire.publish_octets(
        BODY,
        "patient.put",
        exchange=QUEUE,
        alter=alter,
        headers=sent,
        message_id="m",
        correlation_id="c-17",
    )
    await org.patient()
    await assert_parked_whole(wire, arrives)


async def test_a_forged_death_does_not_come_to_the_broker_again(wire: Wire) -> None:
    """RabbitMQ counts on in what stands there, and falls over a count that is none: what it should
    park from then on would stay. So the message is parked by us, without headers."""
    death = {"queue": QUEUE, "reason": "rejected", "exchange": QUEUE, "count": "abc"}
    for _ in range(2):
        await wire.publish_octets(
            BODY,
            "patient.put",
            exchange=QUEUE,
            alter=(long_string(b"ZZZZ"), long_string(b"\xff\xfe\xff\xfe")),
            headers={"odd": "ZZZZ", "x-death": [{**death, "routing-keys": ["k"]}]},
            message_id="m",
            correlation_id="c-17",
        )
        [parked] = await wire.parked(QUEUE)
        headers: dict[str, Any] = dict(parked.header.properties.headers or {})
        assert parked.body == BODY and parked.header.properties.correlation_id == "c-17"
        assert {"odd", "x-death"}.isdisjoint(headers)
        assert headers["problem_code"] == "malformed_message"
        assert headers["problem_detail"].endswith("Left out here: headers.")
        assert headers["original_routing_key"] == "patient.put"
    # The broker still parks what it has to.
    sent, alter, arrives = ODD["a fraction that single precision would round"]
    await wire.publish_octets(
        BODY, "patient.put", exchange=QUEUE, alter=alter, headers=sent, correlation_id="c-17"
    )
    await assert_parked_whole(wire, arrives)


async def test_headers_that_leave_no_room_for_the_reason_are_parked_by_the_broker(
    org: Org, wire: Wire, referrals: Referrals
) -> None:
    """A frame that is too large closes the connection, with every reply that was under way."""
    headers = {"filled": FILLS_A_FRAME}
    for _ in range(3):
        await wire.publish(
            BODY, "patient.put", exchange=QUEUE, headers=headers, correlation_id="c-17"
        )
        await org.patient()
        await assert_parked_whole(wire, headers)
    assert referrals.service.health.ready


async def test_a_refusal_is_answered_whatever_its_headers_are(org: Org, wire: Wire) -> None:
    """A reply carries none of them."""
    await wire.publish(
        BODY,
        "patient.put",
        exchange=QUEUE,
        headers={"filled": FILLS_A_FRAME},
        reply_to=wire.reply_queue,
    )
    assert b"malformed_message" in (await wire.reply()).body
    assert await wire.parked(QUEUE, 0) == []


async def test_a_clients_own_word_about_why_and_who_is_not_kept(wire: Wire) -> None:
    """A replay would go out under the grant of whomever it named, to wherever it named."""
    forged = {
        "original_user_id": "administrator",
        "original_exchange": "referrals.events",
        "original_routing_key": "referral.sent",
        "original_expiration": "1",
        "problem_code": "none",
    }
    await wire.publish(BODY, "patient.put", exchange=QUEUE, headers={**forged, "mine": 1})
    [parked] = await wire.parked(QUEUE)
    headers = parked.header.properties.headers or {}
    assert headers["mine"] == 1
    assert headers["problem_code"] == "malformed_message"
    assert headers["original_exchange"] == QUEUE
    assert headers["original_routing_key"] == "patient.put"
    assert not {"original_user_id", "original_expiration"} & set(headers)
