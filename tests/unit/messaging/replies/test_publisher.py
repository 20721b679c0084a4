"""A broker that is lost while a reply or a dead letter waits for it: an error that says so."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest
from aiormq import spec
from aiormq.abc import AbstractConnection

from messaging.replies import publisher as replies
from messaging.replies.publisher import OutgoingReply, Publisher
from messaging.wire.connection import BROKER_ERRORS

URL = "amqp://user@nowhere/"


def given_up() -> "asyncio.Future[Any]":
    """As aiormq ends what waits on a connection that it loses: nobody cancelled the task."""
    lost = asyncio.get_running_loop().create_future()
    lost.cancel()
    return lost


def never() -> "asyncio.Future[Any]":
    """As a frozen broker's confirmation."""
    return asyncio.get_running_loop().create_future()


def broker(
    monkeypatch: pytest.MonkeyPatch, confirmation: Callable[[], "asyncio.Future[Any]"]
) -> None:
    """Connections on which each publish waits for such a future."""

    async def publish(*_: Any, **__: Any) -> Any:
        return await confirmation()

    channel = Mock(
        number=1,
        is_closed=False,
        publisher_confirms=False,
        basic_publish=publish,
        create_future=confirmation,
        write_queue=asyncio.Queue(),
        create_task=asyncio.create_task,
    )
    channel.connection.connection_tune.frame_max = 131_072
    robust = Mock(get_underlay_channel=AsyncMock(return_value=channel), is_closed=False)

    async def robust_channel(**_: Any) -> Mock:
        return robust

    opened = Mock(connect=AsyncMock(), channel=robust_channel, close=AsyncMock())
    plain = Mock(spec=AbstractConnection, is_closed=False, channel=AsyncMock(return_value=channel))
    monkeypatch.setattr(replies, "robust_connection", Mock(return_value=opened))
    monkeypatch.setattr(replies, "connect", AsyncMock(return_value=plain))


async def reply(publisher: Publisher) -> None:
    await publisher.reply([OutgoingReply(b"{}", "queue", spec.Basic.Properties())])


async def reply_directly(publisher: Publisher) -> None:
    address = "amq.rabbitmq.reply-to.address"
    await publisher.reply([OutgoingReply(b"{}", address, spec.Basic.Properties())])


async def deliver(publisher: Publisher) -> None:
    await publisher.deliver(
        b"{}", exchange="dead_letters", routing_key="queue", properties=spec.Basic.Properties()
    )


PUBLISHING = [reply, reply_directly, deliver]


@pytest.mark.parametrize("publishing", PUBLISHING)
async def test_a_wait_that_aiormq_gives_up_is_the_brokers_loss(
    monkeypatch: pytest.MonkeyPatch, publishing: Callable[[Publisher], Awaitable[None]]
) -> None:
    """One of the errors after which a subscriber begins again; its task is not cancelled by it."""
    broker(monkeypatch, given_up)
    with pytest.raises(BROKER_ERRORS, match="the broker is lost"):
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
