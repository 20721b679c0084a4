"""Waiting that ends early when it is time to stop."""

import asyncio
import contextlib
from collections.abc import Awaitable


async def pause(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, at most so many seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


async def until(wanted: Awaitable[None], stop: asyncio.Event) -> None:
    """Wait for `wanted`, or until it is time to stop. Raises what `wanted` raised."""
    waiting = asyncio.ensure_future(wanted)
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            waiting.result()
    finally:
        waiting.cancel()
        stopping.cancel()
