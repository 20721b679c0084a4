"""A replica's end: told to stop, or by a fault, and never by itself without a word."""

import asyncio
from collections.abc import Awaitable, Callable
from unittest.mock import Mock

import pytest

from messaging.running import service as running
from messaging.running.service import EndedUnasked, Service
from messaging.running.serving import serve
from services.referrals.app import build
from services.referrals.settings import ReferralsSettings

Part = Callable[[asyncio.Event], Awaitable[None]]


async def returns(_: asyncio.Event) -> None:
    """A part whose loop ends."""


async def is_cancelled(_: asyncio.Event) -> None:
    """A part whose library cancels what waits for a server that is lost."""
    raise asyncio.CancelledError


async def fails(_: asyncio.Event) -> None:
    raise LookupError


async def ends_when_told(stop: asyncio.Event) -> None:
    await stop.wait()


def service(part: Part) -> Service:
    """A replica whose servers are not there, with that part besides its own."""
    replica = build(
        ReferralsSettings(
            database_url="postgresql+asyncpg://nobody@127.0.0.1:1/none",
            rabbitmq_url="amqp://nobody:x@127.0.0.1:1/",
            http_port=0,
        )
    )
    replica.parts.append(part)
    return replica


@pytest.mark.parametrize(
    ("part", "fault"),
    [(returns, EndedUnasked), (is_cancelled, EndedUnasked), (fails, LookupError)],
)
async def test_a_part_that_ends_unasked_ends_the_service_with_a_fault(
    part: Part, fault: type[Exception]
) -> None:
    """A supervisor takes status 0 for an end that was wanted, and starts nothing anew."""
    async with asyncio.timeout(20):
        with pytest.raises(fault):
            await service(part).run(asyncio.Event())


async def test_which_part_it_was_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process ends with another status than 0, and the log has the part's name."""
    log = Mock()
    monkeypatch.setattr(running, "log", log)
    async with asyncio.timeout(20):
        assert not await serve(service(returns))
    log.error.assert_called_once_with("a part ended unasked", detail="returns")


async def test_a_service_that_is_told_to_stop_ends_well() -> None:
    """However many of its servers are away."""
    stop = asyncio.Event()
    stop.set()
    async with asyncio.timeout(20):
        await service(ends_when_told).run(stop)
