"""kill -9 of the process itself, in the middle of imports: law 2."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ops.stubs.faults import Fault, Wrong
from ops.stubs.opendental import OpenDentalStub, served
from tests.integration.connectors.practice import practice
from tests.integration.connectors.test_replicas import summary
from tests.support.connectors.running import KEY
from tests.support.connectors.workshop import Workshop, workshop
from tests.support.services.process import RunningService, running_service
from tests.support.services.referrals import Org, Referrals
from tests.support.waiting import until

Moment = Callable[[OpenDentalStub], bool]
MOMENTS: dict[str, Moment] = {
    "before the first list": lambda stub: bool(stub.faults.asked),
    "while a page is read": lambda stub: _asked(stub, "/refattaches"),
    "after the last list": lambda stub: _asked(stub, "/patients/Simple"),
}


def _asked(stub: OpenDentalStub, path: str) -> bool:
    return any(one.path.endswith(path) for one in stub.faults.asked)


def variables(shop: Workshop) -> dict[str, str]:
    """The settings of a process on these servers."""
    return {
        "CONNECTORS_DATABASE_URL": shop.database_url,
        "CONNECTORS_RABBITMQ_URL": shop.referrals.rabbitmq_url,
        "CONNECTORS_SECRET_KEY": KEY,
        "CONNECTORS_EGRESS_ALLOW": "127.0.0.0/8",
        "CONNECTORS_ALLOW_HTTP": "true",
        "CONNECTORS_RETRY_WAITS_SECONDS": "0.05,0.05,0.05",
    }


@asynccontextmanager
async def process_of(shop: Workshop) -> AsyncIterator[RunningService]:
    """A replica, started and ended in a thread: referrals in this process goes on meanwhile."""
    starting = running_service("connectors", variables(shop))
    process = await asyncio.to_thread(starting.__enter__)
    try:
        yield process
    finally:
        await asyncio.to_thread(starting.__exit__, *sys.exc_info())


@pytest.mark.parametrize("moment", MOMENTS)
async def test_2_a_process_that_is_killed_ends_as_one_that_was_not(
    referrals: Referrals, new_postgres_database: Callable[[], str], org: Org, moment: str
) -> None:
    """Killed at that moment and a little later, then left alone: what an undisturbed import makes,
    and nothing twice."""
    async with (
        workshop(referrals, new_postgres_database(), 1) as shop,
        served(practice()) as stub,
    ):
        stub.faults.add(Fault(Wrong.SLOW, "/refattaches", seconds=0.5))
        await shop.opendental(org.id, stub)
        for later_seconds in (0.0, 0.4):
            async with process_of(shop) as process:
                await until(lambda: MOMENTS[moment](stub), 30)
                await asyncio.sleep(later_seconds)
                await _kill(process)
            await shop.sql("UPDATE connectors.connection SET lease_until = now()")
        async with process_of(shop):
            await until(lambda: _succeeded(shop, org), 60)
        undisturbed = referrals.org()
        await shop.opendental(undisturbed.id, stub)
        (claimed,) = await shop.replicas[0].claim()
        await shop.replicas[0].run(claimed)
        assert await summary(org) == await summary(undisturbed)


async def _kill(process: RunningService) -> None:
    await asyncio.to_thread(process.end, signal.SIGKILL)


async def _succeeded(shop: Workshop, org: Org) -> Any:
    rows = await shop.sql(
        "SELECT last_success_at FROM connectors.connection WHERE org_id = $1", org.id
    )
    left = await shop.sql("SELECT 1 FROM connectors.outgoing WHERE org_id = $1", org.id)
    return rows[0]["last_success_at"] is not None and not left
