"""A broker or a service that is away: whether nothing was taken, or it may have been, is said."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from services.edge.settings import EdgeSettings
from tests.support.broker.gate import Gate, gate
from tests.support.services.edge import Caller, RunningEdge, running_edge
from tests.support.services.referrals import migrated, running_referrals
from tests.support.waiting import until

PARTNER = {"first_name": "Ann", "last_name": "Archer"}
REPLY_TIMEOUT_SECONDS = 1.0


@pytest_asyncio.fixture(scope="module")
async def database(postgres_database: str) -> str:
    """A database of referrals."""
    return await migrated(postgres_database)


@pytest_asyncio.fixture(scope="module")
async def declared(database: str, rabbitmq_vhost: str) -> str:
    """The broker's URL; referrals has run there once, and dispatch has not."""
    async with running_referrals(database, rabbitmq_vhost):
        pass
    return rabbitmq_vhost


@pytest_asyncio.fixture
async def way(declared: str) -> AsyncIterator[Gate]:
    """The edge's way to the broker."""
    async with gate(declared) as opened:
        yield opened


@pytest_asyncio.fixture
async def edge(way: Gate, tmp_path: Path) -> AsyncIterator[RunningEdge]:
    """A replica that goes by the gate, and waits a second for replies."""
    async with running_edge(
        way.url, tmp_path, reply_timeout_seconds=REPLY_TIMEOUT_SECONDS
    ) as running:
        yield running


@pytest.fixture
def caller(edge: RunningEdge) -> Caller:
    """Whoever may do everything in an org of this test's own."""
    return edge.caller()


async def total(caller: Caller) -> int:
    """How many partners there are."""
    return int((await caller.ask("GET", "/referral-partners")).data["total"])


async def test_with_the_broker_away_nothing_is_taken_and_nothing_ever_happens(
    caller: Caller, edge: RunningEdge, way: Gate, database: str, declared: str
) -> None:
    """503 `broker_unavailable` at once, `Retry-After: 5`, not ready; back again, it goes on."""
    async with running_referrals(database, declared):
        await way.shut()
        await until(lambda: not edge.edge.health.ready, 10)
        began = time.monotonic()
        refused = await caller.ask("POST", "/referral-partners", PARTNER)
        assert refused.refusal[:2] == (503, "broker_unavailable")
        assert refused.headers["retry-after"] == "5"
        assert time.monotonic() - began < REPLY_TIMEOUT_SECONDS
        assert (await edge.get(f"{edge.ops_url}/health/ready")).status == 503
        await way.open()
        await until(lambda: edge.edge.health.ready, 10)
        assert (await edge.get(f"{edge.ops_url}/health/ready")).status == 200
        assert await total(caller) == 0
        again = await caller.ask(
            "POST",
            "/referral-partners",
            PARTNER,
            headers={"Idempotency-Key": refused.headers["idempotency-key"]},
        )
        assert again.status == 201
        assert await total(caller) == 1


async def test_with_the_service_stopped_it_happens_once_and_later(
    caller: Caller, database: str, declared: str
) -> None:
    """504 when the time is up; asked again with the key that it names, there is one effect."""
    assert EdgeSettings.model_fields["reply_timeout_seconds"].default == 10.0
    began = time.monotonic()
    lost = await caller.ask("POST", "/referral-partners", PARTNER)
    assert lost.refusal[:2] == (504, "reply_timeout")
    assert REPLY_TIMEOUT_SECONDS <= time.monotonic() - began < REPLY_TIMEOUT_SECONDS + 2
    key = lost.data["idempotency_key"]
    assert lost.headers["idempotency-key"] == f'"{key}"'
    assert lost.headers["handoff-message-id"] == lost.data["message_id"]
    async with running_referrals(database, declared):

        async def is_there() -> bool:
            return await total(caller) == 1

        await until(is_there, 20)
        again = await caller.ask(
            "POST", "/referral-partners", PARTNER, headers={"Idempotency-Key": key}
        )
        assert again.status == 201
        assert await total(caller) == 1


async def test_a_read_without_a_reply_has_no_key(caller: Caller) -> None:
    """504, and nothing to repeat by."""
    lost = await caller.ask("GET", "/referral-partners")
    assert lost.refusal[:2] == (504, "reply_timeout")
    assert "idempotency_key" not in lost.data


async def test_a_connection_that_is_lost_after_publishing_is_504_at_once(
    caller: Caller, way: Gate
) -> None:
    """It may have been taken: nobody is told that it was not."""
    asking = asyncio.create_task(caller.ask("POST", "/referral-partners", PARTNER))
    await asyncio.sleep(0.3)
    began = time.monotonic()
    await way.shut()
    lost = await asking
    assert lost.refusal[:2] == (504, "reply_timeout")
    assert time.monotonic() - began < 0.6
    await way.open()


async def test_a_service_that_never_ran_takes_nothing_and_disturbs_nobody(
    caller: Caller, database: str, declared: str
) -> None:
    """503; the exchange is missing, and the others' replies still come."""
    async with running_referrals(database, declared):
        asked = [caller.ask("GET", path) for path in ("/ereferrals", "/referral-partners") * 5]
        answers = await asyncio.gather(*asked)
        assert {answer.refusal[:2] for answer in answers[::2]} == {(503, "broker_unavailable")}
        assert {answer.status for answer in answers[1::2]} == {200}


async def test_it_starts_without_a_broker(declared: str, tmp_path: Path) -> None:
    """Alive and not ready; what is asked is refused until the broker is there."""
    async with gate(declared) as way:
        await way.shut()
        async with running_edge(way.url, tmp_path, wait_until_ready=False) as edge:
            caller = edge.caller()
            assert (await edge.get(f"{edge.ops_url}/health/live")).status == 200
            assert (await edge.get(f"{edge.ops_url}/health/ready")).status == 503
            refused = await caller.ask("POST", "/referral-partners", PARTNER)
            assert refused.refusal[:2] == (503, "broker_unavailable")
            await way.open()
            await until(lambda: edge.edge.health.ready, 10)


async def test_what_is_under_way_is_answered_when_it_stops(declared: str, tmp_path: Path) -> None:
    """A replica that is told to stop takes nothing new, and leaves nobody without an answer."""
    async with running_edge(declared, tmp_path, reply_timeout_seconds=1.0) as edge:
        asking = asyncio.create_task(edge.caller().ask("POST", "/referral-partners", PARTNER))
        await asyncio.sleep(0.3)
        edge.stop.set()
        lost = await asking
        assert lost.refusal[:2] == (504, "reply_timeout")


async def test_more_than_may_be_under_way_is_refused(declared: str, tmp_path: Path) -> None:
    """503 `overloaded`, `Retry-After: 1`; those under way are not disturbed."""
    async with running_edge(declared, tmp_path, max_in_flight=2, reply_timeout_seconds=1.0) as edge:
        caller = edge.caller()
        answers = await asyncio.gather(
            *(caller.ask("POST", "/referral-partners", PARTNER) for _ in range(5))
        )
        codes = sorted(answer.refusal[1] for answer in answers)
        assert codes == ["overloaded"] * 3 + ["reply_timeout"] * 2
        (first, *_) = [answer for answer in answers if answer.refusal[1] == "overloaded"]
        assert (first.status, first.headers["retry-after"]) == (503, "1")
