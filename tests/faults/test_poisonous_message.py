"""A message at which the connection breaks each time it comes: it is parked by the broker, and the
queue goes on."""

import asyncio

import pytest
from aiormq import spec
from pamqp.header import ContentHeader

from messaging.wire.connection import connection
from tests.faults.judging.reading import parked
from tests.support.services.referrals import Referrals
from tests.support.waiting import until

POISON = "0192d4e0-7b1a-7c3d-8e4f-123456789abc"


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the message breaks the connection, as a fault in the library would."""
    reading = ContentHeader.unmarshal

    def breaks(header: ContentHeader, data: bytes) -> None:
        if POISON.encode() in data:
            raise ValueError
        reading(header, data)

    monkeypatch.setattr(ContentHeader, "unmarshal", breaks)


@pytest.mark.usefixtures("breaking")
async def test_it_takes_nothing_with_it(referrals: Referrals) -> None:
    """Each delivery costs the connection; at the limit it is parked, and what waited is done."""
    org = referrals.org()
    async with connection(referrals.rabbitmq_url, "test") as opened:
        channel = await opened.channel(publisher_confirms=True)
        await channel.basic_publish(
            b"{}",
            exchange="referrals.commands",
            routing_key="patient.put",
            properties=spec.Basic.Properties(message_id=POISON),
        )
    waiting = [asyncio.create_task(org.patient()) for _ in range(20)]

    async def is_parked() -> bool:
        return await parked(referrals.rabbitmq_url, "referrals.commands") == 1

    await until(is_parked, within_seconds=90, look_every_seconds=0.2)
    patients = await asyncio.gather(*waiting)
    assert len({patient["id"] for patient in patients}) == 20
    assert await is_parked()
    assert referrals.service.health.ready
