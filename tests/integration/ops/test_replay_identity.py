"""A dead letter is replayed as the client that the broker vouched for, whatever its headers say."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from aiormq import spec
from aiormq.abc import AbstractChannel, DeliveredMessage
from yarl import URL

from messaging.replies.dead_letter import DeadLetter
from messaging.replies.publisher import NotCarried, Publisher
from messaging.wire.connection import connection
from messaging.wire.topology import declare
from ops.dead_letters import find_queue, open_letters, replay
from services.ereferral_dispatch.home import TOPOLOGY
from tests.support.broker.raw_messages import headers_of
from tests.support.waiting import until

# Nothing consumes it here: what is in it stays until a test takes it.
QUEUE = "ereferral_dispatch.commands"
FORGED: dict[str, Any] = {
    "original_user_id": "somebody.else",
    "original_exchange": "ereferral_dispatch.events",
    "original_routing_key": "ereferral.delivered",
    "CC": ["referrals.ereferral_events"],
    "problem_code": "none",
    "failed_at": "2026-01-05T08:00:00Z",
    "x-death": [
        {
            "queue": QUEUE,
            "reason": "rejected",
            "count": 1,
            "exchange": "ereferral_dispatch.events",
            "routing-keys": ["ereferral.cancel"],
        }
    ],
}


@pytest_asyncio.fixture(scope="module")
async def channel(rabbitmq_vhost: str) -> AsyncIterator[AbstractChannel]:
    """A channel on a broker with dispatch's queues and nobody who consumes them."""
    before = os.environ.get("DISPATCH_RABBITMQ_URL")
    os.environ["DISPATCH_RABBITMQ_URL"] = rabbitmq_vhost
    async with connection(rabbitmq_vhost, "test") as opened:
        ours = await opened.channel(publisher_confirms=True)
        await declare(ours, TOPOLOGY)
        yield ours
    if before is None:
        del os.environ["DISPATCH_RABBITMQ_URL"]
    else:
        os.environ["DISPATCH_RABBITMQ_URL"] = before


async def taken(channel: AbstractChannel, queue: str) -> DeliveredMessage:
    """The first message of the queue, waited for and taken out of it."""
    found: list[DeliveredMessage] = []

    async def comes() -> bool:
        message = await channel.basic_get(queue)
        if not isinstance(message.delivery, spec.Basic.GetEmpty):
            found.append(message)
        return bool(found)

    await until(comes)
    return found[0]


async def given_up_by_the_broker(
    channel: AbstractChannel, headers: dict[str, Any], user_id: str | None
) -> None:
    """Publish a command, and have the broker dead-letter it: it was rejected for good."""
    await channel.basic_publish(
        b'{"org_id": "org_a"}',
        exchange=QUEUE,
        routing_key="ereferral.cancel",
        properties=spec.Basic.Properties(
            content_type="application/json",
            message_id=str(uuid4()),
            user_id=user_id,
            headers=headers,
        ),
    )
    message = await taken(channel, QUEUE)
    await channel.basic_reject(message.delivery_tag or 0, requeue=False)


async def written_down(letter: DeadLetter, how: str) -> None:
    """The audit trail has tests of its own."""


async def replayed(channel: AbstractChannel) -> DeliveredMessage:
    """The one dead letter, sent in again, as it then comes to the queue."""
    name, queue = find_queue(QUEUE)

    async def is_there() -> bool:
        async with open_letters(name, queue) as opened:
            return len(await opened.box.summaries()) == 1

    await until(is_there)
    async with asyncio.timeout(30), open_letters(name, queue) as opened:
        letters = opened.box.each()
        results = [done async for _, done in replay(opened, letters, written_down, as_me=False)]
        assert [done.why for done in results] == [None]
    message = await taken(channel, QUEUE)
    await channel.basic_ack(message.delivery_tag or 0)
    return message


@pytest.mark.parametrize("headers", [{}, FORGED], ids=["honest", "forged"])
async def test_what_the_broker_gave_up_keeps_the_client_that_it_vouched_for(
    channel: AbstractChannel, rabbitmq_vhost: str, headers: dict[str, Any]
) -> None:
    """Its `user_id` is still there, and it goes in again under that client's grant."""
    user = URL(rabbitmq_vhost).user
    await given_up_by_the_broker(channel, {"actor": "staff-7", **headers}, user)
    message = await replayed(channel)
    assert message.header.properties.user_id == user
    assert message.routing_key == "ereferral.cancel"
    assert set(headers_of(message)) == {"actor", "replay_of"}


async def test_a_client_that_did_not_say_who_it_is_is_nobody_in_the_replay(
    channel: AbstractChannel,
) -> None:
    """Its word for somebody else is not taken: there is no grant for it, as there was none."""
    await given_up_by_the_broker(channel, {"original_user_id": "somebody.else"}, None)
    message = await replayed(channel)
    assert message.header.properties.user_id is None


async def test_a_letter_that_cannot_be_carried_keeps_none_behind_it(
    channel: AbstractChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays, with the reason; the next one goes in."""
    deliver = Publisher.deliver

    async def deliver_what_is_carried(self: Publisher, body: bytes, **given: Any) -> None:
        if "odd" in (given["properties"].headers or {}):
            raise NotCarried  # As for a double, which the library cannot send.
        await deliver(self, body, **given)

    monkeypatch.setattr(Publisher, "deliver", deliver_what_is_carried)
    await given_up_by_the_broker(channel, {"odd": 1}, None)
    await asyncio.sleep(1.1)  # The broker notes seconds, and the odd one is to be the older.
    await given_up_by_the_broker(channel, {"actor": "staff-7"}, None)
    name, queue = find_queue(QUEUE)

    async def are_there() -> bool:
        async with open_letters(name, queue) as opened:
            return len(await opened.box.summaries()) == 2

    await until(are_there)
    async with open_letters(name, queue) as opened:
        letters = opened.box.each()
        (odd, stayed), (_, went) = [
            one async for one in replay(opened, letters, written_down, as_me=False)
        ]
        assert odd.position == 1 and went.why is None
        assert stayed.why is not None and stayed.why.startswith("it would not arrive")
        await opened.box.remove(odd)
    message = await taken(channel, QUEUE)
    await channel.basic_ack(message.delivery_tag or 0)
    assert (message.header.properties.headers or {})["actor"] == "staff-7"
