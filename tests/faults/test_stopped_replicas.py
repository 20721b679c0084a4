"""Replicas that are told to stop, and replicas that freeze and wake up again."""

import asyncio

from tests.faults.rig.faults import (
    freeze_in_a_transaction,
    freeze_past_its_lease,
    stop_every_five_seconds,
)
from tests.faults.rig.rig import Rig


async def test_a_service_that_is_told_to_stop_every_five_seconds_drains_and_loses_nothing(
    rig: Rig,
) -> None:
    """Each ends by itself with status 0, and every law holds."""
    async with rig.round() as at_work:
        await stop_every_five_seconds(rig, at_work)
    assert [death.status for death in rig.fleet.deaths] == [0] * 6


async def test_a_frozen_replica_holds_nobody_up_and_writes_nothing_when_it_wakes(rig: Rig) -> None:
    """In the middle of a transaction: the others go on within 10 s. In an attempt, past its lease,
    after the partner's answer: what it knows may correct and never contradict what another one
    settled meanwhile."""
    async with rig.round() as at_work:
        await asyncio.gather(
            freeze_in_a_transaction(rig, at_work), freeze_past_its_lease(rig, at_work)
        )
        await at_work.everybody_goes_on(within_seconds=30)
    assert rig.fleet.deaths == []
