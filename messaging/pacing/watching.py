"""Figures of what lies in a database, looked at every few seconds.

Each replica looks and finds the same; who draws or alerts takes the largest of them. A figure that
cannot be had is taken away: an old one would say that all is well.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from prometheus_client import Gauge

from messaging.pacing.sweep import keep_sweeping

LOOK_EVERY_SECONDS = 10.0


async def keep_looking(
    look: Callable[[], Awaitable[None]], gauges: Sequence[Gauge], stop: asyncio.Event, *, name: str
) -> None:
    """Look every ten seconds until `stop` is set; `look` sets the gauges, which have labels.

    An outage puts it off. Raises what else `look` raised.
    """

    async def once() -> bool:
        try:
            await look()
        except Exception:
            for gauge in gauges:
                gauge.clear()
            raise
        return False

    await keep_sweeping(once, stop, name=name, every_seconds=LOOK_EVERY_SECONDS)
