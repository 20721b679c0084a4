"""Figures that are looked at: set while they can be had, and taken away when they cannot."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry, Gauge

from messaging.pacing.watching import keep_looking


def gauge() -> Gauge:
    """A gauge with a label, in a registry of its own."""
    return Gauge("test_waiting", "What waits.", ["kind"], registry=CollectorRegistry())


def labels(held: Gauge) -> list[dict[str, str]]:
    """The labels of what it shows."""
    return [sample.labels for family in held.collect() for sample in family.samples]


async def test_a_figure_that_cannot_be_had_is_taken_away() -> None:
    """An outage ends nothing, and leaves no old value that would say that all is well."""
    held, stop = gauge(), asyncio.Event()
    held.labels("form").set(1)

    async def look() -> None:
        stop.set()
        raise OSError(111, "refused")

    async with asyncio.timeout(5):
        await keep_looking(look, [held], stop, name="test")
    assert labels(held) == []


async def test_a_figure_that_was_set_stays_until_it_is_looked_at_again() -> None:
    """What looks sets it."""
    held, stop = gauge(), asyncio.Event()

    async def look() -> None:
        held.labels("form").set(3)
        stop.set()

    async with asyncio.timeout(5):
        await keep_looking(look, [held], stop, name="test")
    assert labels(held) == [{"kind": "form"}]


async def test_a_fault_of_ours_ends_it() -> None:
    """And takes the figure away too."""
    held = gauge()
    held.labels("form").set(1)

    async def look() -> None:
        raise KeyError("a column")

    with pytest.raises(KeyError):
        await keep_looking(look, [held], asyncio.Event(), name="test")
    assert labels(held) == []
