"""A message that no client library can read: it is parked by the broker, and the queue goes on."""

import asyncio

from tests.faults.reading import parked
from tests.raw_messages import open_wire
from tests.referrals_service import Referrals
from tests.waiting import until


async def publish_unreadable(rabbitmq_url: str) -> None:
    """A command whose correlation id is no UTF-8, as a broken client may send it."""
    async with open_wire(rabbitmq_url) as wire:
        await wire.publish_octets(
            b'{"org_id":"o"}',
            "patient.put",
            exchange="referrals.commands",
            alter=(b"ZZZZ", b"\xff\xfe\xff\xfe"),
            correlation_id="ZZZZ",
            message_id="x",
        )


async def test_it_takes_nothing_with_it(referrals: Referrals) -> None:
    """Each delivery costs the connection; at the limit it is parked, and what waited is done."""
    org = referrals.org()
    await publish_unreadable(referrals.rabbitmq_url)
    waiting = [asyncio.create_task(org.patient()) for _ in range(20)]

    async def is_parked() -> bool:
        return await parked(referrals.rabbitmq_url, "referrals.commands") == 1

    await until(is_parked, within_seconds=90, look_every_seconds=0.2)
    patients = await asyncio.gather(*waiting)
    assert len({patient["id"] for patient in patients}) == 20
    assert await is_parked()
    assert referrals.service.health.ready
