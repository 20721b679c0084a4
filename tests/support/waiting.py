"""Waiting for what nobody announces."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(
    holds: Callable[[], Awaitable[bool]] | Callable[[], bool],
    within_seconds: float = 15.0,
    look_every_seconds: float = 0.01,
) -> None:
    """Look again and again until the condition holds. Raises TimeoutError where it never does."""
    async with asyncio.timeout(within_seconds):
        while True:
            held = holds()
            if held if isinstance(held, bool) else await held:
                return
            await asyncio.sleep(look_every_seconds)
