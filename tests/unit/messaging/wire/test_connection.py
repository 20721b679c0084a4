"""A broker that is lost while somebody waits for it: always an error that says so."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest
from aiormq import spec
from aiormq.abc import AbstractConnection

from messaging.wire import connection as wire
from messaging.wire.connection import BROKER_ERRORS, Publisher, connection

URL = "amqp://user@nowhere/"


async def given_up(*_: Any, **__: Any) -> None:
    """As aiormq ends what waits on a connection that it loses: nobody cancelled the task."""
    raise asyncio.CancelledError


async def never(*_: Any, **__: Any) -> None:
    await asyncio.Event().wait()


def broker(monkeypatch: pytest.MonkeyPatch, waiting: Callable[..., Awaitable[None]]) -> Mock:
    """A connection where each publish, and closing, ends so."""
    channel = Mock(is_closed=False, basic_publish=AsyncMock(side_effect=waiting))
    channel.connection.connection_tune.frame_max = 131_072
    opened = Mock(
        spec=AbstractConnection,
        is_closed=False,
        channel=AsyncMock(return_value=channel),
        close=AsyncMock(side_effect=waiting),
    )
    monkeypatch.setattr(wire, "_connect", AsyncMock(return_value=opened))
    return opened


async def reply(publisher: Publisher) -> None:
    await publisher.reply(b"{}", routing_key="queue", properties=spec.Basic.Properties())


async def reply_directly(publisher: Publisher) -> None:
    address = "amq.rabbitmq.reply-to.address"
    await publisher.reply(b"{}", routing_key=address, properties=spec.Basic.Properties())


async def deliver(publisher: Publisher) -> None:
    await publisher.deliver(
        b"{}", exchange="dead_letters", routing_key="queue", properties=spec.Basic.Properties()
    )


PUBLISHING = [reply, reply_directly, deliver]


@pytest.mark.parametrize("publishing", PUBLISHING)
async def test_a_wait_that_aiormq_gives_up_is_the_brokers_loss(
    monkeypatch: pytest.MonkeyPatch, publishing: Callable[[Publisher], Awaitable[None]]
) -> None:
    """One of the errors after which a consumer begins again; its task is not cancelled by it."""
    broker(monkeypatch, given_up)
    with pytest.raises(BROKER_ERRORS):
        await publishing(Publisher(URL, "test"))


@pytest.mark.parametrize("publishing", PUBLISHING)
async def test_a_publisher_that_is_told_to_stop_stops(
    monkeypatch: pytest.MonkeyPatch, publishing: Callable[[Publisher], Awaitable[None]]
) -> None:
    """A cancellation goes through, and so does the end of a deadline."""
    broker(monkeypatch, never)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await publishing(Publisher(URL, "test"))
    task = asyncio.ensure_future(publishing(Publisher(URL, "test")))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_block_on_a_connection_that_is_given_up_ends_in_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever it waited for; that closing is given up too hides nothing."""
    opened = broker(monkeypatch, given_up)
    with pytest.raises(BROKER_ERRORS, match="the broker is lost"):
        async with connection(URL, "test"):
            await given_up()
    opened.close.assert_awaited_once()
    async with connection(URL, "test") as again:
        assert again is opened
