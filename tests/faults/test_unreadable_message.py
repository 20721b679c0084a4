"""A message that no client library can read: it is parked by the broker, and the queue goes on."""

import asyncio

from aiormq import spec
from aiormq.abc import ChannelFrame
from pamqp.body import ContentBody
from pamqp.header import ContentHeader

from messaging.amqp import connection
from tests.faults.reading import parked
from tests.referrals_service import Referrals
from tests.waiting import until

BODY = b'{"org_id":"o"}'


async def publish_unreadable(rabbitmq_url: str) -> None:
    """A command whose correlation id is no UTF-8, as a broken client may send it."""
    async with connection(rabbitmq_url, "test.broken") as opened:
        channel = await opened.channel(publisher_confirms=False)
        properties = spec.Basic.Properties(correlation_id="ZZZZ", message_id="x")
        frame = ChannelFrame.marshall(
            channel_number=channel.number,
            frames=[
                spec.Basic.Publish(exchange="referrals.commands", routing_key="patient.put"),
                ContentHeader(properties=properties, body_size=len(BODY)),
                ContentBody(BODY),
            ],
        )
        drained = asyncio.get_running_loop().create_future()
        payload = frame.payload.replace(b"ZZZZ", b"\xff\xfe\xff\xfe")
        await opened.write_queue.put(
            ChannelFrame(payload=payload, should_close=False, drain_future=drained)
        )
        await drained
        # Behind it on the same channel: the broker has taken both.
        await channel.queue_declare("referrals.commands", passive=True)


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
