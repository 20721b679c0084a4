"""RabbitMQ stops answering with all its connections open."""

from tests.faults.rig.faults import freeze_broker
from tests.faults.rig.rig import Rig


async def test_a_broker_that_freezes_for_45_seconds_is_waited_for(rig: Rig) -> None:
    """Longer than any heartbeat: publishes end in nothing, connections are given up and opened
    again. Every law holds, and no replica needs a new start."""
    async with rig.round() as at_work:
        await freeze_broker(rig, at_work)
    assert rig.fleet.deaths == []
