"""`python -m bench`: all benchmarks, or the one that is named with its own options.

Each measures beside its peers and limits in the same run, on real servers with fsync; the servers
are those that `ops.servers` finds or starts. Exit status 1: a requirement was missed.
"""

import argparse
import asyncio
import os
import platform
import sys

from bench import backlog, connectors, dispatch, edge, idle, isolation, letter, queries, waiting
from bench.benchmark import Benchmark
from ops.servers import Servers, backing_servers

BENCHMARKS: dict[str, Benchmark] = {
    benchmark.name: benchmark
    for benchmark in (
        backlog.BENCHMARK,
        edge.BENCHMARK,
        idle.BENCHMARK,
        queries.BENCHMARK,
        dispatch.BENCHMARK,
        isolation.BENCHMARK,
        waiting.BENCHMARK,
        letter.BENCHMARK,
        connectors.BENCHMARK,
    )
}


def main() -> int:
    parser = _parser()
    chosen = parser.parse_args().benchmark
    _show_machine()
    with backing_servers(lambda line: print(f"  {line}", flush=True), durable=True) as servers:
        if chosen is not None:
            missed = asyncio.run(_run(servers, BENCHMARKS[chosen], parser.parse_args()))
        else:
            missed = []
            for name, benchmark in BENCHMARKS.items():
                options = parser.parse_args([name])
                missed += asyncio.run(_run(servers, benchmark, options))
    for line in missed:
        print(f"missed: {line}", file=sys.stderr)
    return 1 if missed else 0


async def _run(servers: Servers, benchmark: Benchmark, options: argparse.Namespace) -> list[str]:
    print(f"\n{benchmark.name}: {benchmark.summary}", flush=True)
    return await benchmark.run(servers, options)


def _show_machine() -> None:
    cores, load = os.cpu_count() or 1, os.getloadavg()[0]
    print(f"{cores} cores, load average {load:.2f}, Python {platform.python_version()}")
    if load > cores / 4:
        print("The machine is not quiet: every figure is too low, and the ratios are off.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measurements, beside the peers and the limits. Without a name: all.",
    )
    named = parser.add_subparsers(dest="benchmark", metavar="NAME")
    for benchmark in BENCHMARKS.values():
        benchmark.add_options(
            named.add_parser(
                benchmark.name,
                help=benchmark.summary,
                description=benchmark.summary,
                formatter_class=argparse.ArgumentDefaultsHelpFormatter,
            )
        )
    return parser


if __name__ == "__main__":
    sys.exit(main())
