"""The relay and one subject's messages, whatever the broker does to it meanwhile."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, Mock
from uuid import UUID

import aiormq.exceptions
import pytest
from aiormq import spec
from aiormq.abc import DeliveredMessage

from messaging.outbox import relay
from messaging.outbox.relay import Relay
from messaging.telemetry.tracing import Tracing
from messaging.wire.connection import Writer
from services.referrals.home import TOPOLOGY
from tests.support.broker.deliveries import delivery


def writer_with(publish: Any) -> Writer:
    writer: Writer = Mock(spec=Writer)
    writer.publish = AsyncMock(side_effect=publish)  # type: ignore[method-assign]  # a double
    return writer


def returned() -> DeliveredMessage:
    """What the broker gives back where no queue takes it."""
    return replace(delivery(b"{}"), delivery=spec.Basic.Return())


def rows(count: int) -> list[Any]:
    """Messages of one subject, as the outbox holds them."""
    return [
        SimpleNamespace(
            seq=n,
            body=b"{}",
            exchange="ereferral_dispatch.commands",
            routing_key="ereferral.dispatch",
            content_type="application/json",
            message_id=UUID(int=n),
            headers={},
        )
        for n in range(1, count + 1)
    ]


async def never_ends(*_: Any, **__: Any) -> None:
    await asyncio.Event().wait()


async def publish(writer: Writer, count: int = 3) -> tuple[bool, list[int]]:
    """Whether all were published, and the numbers of those that were confirmed."""
    made = Relay(
        Mock(),
        "amqp://user@nowhere/",
        "relay",
        TOPOLOGY,
        lock_name="x",
        report=lambda _: None,
        tracing=Tracing("test", None),
    )
    confirmed: list[int] = []
    done = await made._publish_in_order(writer, rows(count), confirmed)
    return done, confirmed


async def test_one_is_under_way_at_a_time_persistent_and_must_be_routed() -> None:
    """Two of one id on a channel would be told apart by nothing when one of them comes back."""
    under_way = most = 0

    async def broker(_: bytes, *, properties: spec.Basic.Properties, **how: Any) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        assert properties.delivery_mode == 2
        assert how["mandatory"] is True

    assert await publish(writer_with(broker)) == (True, [1, 2, 3])
    assert most == 1


async def test_a_cancellation_that_nobody_asked_for_is_the_brokers() -> None:
    """A frozen broker\'s publish ends in CancelledError: the subject waits, the relay lives on."""
    channel = writer_with([None, asyncio.CancelledError()])
    assert await publish(channel) == (False, [1])


async def test_a_cancellation_that_was_asked_for_is_obeyed() -> None:
    """Else the service would not stop."""
    task = asyncio.create_task(publish(writer_with(never_ends)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_publish_that_never_ends_costs_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Under an alarm a publish hangs, whatever timeout the library is given: ours ends it."""
    monkeypatch.setattr(relay, "CONFIRM_TIMEOUT_SECONDS", 0.01)
    async with asyncio.timeout(10):
        with pytest.raises(relay._BrokerLost):
            await publish(writer_with(never_ends))


@pytest.mark.parametrize(
    "error",
    [
        aiormq.exceptions.DeliveryError(None, Mock()),
        aiormq.exceptions.PublishError(returned(), spec.Basic.Ack()),
        aiormq.exceptions.ChannelClosed(404, "gone"),
        ConnectionResetError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_is_not_confirmed_stays_and_nothing_overtakes_it(error: Exception) -> None:
    """Nacked, returned, lost: it waits, and those behind it of its subject with it."""
    assert await publish(writer_with([None, error, None])) == (False, [1])
