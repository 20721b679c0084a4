"""Two replicas, lost leases, pauses, and our own broker away: laws 6, 7, 10 and 29."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from messaging.replies.client import NobodyListens, Reply
from ops.stubs.faults import Fault, Wrong
from ops.stubs.opendental import served
from services.connectors.runs.leases import LeaseLost
from tests.integration.connectors.practice import CROWD, crowd, practice
from tests.support.connectors.workshop import Workshop, workshop
from tests.support.services.referrals import Org, Referrals
from tests.support.waiting import until


@pytest_asyncio.fixture(scope="module")
async def shop(referrals: Referrals, another_database: str) -> AsyncIterator[Workshop]:
    """Two replicas that run what a test tells them."""
    async with workshop(referrals, another_database, 2) as opened:
        yield opened


async def test_6_two_replicas_read_each_page_once_and_keep_the_spacing(
    shop: Workshop, org: Org
) -> None:
    """One of them has the connection; two connections of one key wait for each other, over both
    replicas: no request starts sooner after another's end than the key allows."""
    stub = crowd(250)
    stub.spacing_seconds = 0.9
    async with served(stub):
        await shop.opendental(org.id, stub, throttle="remote")
        second = shop.referrals.org()
        await shop.opendental(second.id, stub, throttle="remote")
        claims = await asyncio.gather(*(one.claim(slots=1) for one in shop.replicas))
        (one,), (other,) = claims
        assert {one.org_id, other.org_id} == {org.id, second.id}
        assert await shop.replicas[0].claim() == []
        await asyncio.gather(shop.replicas[0].run(one), shop.replicas[1].run(other))
        asked = sorted(stub.faults.asked, key=lambda request: request.began)
        assert all(request.status == 200 for request in asked)
        gaps = [after.began - before.ended for before, after in pairwise(asked)]
        assert min(gaps) >= 0.9
        offsets = [int(one.query["Offset"]) for one in asked if one.path.endswith(CROWD)]
        assert sorted(offsets) == [0, 0, 99, 99, 198, 198]


async def test_7_a_replica_that_thaws_past_its_lease_writes_nothing(
    shop: Workshop, org: Org
) -> None:
    """It was frozen while it read a page; another one has the connection by then."""
    stub = practice()
    stub.faults.add(Fault(Wrong.SLOW, "/referrals", seconds=1.0))
    async with served(stub):
        await shop.opendental(org.id, stub)
        (frozen,) = await shop.replicas[0].claim(lease_seconds=0.4)
        running = asyncio.create_task(shop.replicas[0].run(frozen))
        await asyncio.sleep(0.7)
        (taken,) = await shop.replicas[1].claim()
        assert (taken.id, taken.token == frozen.token) == (frozen.id, False)
        with pytest.raises(LeaseLost):
            await running
        known = await shop.sql(
            "SELECT 1 FROM connectors.external_id "
            "WHERE org_id = $1 AND kind IN ('partner', 'source')",
            org.id,
        )
        assert known == []
        await shop.replicas[1].run(taken)
        sources = (await org.ask("referral_source.list")).data["items"]
        assert sorted(one["name"] for one in sources) == ["Debbie Beringer", "Facebook Ad"]


async def test_10_a_pause_that_was_asked_for_holds_for_every_replica(
    shop: Workshop, org: Org
) -> None:
    """429 with Retry-After 2: neither asks for two seconds, though the other never heard it."""
    stub = practice()
    stub.faults.add(Fault(Wrong.STATUS, "/providers", status=429, headers={"Retry-After": "2"}))
    async with served(stub):
        second = shop.referrals.org()
        for one in (org, second):
            await shop.opendental(one.id, stub)
        (first,) = await shop.replicas[0].claim(slots=1)
        (other,) = await shop.replicas[1].claim(slots=1)
        running = asyncio.create_task(shop.replicas[0].run(first))
        await until(lambda: any(one.status == 429 for one in stub.faults.asked), 10)
        refused = next(asked for asked in stub.faults.asked if asked.status == 429)
        await asyncio.sleep(0.1)
        await asyncio.gather(running, shop.replicas[1].run(other))
        later = [one.began for one in stub.faults.asked if one.began > refused.ended]
        assert min(later) - refused.ended >= 1.95
        assert len({one.path for one in stub.faults.asked if one.began > refused.ended}) >= 4


