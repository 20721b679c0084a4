"""A replica that is told to stop in the middle of a run."""

import asyncio
from collections.abc import Callable

from ops.stubs.faults import Fault, Wrong
from ops.stubs.opendental import served
from services.connectors.runs.leases import LEASE_SECONDS
from tests.integration.connectors.practice import practice
from tests.support.connectors.running import connectors_beside, replica
from tests.support.services.referrals import Org, Referrals


async def test_its_run_goes_on_at_once_with_another(
    referrals: Referrals, org: Org, new_postgres_database: Callable[[], str]
) -> None:
    """It gives up its lease: nobody waits for that to run out."""
    stub, asked, over = practice(), asyncio.Event(), asyncio.Event()
    stub.faults.add(Fault(Wrong.SLOW, "/refattaches", method="GET", times=1_000, ends=over))
    stub.faults.before = lambda path, _: asked.set() if path.endswith("/refattaches") else None
    async with served(stub):
        async with connectors_beside(referrals, new_postgres_database()) as first:
            connected = await first.opendental(org, stub)
            await asyncio.wait_for(asked.wait(), 10)
        over.set()
        async with asyncio.timeout(LEASE_SECONDS / 2), replica(first.config):
            assert (await connected.finished())["code"] is None
            assert (await connected.shown())["complete"] is True
