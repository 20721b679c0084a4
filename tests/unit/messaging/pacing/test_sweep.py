"""Sweeps: how often, what ends them, what puts them off."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest
from structlog.testing import capture_logs

from messaging.pacing.sweep import in_rounds, keep_sweeping

NEVER = 3600.0
"""No test waits so long: a sweep that comes again came without its pause."""


def sweep_of(results: Iterator[bool | Exception]) -> Callable[[], Awaitable[bool]]:
    """A sweep that does one of these after the other."""

    async def sweep() -> bool:
        result = next(results)
        if isinstance(result, Exception):
            raise result
        return result

    return sweep


async def sweep_until_paused(results: list[bool | Exception], *, every_seconds: float) -> int:
    """How many of these sweeps ran within a tenth of a second."""
    left = iter(results)
    stop = asyncio.Event()
    sweeping = asyncio.create_task(
        keep_sweeping(sweep_of(left), stop, name="test", every_seconds=every_seconds)
    )
    await asyncio.sleep(0.1)
    stop.set()
    async with asyncio.timeout(5):
        await sweeping
    return len(results) - len(list(left))


async def test_it_sweeps_without_a_pause_while_there_is_more() -> None:
    """Three sweeps found more, the fourth did not: the fifth waits for its time."""
    assert await sweep_until_paused([True, True, True, False, False], every_seconds=NEVER) == 4


async def test_it_sweeps_again_after_its_pause() -> None:
    """However little there is to do."""
    assert await sweep_until_paused([False] * 1_000, every_seconds=0.01) > 2


async def test_an_outage_is_told_and_puts_it_off() -> None:
    """The next one comes at its time and not at once, whatever the one before had found."""
    with capture_logs() as logged:
        swept = await sweep_until_paused([True, OSError(111, "refused"), True], every_seconds=NEVER)
    assert swept == 2
    assert [(line["event"], line["operation"]) for line in logged] == [("sweep put off", "test")]


async def test_after_an_outage_it_may_wait_longer() -> None:
    """For others to do first what they could not do meanwhile."""
    results: list[bool | Exception] = [OSError(111, "refused"), True]
    left = iter(results)
    stop = asyncio.Event()
    sweeping = asyncio.create_task(
        keep_sweeping(
            sweep_of(left), stop, name="test", every_seconds=0.0, after_outage_seconds=NEVER
        )
    )
    await asyncio.sleep(0.05)
    stop.set()
    async with asyncio.timeout(5):
        await sweeping
    assert list(left) == [True]


async def test_a_fault_of_ours_ends_it() -> None:
    """It must not go on unseen: the process ends, and a supervisor starts it anew."""
    with pytest.raises(LookupError):
        await sweep_until_paused([LookupError("ours")], every_seconds=NEVER)


async def test_rounds_go_on_until_one_is_not_full() -> None:
    """Ten and ten and four; where the last round is full, one more looks."""
    taken = iter([10, 10, 4, 99])

    async def some() -> int:
        return next(taken)

    assert await in_rounds(some, 10) == 24
    assert next(taken) == 99
    taken = iter([10, 0])
    assert await in_rounds(some, 10) == 10