class Away:
    """Our broker, which is away after so many commands."""

    def __init__(self, client: Any, after: int) -> None:
        self.client, self.left = client, after

    async def call(
        self,
        exchange: str,
        operation: str,
        body: Mapping[str, Any] | bytes,
        *,
        message_id: UUID | None = None,
    ) -> Reply:
        if exchange == "referrals.commands":
            self.left -= 1
            if self.left < 0:
                raise NobodyListens(exchange)
        answered: Reply = await self.client.call(exchange, operation, body, message_id=message_id)
        return answered


async def test_29_while_our_broker_is_away_rows_wait(shop: Workshop, org: Org) -> None:
    """After two commands nothing is answered: the rest is staged, nobody is told that theirs is
    down, and the next run brings it all without reading a list from its start."""
    async with served(practice()) as stub:
        await shop.opendental(org.id, stub)
        (claimed,) = await shop.replicas[0].claim()
        began = time.monotonic()
        await shop.replicas[0].run(claimed, Away(shop.referrals.client, 2))
        assert time.monotonic() - began < 20
        (row,) = await shop.sql(
            "SELECT code, told, pass_id, next_run_at - now() AS wait FROM connectors.connection "
            "WHERE org_id = $1",
            org.id,
        )
        assert (row["code"], row["told"]) == (None, False) and row["pass_id"] is not None
        assert row["wait"] <= timedelta(minutes=1)
        asked = len(stub.faults.asked)
        await shop.due(org.id)
        (claimed,) = await shop.replicas[1].claim()
        await shop.replicas[1].run(claimed)
        lists = {one.path.rpartition("/")[2] for one in stub.faults.asked[asked:]}
        assert lists == {"definitions"}
        left = await shop.sql("SELECT kind FROM connectors.staged_row WHERE org_id = $1", org.id)
        assert left == []
        partners = (await org.ask("referral_partner.list")).data["items"]
        sources = (await org.ask("referral_source.list")).data["items"]
        assert (len(partners), len(sources)) == (1, 2)


async def test_2_a_run_that_is_killed_anywhere_ends_as_one_that_was_not(
    shop: Workshop, org: Org
) -> None:
    """Cut off after each number of commands in turn, its lease lost, and begun again by another
    replica: in the end it is what an undisturbed run makes."""
    async with served(practice()) as stub:
        await shop.opendental(org.id, stub)
        for commands in range(9):
            await shop.sql(
                "UPDATE connectors.connection SET next_run_at = now(), lease_until = NULL "
                "WHERE org_id = $1",
                org.id,
            )
            replica = shop.replicas[commands % 2]
            (claimed,) = await replica.claim()
            killed = Killed(shop.referrals.client, commands)
            running = asyncio.create_task(replica.run(claimed, killed))
            reached = asyncio.create_task(killed.reached.wait())
            await asyncio.wait({running, reached}, timeout=20, return_when=asyncio.FIRST_COMPLETED)
            running.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.wait({running})
        await shop.due(org.id)
        await shop.sql(
            "UPDATE connectors.connection SET lease_until = NULL WHERE org_id = $1", org.id
        )
        (claimed,) = await shop.replicas[0].claim()
        await shop.replicas[0].run(claimed)
        undisturbed = shop.referrals.org()
        await shop.opendental(undisturbed.id, stub)
        (claimed,) = await shop.replicas[0].claim()
        await shop.replicas[0].run(claimed)
        assert await summary(org) == await summary(undisturbed)
        for table in ("outgoing", "staged_row"):
            assert (
                await shop.sql(f"SELECT 1 FROM connectors.{table} WHERE org_id = $1", org.id) == []
            )


class Killed:
    """A client after whose so-manieth command nothing more happens: its reply never comes."""

    def __init__(self, client: Any, after: int) -> None:
        self.client, self.left = client, after
        self.reached = asyncio.Event()

    async def call(
        self,
        exchange: str,
        operation: str,
        body: Mapping[str, Any] | bytes,
        *,
        message_id: UUID | None = None,
    ) -> Reply:
        answered: Reply = await self.client.call(exchange, operation, body, message_id=message_id)
        if exchange == "referrals.commands":
            self.left -= 1
            if self.left < 0:
                self.reached.set()
                await asyncio.sleep(3600)
        return answered


async def summary(org: Org) -> dict[str, Any]:
    """What an org holds, without ids and times."""
    found: dict[str, Any] = {}
    for resource, names in (
        ("referral_partner", ("first_name", "last_name", "city", "is_active")),
        ("referral_source", ("name", "category", "is_active", "patient_count")),
        ("patient", ("name", "phone")),
    ):
        items = (await org.ask(f"{resource}.list", page_size=200)).data["items"]
        found[resource] = sorted(str([one[name] for name in names]) for one in items)
    return found
