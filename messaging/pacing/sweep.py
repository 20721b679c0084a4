"""Sweeps: work that no message asks for, done every so many seconds and in rounds of many rows."""

import asyncio
from collections.abc import Awaitable, Callable

from messaging.database.errors import is_outage, why_away
from messaging.pacing.waiting import pause
from messaging.telemetry import logs

log = logs.get(__name__)


async def keep_sweeping(
    sweep: Callable[[], Awaitable[bool]],
    stop: asyncio.Event,
    *,
    name: str,
    every_seconds: float,
    after_outage_seconds: float = 0.0,
) -> None:
    """Sweep every so many seconds until `stop` is set, and at once where `sweep` says that there is
    more.

    An outage puts it off, by `after_outage_seconds` longer. Raises what else `sweep` raised.
    """
    while not stop.is_set():
        try:
            there_is_more = await sweep()
        except Exception as error:
            if not is_outage(error):
                raise
            log.warning("sweep put off", operation=name, detail=why_away(error))
            there_is_more = False
            await pause(stop, after_outage_seconds)
        if not there_is_more:
            await pause(stop, every_seconds)


async def in_rounds(some: Callable[[], Awaitable[int]], at_a_time: int) -> int:
    """How many `some` took in all: it is called until it takes fewer than `at_a_time`."""
    total = taken = await some()
    while taken >= at_a_time:
        taken = await some()
        total += taken
    return total
