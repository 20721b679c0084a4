"""Reply queues: a bad address is its sender's own trouble and nobody else's."""

import asyncio
import base64
import json
import struct
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from messaging.replies.client import open_client
from tests.support.broker.raw_messages import Wire, open_wire
from tests.support.services.referrals import Org, Referrals
from tests.support.waiting import until

DIRECT = "amq.rabbitmq.reply-to."
INNOCENTS = 24


@pytest_asyncio.fixture
async def wire(referrals: Referrals) -> AsyncIterator[Wire]:
    async with open_wire(referrals.rabbitmq_url) as opened:
        yield opened


def process_address(node: bytes, atom_tag: int) -> str:
    """A direct reply-to address as RabbitMQ makes them: an Erlang process id and a key.

    Shape: external term format, NEW_PID_EXT, in base64. No such process needs to exist.
    """
    term = struct.pack(">BBB", 131, 88, atom_tag) + struct.pack(">H", len(node)) + node
    numbers = struct.pack(">III", 735, 0, 1795338129)
    return f"{DIRECT}{base64.b64encode(term + numbers).decode()}.a2V5"


GARBAGE = [
    f"{DIRECT}garbage",
    f"{DIRECT}@@@.###",
    f"{DIRECT}YWJj.def",
    f"{DIRECT}g2gA.k",
    f"{DIRECT}..",
    DIRECT,
    f"{DIRECT}é.ü",
    (DIRECT + "x." * 200)[:255],
    process_address(b"reply@123", 118),
    process_address(b"reply@123", 100),
    process_address(b"nowhere@nowhere", 118),
    process_address(b"reply@" + b"9" * 60, 118),
]
NAMES = ["nobody.listens.here", "a" * 255, "amq.gen-nobody", "é" * 127, "#", "*"]


async def post(wire: Wire, org: Org, reply_to: str, *, query: bool = False) -> None:
    """A command or query whose reply goes to that address."""
    if query:
        body = json.dumps({"org_id": org.id}).encode()
        exchange, operation = "referrals.queries", "referral_partner.list"
    else:
        body = json.dumps({"org_id": org.id, "first_name": "A", "last_name": "B"}).encode()
        exchange, operation = "referrals.commands", "referral_partner.create"
    await wire.publish(
        body,
        operation,
        exchange=exchange,
        content_type="application/json",
        message_id=str(uuid4()),
        reply_to=reply_to,
    )


async def total(org: Org) -> int:
    listed = await org.ask("referral_partner.list")
    count: int = listed.data["total"]
    return count


@pytest.mark.parametrize("reply_to", [*NAMES, *GARBAGE])
async def test_a_reply_that_finds_no_queue_changes_nothing(
    org: Org, wire: Wire, referrals: Referrals, reply_to: str
) -> None:
    """The command is done, once; nothing is parked, and the next one is answered."""
    await post(wire, org, reply_to)
    await post(wire, org, reply_to, query=True)

    async def is_done() -> bool:
        return await total(org) == 1

    await until(is_done)
    assert await wire.parked("referrals.commands", 0) == []
    assert await wire.parked("referrals.queries", 0) == []
    assert await referrals.heard.event_types(org) == ["referral_partner.created"]


@pytest.mark.parametrize("query", [False, True], ids=["commands", "queries"])
async def test_garbage_between_others_requests_costs_them_no_reply(
    wire: Wire, referrals: Referrals, query: bool
) -> None:
    """Each innocent gets its reply although a broken address is answered before and after it."""
    innocent, guilty = referrals.org(), referrals.org()
    addresses = [GARBAGE[n % len(GARBAGE)] for n in range(INNOCENTS)]
    for address in addresses:
        await post(wire, guilty, address, query=query)
        await post(wire, innocent, wire.reply_queue, query=query)
    replies = [json.loads((await wire.reply(15)).body) for _ in range(INNOCENTS)]
    assert [reply["status"] for reply in replies] == [200 if query else 201] * INNOCENTS
    if not query:
        assert await total(innocent) == INNOCENTS

        async def is_done() -> bool:
            return await total(guilty) == INNOCENTS

        await until(is_done)


async def test_garbage_costs_no_reply_to_those_who_use_direct_reply_to(
    wire: Wire, referrals: Referrals
) -> None:
    """New clients and old ones, each many at a time."""
    guilty = referrals.org()

    async def disturb() -> None:
        for n in range(INNOCENTS):
            await post(wire, guilty, GARBAGE[n % len(GARBAGE)])
            await post(wire, guilty, GARBAGE[n % len(GARBAGE)], query=True)

    async def ask() -> list[int]:
        async with open_client(referrals.rabbitmq_url, "test.innocent") as client:
            org = Org(client)
            made = await asyncio.gather(
                *(
                    org.ask("referral_partner.create", first_name="A", last_name="B")
                    for _ in range(INNOCENTS)
                )
            )
            read = await asyncio.gather(
                *(org.ask("referral_partner.list") for _ in range(INNOCENTS))
            )
            return [answered.status for answered in (*made, *read)]

    async with asyncio.timeout(45):
        _, *answered = await asyncio.gather(disturb(), *(ask() for _ in range(3)))
    assert answered == [[201] * INNOCENTS + [200] * INNOCENTS] * 3


async def test_a_client_that_left_costs_the_others_nothing(
    org: Org, wire: Wire, referrals: Referrals
) -> None:
    """Its queue, or its direct reply-to address, is gone when the reply is ready."""
    async with open_wire(referrals.rabbitmq_url) as leaving:
        gone = leaving.reply_queue
    for _ in range(10):
        await post(wire, org, gone)
        await post(wire, org, wire.reply_queue)
    replies = [json.loads((await wire.reply()).body) for _ in range(10)]
    assert [reply["status"] for reply in replies] == [201] * 10


@pytest.mark.parametrize("queue", ["referrals.commands", "referrals.queries"])
async def test_a_reply_that_comes_to_the_services_own_queue_is_parked_once(
    org: Org, wire: Wire, queue: str
) -> None:
    """It is no well-formed request, and asks for no reply: it cannot go round in circles."""
    await post(wire, org, queue, query=True)
    [parked] = await wire.parked(queue)
    assert json.loads(parked.body)["status"] == 200
    assert (parked.header.properties.headers or {})["problem_code"] == "malformed_message"
    await asyncio.sleep(0.2)
    assert await wire.parked(queue, 0) == []
