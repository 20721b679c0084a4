"""One message id, one effect: every repeat gets the first reply."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from messaging.replies.client import Reply
from messaging.running.service import Service
from tests.support.broker.raw_messages import Wire, open_wire
from tests.support.database.urls import plain_url
from tests.support.refusals import problem
from tests.support.services.referrals import Org, Referrals, running_referrals


@pytest_asyncio.fixture(scope="module")
async def second_replica(referrals: Referrals) -> AsyncIterator[Service]:
    """Another replica beside the first, on the same database and queues."""
    async with running_referrals(referrals.database_url, referrals.rabbitmq_url) as service:
        yield service


@pytest_asyncio.fixture
async def wire(referrals: Referrals) -> AsyncIterator[Wire]:
    async with open_wire(referrals.rabbitmq_url) as opened:
        yield opened


def archer(org: Org, **fields: Any) -> bytes:
    """A create of the provider Ann Archer."""
    return json.dumps(
        {"org_id": org.id, "first_name": "Ann", "last_name": "Archer", **fields}
    ).encode()


async def total(org: Org) -> int:
    """How many partners there are."""
    listed = await org.ask("referral_partner.list")
    count: int = listed.data["total"]
    return count


async def create(wire: Wire, body: bytes, message_id: UUID, **properties: Any) -> None:
    await wire.publish(
        body,
        "referral_partner.create",
        exchange="referrals.commands",
        content_type="application/json",
        message_id=str(message_id),
        **properties,
    )


async def check_twenty_at_once(org: Org, wire: Wire, referrals: Referrals) -> None:
    """Send one message twenty times at once; check its one effect and its twenty replies."""
    message_id = uuid4()
    await asyncio.gather(
        *(
            create(wire, archer(org), message_id, reply_to=wire.reply_queue, correlation_id=f"c{n}")
            for n in range(20)
        )
    )
    replies = [await wire.reply() for _ in range(20)]
    assert len({reply.body for reply in replies}) == 1
    first = json.loads(replies[0].body)
    assert (first["status"], first["data"]["version"]) == (201, 1)
    correlations = [reply.header.properties.correlation_id for reply in replies]
    assert sorted(map(str, correlations)) == sorted(f"c{n}" for n in range(20))
    assert await total(org) == 1
    assert await referrals.heard.event_types(org) == ["referral_partner.created"]


async def test_one_message_twenty_times_at_once_has_one_effect_and_twenty_equal_replies(
    org: Org, wire: Wire, referrals: Referrals
) -> None:
    """Each reply has its own correlation id; all have the same body."""
    await check_twenty_at_once(org, wire, referrals)


async def test_it_is_the_same_over_two_replicas(
    org: Org, wire: Wire, referrals: Referrals, second_replica: Service
) -> None:
    """Two replicas that take the same message in the same moment: one of them loses the race."""
    assert second_replica.health.ready
    for _ in range(5):
        await check_twenty_at_once(referrals.org(), wire, referrals)
    await check_twenty_at_once(org, wire, referrals)


async def test_of_two_bodies_under_one_id_the_first_wins(
    wire: Wire, referrals: Referrals, second_replica: Service
) -> None:
    """All repeats of it get its reply, all of the other are `message_id_reused`."""
    assert second_replica.health.ready
    for _ in range(5):
        org, message_id = referrals.org(), uuid4()
        bodies = [archer(org, city=city) for city in ("Leeds", "York") * 10]
        await asyncio.gather(
            *(create(wire, body, message_id, reply_to=wire.reply_queue) for body in bodies)
        )
        replies = [json.loads((await wire.reply()).body) for _ in bodies]
        done = [reply for reply in replies if reply["status"] == 201]
        refused = [reply for reply in replies if reply["status"] == 409]
        assert len(done) == len(refused) == 10
        assert all(reply == done[0] for reply in done)
        assert {reply["problem"]["code"] for reply in refused} == {"message_id_reused"}
        assert await total(org) == 1


async def test_of_twenty_that_bring_the_same_id_of_their_own_one_makes_it(
    org: Org, second_replica: Service
) -> None:
    """Twenty messages, one resource id: 201 once, `already_exists` nineteen times."""
    assert second_replica.health.ready
    own = str(uuid4())
    given = {"id": own, "first_name": "Ann", "last_name": "Archer"}
    answers = await asyncio.gather(
        *(org.ask("referral_partner.create", **given) for _ in range(20))
    )
    assert sorted(answer.status for answer in answers) == [201] + [409] * 19
    for answer in answers:
        if answer.status == 409:
            problem(answer, 409, "already_exists")
    assert await total(org) == 1


async def test_a_repeat_gets_the_first_reply_whatever_has_happened_since(org: Org) -> None:
    """The resource was changed and archived; the reply to its create stays the same."""
    message_id = uuid4()
    given = {"first_name": "Ann", "last_name": "Archer"}
    first = await org.ask("referral_partner.create", message_id=message_id, **given)
    uuid = first.data["id"]
    update = uuid4()
    change = {"referral_partner_uuid": uuid, "base_version": 1, "city": "Leeds"}
    updated = await org.ask("referral_partner.update", message_id=update, **change)
    archived = await org.ask("referral_partner.archive", referral_partner_uuid=uuid, base_version=2)
    assert archived.status == 204
    again = await org.ask("referral_partner.create", message_id=message_id, **given)
    assert again == first
    assert await org.ask("referral_partner.update", message_id=update, **change) == updated
    assert await total(org) == 0


@pytest.mark.parametrize("other", ["body", "white space", "operation"])
async def test_the_same_id_with_another_body_or_operation_is_reused(
    org: Org, referrals: Referrals, other: str
) -> None:
    """409 each time; nothing is done, and the first reply is still there for its own repeats."""
    message_id = uuid4()
    body = archer(org)
    exchange, operation = "referrals.commands", "referral_partner.create"
    first = await referrals.client.call(exchange, operation, body, message_id=message_id)
    assert first.status == 201
    other_operation = "referral_partner.archive" if other == "operation" else operation
    other_body = {"body": archer(org, city="X"), "white space": body + b" "}.get(other, body)
    for _ in range(2):
        reused = await referrals.client.call(
            exchange, other_operation, other_body, message_id=message_id
        )
        problem(reused, 409, "message_id_reused")
    again = await referrals.client.call(exchange, operation, body, message_id=message_id)
    assert again == first
    assert await total(org) == 1


async def test_the_same_id_in_another_org_is_another_message(
    org: Org, referrals: Referrals
) -> None:
    """Ids are one org's own, message ids too."""
    message_id, other = uuid4(), referrals.org()
    made = [
        await one.ask(
            "referral_partner.create",
            message_id=message_id,
            first_name="Ann",
            last_name="Archer",
        )
        for one in (org, other)
    ]
    assert [answer.status for answer in made] == [201, 201]
    assert made[0].data["id"] != made[1].data["id"]


