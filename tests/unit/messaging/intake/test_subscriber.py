"""The end of a batch subscriber, whatever it is doing meanwhile."""

import asyncio

import pytest

from messaging.intake import subscriber
from messaging.intake.batch import Batch
from messaging.intake.subscriber import BatchSubscriber, Broker, Work
from messaging.wire.topology import ConsumedQueue


async def _nothing(_: Batch) -> None:
    """No batch comes."""


async def test_it_ends_though_it_was_just_asking_for_its_consumer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """aiormq turns the cancelling of a question into a lost channel: that is no reason to stay."""
    monkeypatch.setattr(subscriber, "PROBE_EVERY_SECONDS", 0.01)
    asks = asyncio.Event()

    async def asked(self: BatchSubscriber) -> bool | None:
        if asks.is_set():
            await asyncio.sleep(60)  # It stayed, and asks on.
        asks.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return None
        return True

    async def runs(self: BatchSubscriber) -> None:
        self._is_due = True
        await asyncio.sleep(60)

    monkeypatch.setattr(BatchSubscriber, "_is_counted", asked)
    monkeypatch.setattr(BatchSubscriber, "_run", runs)
    queue = ConsumedQueue("tests.commands", "tests.commands")
    broker = Broker("amqp://127.0.0.1:1/", "tests")
    one = broker.batch_subscriber(queue, Work(_nothing, 1, 1))
    one(_nothing)
    await broker.start()
    await asyncio.wait_for(asks.wait(), 5)
    await asyncio.wait_for(one.stop(), 5)
