"""Bad input of every kind: refused by docs/contract/wire.md#messages, answered or parked intact."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiormq.exceptions
import pytest
import pytest_asyncio

from tests.support.broker.bad_input import ALL, ENVELOPES, ORG, PARTNER, Bad
from tests.support.broker.raw_messages import Wire, headers_of, open_wire
from tests.support.services.dispatch import dispatch_settings, running_dispatch
from tests.support.services.dispatch import migrated as dispatch_migrated
from tests.support.services.referrals import Org, Referrals

STATUS = {
    "malformed_message": 400,
    "unknown_operation": 400,
    "validation_error": 422,
    "version_conflict": 409,
}
WITHIN_SECONDS = 60.0


@dataclass(frozen=True)
class Target:
    """Both services, an org with a partner, and a wire to them."""

    org: Org
    partner_id: str
    wire: Wire

    def body(self, bad: Bad) -> bytes:
        """Its body, for this org and partner."""
        if ORG.encode() not in bad.body:
            return bad.body
        named = bad.body.replace(ORG.encode(), self.org.id.encode())
        return named.replace(PARTNER.encode(), self.partner_id.encode())

    async def send(self, bad: Bad, body: bytes, **properties: Any) -> None:
        """Publish it with its own properties on top of those of a good message."""
        given = {
            "content_type": "application/json",
            "message_id": str(uuid4()),
            "timestamp": None,
            **bad.properties,
            **properties,
        }
        await self.wire.publish(body, bad.operation, exchange=exchange_of(bad), **given)


def exchange_of(bad: Bad) -> str:
    return f"{bad.service}.{'queries' if bad.is_query else 'commands'}"


@pytest_asyncio.fixture(scope="module")
async def target(
    referrals: Referrals, new_postgres_database: Callable[[], str]
) -> AsyncIterator[Target]:
    async with AsyncExitStack() as stack:
        database = await dispatch_migrated(new_postgres_database())
        settings = dispatch_settings(database, referrals.rabbitmq_url)
        await stack.enter_async_context(running_dispatch(settings))
        wire = await stack.enter_async_context(open_wire(referrals.rabbitmq_url))
        org = referrals.org()
        yield Target(org, (await org.partner())["id"], wire)


@pytest.mark.parametrize("bad", ALL, ids=str)
async def test_it_is_refused_with_what_is_wrong_and_nothing_else(target: Target, bad: Bad) -> None:
    """The status, the code, each wrong field with its kind; and the reply quotes nothing."""
    body = target.body(bad)
    await target.send(bad, body, reply_to=target.wire.reply_queue, correlation_id="c" * 255)
    replied = await target.wire.reply(WITHIN_SECONDS)
    assert replied.header.properties.correlation_id == "c" * 255
    reply = json.loads(replied.body)
    problem = reply.pop("problem")
    assert reply == {"status": STATUS[bad.code]}
    assert problem["code"] == bad.code
    assert problem["title"] and problem["detail"]
    errors = {(".".join(map(str, error["loc"])), error["type"]) for error in problem["errors"]}
    assert errors == bad.errors
    assert all(error["msg"].isprintable() for error in problem["errors"])
    assert await target.wire.parked(exchange_of(bad), 0) == []


@pytest.mark.parametrize("bad", [bad for bad in ALL if not bad.is_query], ids=str)
async def test_it_is_parked_as_it_came_where_nobody_can_be_told(target: Target, bad: Bad) -> None:
    """The body to the octet, the headers and properties, and the code that a reply would have."""
    body = target.body(bad)
    await target.send(bad, body, app_id="bad-input")
    [parked] = await target.wire.parked(exchange_of(bad))
    headers, sent = headers_of(parked), bad.properties.get("headers", {})
    assert parked.body == body
    assert parked.header.properties.app_id == "bad-input"
    assert headers["problem_code"] == bad.code
    assert headers["original_routing_key"] == bad.operation
    assert {name: headers[name] for name in sent} == sent
    for name in {"content_encoding", "message_type"} & set(bad.properties):
        assert getattr(parked.header.properties, name) == bad.properties[name]


@pytest.mark.parametrize("bad", [bad for bad in ALL if bad.is_query], ids=str)
async def test_a_query_that_asks_for_no_reply_is_parked_for_that(target: Target, bad: Bad) -> None:
    """Its form comes before its fields."""
    body = target.body(bad)
    await target.send(bad, body)
    [parked] = await target.wire.parked(exchange_of(bad))
    assert parked.body == body
    assert headers_of(parked)["problem_code"] == "malformed_message"


GOOD = Bad("a good one", f'{{"org_id":"{ORG}","first_name":"A","last_name":"B"}}'.encode())


@pytest.mark.parametrize(
    "properties",
    [
        {"headers": {"traceparent": 7}},
        {"headers": {"traceparent": {"a": 1}, "actor": None}},
        {"headers": {"x": "y" * 100_000}},
        {"headers": {"f": 0.1, "bytes": bytearray(b"\xff"), "n" * 128: 2**62}},
        {"expiration": "60000", "priority": 255, "delivery_mode": 1},
        {"content_encoding": "utf-8", "message_type": "referral_partner.create"},
        {"message_id": "0192D4E0-7B1A-7C3D-8E4F-123456789ABC"},
        {"content_encoding": "UTF-8", "content_type": "application/json; charset=UTF-8"},
    ],
    ids=[
        "traceparent",
        "tables",
        "huge",
        "kinds",
        "expiring",
        "said twice",
        "upper case",
        "Spring",
    ],
)
async def test_what_is_odd_and_allowed_is_done(target: Target, properties: dict[str, Any]) -> None:
    """Nothing is refused that docs/contract/wire.md#messages does not refuse."""
    await target.send(GOOD, target.body(GOOD), reply_to=target.wire.reply_queue, **properties)
    reply = json.loads((await target.wire.reply(WITHIN_SECONDS)).body)
    assert reply["status"] == 201