async def stored(first: Reply, again: Reply, status: int) -> None:
    """Both are the same refusal."""
    assert first.status == status
    assert again == first


async def test_a_404_a_409_and_a_422_that_were_answered_are_stored(org: Org) -> None:
    """What was wrong is repaired in between; the repeat is refused as before."""
    not_found, conflict, invalid, merged = uuid4(), uuid4(), uuid4(), uuid4()
    uuid = str(uuid4())
    naming = {"referral_partner_uuid": uuid, "base_version": 1, "city": "Leeds"}
    update = "referral_partner.update"
    first_404 = await org.ask(update, message_id=not_found, **naming)
    await org.partner(id=uuid)
    stale = {**naming, "base_version": 2}
    first_409 = await org.ask(update, message_id=conflict, **stale)
    accepting = {**naming, "accepts_ereferral": True}
    first_422 = await org.ask(update, message_id=merged, **accepting)
    first_own = await org.ask(update, message_id=invalid, **{**naming, "npi": "1"})
    repaired = await org.ask(
        update,
        referral_partner_uuid=uuid,
        base_version=1,
        ereferral_endpoint="https://portal.example/",
    )
    assert repaired.data["version"] == 2
    await stored(first_404, await org.ask(update, message_id=not_found, **naming), 404)
    await stored(first_409, await org.ask(update, message_id=conflict, **stale), 409)
    assert first_409.problem is not None and first_409.problem["current_version"] == 1
    await stored(first_422, await org.ask(update, message_id=merged, **accepting), 422)
    again = await org.ask(update, message_id=invalid, **{**naming, "npi": "1"})
    await stored(first_own, again, 422)
    problem(await org.ask(update, message_id=not_found, **stale), 409, "message_id_reused")


async def test_a_400_is_not_stored(org: Org, referrals: Referrals) -> None:
    """A malformed message and an unknown operation leave their id free."""
    message_id = uuid4()
    for operation, body in (
        ("referral_partner.create", b"{"),
        ("referral_partner.melt", archer(org)),
        ("referral_partner.create", json.dumps({"org_id": "a b"}).encode()),
    ):
        refused = await referrals.client.call(
            "referrals.commands", operation, body, message_id=message_id
        )
        assert refused.status == 400
    made = await referrals.client.call(
        "referrals.commands", "referral_partner.create", archer(org), message_id=message_id
    )
    assert made.status == 201


