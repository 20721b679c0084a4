"""The cost of a process of referrals that has nothing to do."""

import argparse
import asyncio

from bench.benchmark import Benchmark, positive
from bench.place import fresh_place
from bench.under_test import REFERRALS, under_test
from ops.servers import Servers

SETTLING_SECONDS = 3.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--seconds`."""
    parser.add_argument("--seconds", type=positive, default=10, help="for how long it is watched")


async def run(servers: Servers, options: argparse.Namespace) -> list[str]:
    """Measure and show. Nothing is required."""
    seconds: int = options.seconds
    async with (
        fresh_place(servers) as place,
        under_test(REFERRALS, place.environment()) as process,
    ):
        await process.go()
        await asyncio.sleep(SETTLING_SECONDS)
        before = await process.figures()
        await asyncio.sleep(seconds)
        after = await process.figures()
    percent = (after.cpu_seconds - before.cpu_seconds) / seconds * 100
    print(f"one referrals process with nothing to do: {percent:.1f} % of a core over {seconds} s")
    return []


BENCHMARK = Benchmark(
    name="idle",
    summary="CPU of a referrals process that has nothing to do",
    add_options=add_options,
    run=run,
)