@pytest.mark.parametrize(
    ("members", "told"),
    [(b',"first_name":"Last"', "Last"), (b',"first_name":null,"first_name":"C"', "C")],
)
async def test_of_a_repeated_key_the_last_counts(target: Target, members: bytes, told: str) -> None:
    """Whatever the first one said."""
    body = target.body(GOOD)[:-1] + members + b"}"
    await target.send(GOOD, body, reply_to=target.wire.reply_queue)
    reply = json.loads((await target.wire.reply(WITHIN_SECONDS)).body)
    assert reply["data"]["first_name"] == told


async def test_a_page_that_the_database_cannot_count_to_is_empty(target: Target) -> None:
    """Past the end: no items, the true total."""
    answered = await target.org.ask("referral_partner.list", page=10**18, page_size=200)
    assert (answered.status, answered.data["items"]) == (200, [])
    assert answered.data["total"] >= 1


async def test_of_a_hundred_thousand_wrong_fields_the_first_hundred_are_told(
    target: Target,
) -> None:
    """A refusal is not larger than what it refuses."""
    unknown = ",".join(f'"{number:x}":1' for number in range(100_000)).encode()
    body = target.body(GOOD)[:-1] + b"," + unknown + b"}"
    await target.send(GOOD, body, reply_to=target.wire.reply_queue)
    replied = await target.wire.reply(WITHIN_SECONDS)
    problem = json.loads(replied.body)["problem"]
    assert problem["code"] == "validation_error"
    assert [error["loc"] for error in problem["errors"]] == [[f"{n:x}"] for n in range(100)]
    assert len(replied.body) < 10_000


async def test_a_user_that_is_not_the_connections_own_is_refused_by_the_broker(
    referrals: Referrals, target: Target
) -> None:
    """406: nobody can say that they are another. It never comes to us."""
    async with open_wire(referrals.rabbitmq_url) as wire:
        with pytest.raises(aiormq.exceptions.ChannelPreconditionFailed):
            await wire.publish(
                target.body(GOOD),
                GOOD.operation,
                exchange="referrals.commands",
                content_type="application/json",
                message_id=str(uuid4()),
                user_id="somebody.else",
            )
    assert await target.wire.parked("referrals.commands", 0) == []


async def test_what_is_behind_bad_input_is_done(target: Target) -> None:
    """Twenty kinds at a time around each good command: all of the good ones are answered."""
    for n in range(20):
        for bad in ENVELOPES[n : n + 3]:
            if len(bad.body) < 100_000:
                await target.send(bad, target.body(bad), reply_to="nobody.listens.here")
        assert (await target.org.partner())["version"] == 1