async def test_what_was_parked_is_not_stored(org: Org, wire: Wire, referrals: Referrals) -> None:
    """A refusal that nobody heard may be sent again under its id, once its cause is gone."""
    message_id, uuid = uuid4(), str(uuid4())
    body = {"referral_partner_uuid": uuid, "base_version": 1, "city": "Leeds"}
    await wire.publish(
        json.dumps({"org_id": org.id, **body}).encode(),
        "referral_partner.update",
        exchange="referrals.commands",
        content_type="application/json",
        message_id=str(message_id),
    )
    [parked] = await wire.parked("referrals.commands")
    assert (parked.header.properties.headers or {})["problem_code"] == "referral_partner_not_found"
    await org.partner(id=uuid)
    again = await org.ask("referral_partner.update", message_id=message_id, **body)
    assert (again.status, again.data["city"]) == (200, "Leeds")


async def test_a_command_that_asked_for_no_reply_is_done_once_too(
    org: Org, wire: Wire, referrals: Referrals
) -> None:
    """Its stored reply is there for whoever repeats it and asks."""
    message_id = uuid4()
    for _ in range(3):
        await create(wire, archer(org), message_id)
    await create(wire, archer(org), message_id, reply_to=wire.reply_queue)
    reply = json.loads((await wire.reply()).body)
    assert reply["status"] == 201
    assert await total(org) == 1
    assert await wire.parked("referrals.commands", 0) == []
    assert await referrals.heard.event_types(org) == ["referral_partner.created"]


async def test_a_reply_says_that_it_is_one_and_whose(org: Org, wire: Wire) -> None:
    """Type, content type; the correlation id is the request's own, else its message id."""
    message_id = uuid4()
    await create(wire, archer(org), message_id, reply_to=wire.reply_queue, correlation_id="c 1")
    with_one = (await wire.reply()).header.properties
    assert with_one.message_type == "reply"
    assert with_one.content_type == "application/json"
    assert with_one.correlation_id == "c 1"
    await create(wire, archer(org), message_id, reply_to=wire.reply_queue)
    assert (await wire.reply()).header.properties.correlation_id == str(message_id)


async def test_a_query_is_answered_anew_each_time(org: Org, referrals: Referrals) -> None:
    """Nothing of it is remembered, with or without a message id."""
    message_id = uuid4()
    for count in range(3):
        listed = await org.ask("referral_partner.list", message_id=message_id)
        assert listed.data["total"] == count
        await org.partner()


async def test_a_message_id_in_upper_case_is_the_same_id(org: Org, wire: Wire) -> None:
    """A UUID is a number."""
    message_id = uuid4()
    await create(wire, archer(org), message_id, reply_to=wire.reply_queue)
    await wire.publish(
        archer(org),
        "referral_partner.create",
        exchange="referrals.commands",
        content_type="application/json",
        message_id=str(message_id).upper(),
        reply_to=wire.reply_queue,
    )
    first, second = [(await wire.reply()).body for _ in range(2)]
    assert first == second
    assert await total(org) == 1


async def test_an_id_that_a_parked_message_had_is_free_for_another_one_in_the_same_batch(
    org: Org, wire: Wire, referrals: Referrals
) -> None:
    """Both wait while the database is locked, so that one transaction meets them together.

    The first names a partner that is not there and asks for no reply: it is parked, nothing of it
    is stored. The second, under the same id, names nothing and is judged by itself.
    """
    message_id = uuid4()
    missing = {"org_id": org.id, "referral_partner_uuid": str(uuid4()), "base_version": 1}
    locked = await asyncpg.connect(plain_url(referrals.database_url))
    async with locked.transaction():
        await locked.execute("LOCK TABLE referrals.inbox IN ACCESS EXCLUSIVE MODE")
        held_up = asyncio.create_task(org.patient())
        await asyncio.sleep(0.2)
        await wire.publish(
            json.dumps(missing).encode(),
            "referral_partner.archive",
            exchange="referrals.commands",
            content_type="application/json",
            message_id=str(message_id),
        )
        await create(wire, archer(org), message_id, reply_to=wire.reply_queue)
        await asyncio.sleep(0.2)
    await locked.close()
    await held_up
    assert json.loads((await wire.reply()).body)["status"] == 201
    [parked] = await wire.parked("referrals.commands")
    assert json.loads(parked.body) == missing
    assert await total(org) == 1
