"""The edge: a write and a read through it, beside the same by AMQP and a plain application."""

import argparse
import os
import statistics
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

from bench.benchmark import Benchmark, positive, show_table, spread
from bench.commands import PartnerCommand, partner_commands
from bench.draining import WrongResult
from bench.edge_load import CLIENTS, Ask, Load, OverAmqp, OverHttp, over_http, paced, saturate
from bench.place import Place, fresh_place
from bench.plain_http import DATABASE, PORT
from bench.plain_http import PROGRAM as PLAIN
from bench.under_test import EDGE, REFERRALS, UnderTest, under_test
from messaging.replies.client import open_client
from ops.servers import Servers
from ops.servers.ports import free_ports
from services.edge.tokens.changes import create
from services.edge.tokens.file import changing
from services.edge.tokens.token import TokenKind

REQUIRED_OF_AMQP = 0.6
REQUIRED_OF_PLAIN = 1.0
MOST_TIMES_P99 = 3.0
ORGS = 20
WARM_UP = 256

Measured = dict[str, list[Load]]
"""By what was asked and how; one of each round."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--requests`, `--rounds`."""
    parser.add_argument("--requests", type=positive, default=3_000, help="of each kind, each time")
    parser.add_argument("--rounds", type=positive, default=3, help="how often all is measured")


async def run(servers: Servers, options: argparse.Namespace) -> list[str]:
    """Measure all in turn, every other round in reverse, and show the medians."""
    measured: Measured = defaultdict(list)
    cpu: dict[str, list[float]] = defaultdict(list)
    seeds = count(1)

    def commands(number: int = options.requests) -> list[PartnerCommand]:
        return partner_commands(number, ORGS, next(seeds))

    for number in range(options.rounds):
        async with fresh_place(servers) as place, _edge(place) as (edge, http, amqp):
            asking: list[tuple[str, Ask]] = [
                ("POST, edge", http.create),
                ("POST, AMQP", amqp.create),
                ("GET, edge", http.list),
                ("GET, AMQP", amqp.list),
            ]
            for _, ask in asking:
                await saturate(ask, commands(WARM_UP))
            for name, ask in asking if number % 2 == 0 else asking[::-1]:
                before = (await edge.figures()).cpu_seconds
                measured[name].append(await saturate(ask, commands()))
                used = (await edge.figures()).cpu_seconds - before
                cpu[name].append(used / options.requests * 1e6)
            await _check(http, 2 * (options.requests + WARM_UP))
            for kind in ("POST", "GET"):
                half = measured[f"{kind}, edge"][-1].per_second / 2
                for name, ask in asking:
                    if name.startswith(kind):
                        load = await paced(ask, commands(), half)
                        measured[f"{name}, half load"].append(load)
        measured["POST, plain"].append(await _plain(servers, commands(WARM_UP), commands()))
        print(f"  round {number + 1}: load average {os.getloadavg()[0]:.1f}", flush=True)
    _show(measured, cpu)
    return _missed(measured)


@asynccontextmanager
async def _edge(place: Place) -> AsyncIterator[tuple[UnderTest, OverHttp, OverAmqp]]:
    """The edge before referrals, with nobody kept from asking often."""
    port, ops_port = free_ports(2)
    with tempfile.TemporaryDirectory() as folder:
        tokens_file = Path(folder) / "tokens.toml"
        with changing(tokens_file) as tokens:
            token = create(
                tokens,
                client="bench",
                orgs=["*"],
                operations=["*"],
                kind=TokenKind.API,
                actor=None,
                expires_at=None,
            )
        environment = {
            "EDGE_RABBITMQ_URL": place.rabbitmq_url,
            "EDGE_TOKENS_FILE": str(tokens_file),
            "EDGE_HTTP_PORT": str(port),
            "EDGE_OPS_PORT": str(ops_port),
            "EDGE_RATE_PER_MINUTE": "100000000",
            "EDGE_RATE_BURST": "1000000",
            "EDGE_LOG_FORMAT": "json",
        }
        async with (
            under_test(REFERRALS, place.environment()) as referrals,
            under_test(EDGE, environment) as edge,
        ):
            await referrals.go()
            await edge.go()
            ready = f"http://127.0.0.1:{ops_port}/health/ready"
            async with (
                over_http(port, ready, token) as http,
                open_client(place.rabbitmq_url, "bench.client") as client,
            ):
                yield edge, http, OverAmqp(client)


async def _plain(
    servers: Servers, warm_up: Sequence[PartnerCommand], commands: Sequence[PartnerCommand]
) -> Load:
    (port,) = free_ports(1)
    async with fresh_place(servers) as place:
        environment = {DATABASE: place.database_url, PORT: str(port)}
        async with under_test(PLAIN, environment) as process:
            await process.go()
            async with over_http(port, f"http://127.0.0.1:{port}/openapi.json") as http:
                await saturate(http.create_plainly, warm_up)
                return await saturate(http.create_plainly, commands)


async def _check(http: OverHttp, expected: int) -> None:
    """Raises WrongResult unless each write had one effect."""
    total = sum([await http.total(f"org_{number:05}") for number in range(ORGS)])
    if total != expected:
        raise WrongResult(f"{total} partners for {expected} requests")


def _show(measured: Measured, cpu: dict[str, list[float]]) -> None:
    print(f"\n{CLIENTS} clients; half load: half of the edge's requests/s, by both\n")
    rows = [["", "requests/s", "p50 ms", "p99 ms", "edge's CPU µs a request"]]
    for name, loads in measured.items():
        rows.append(
            [
                name,
                spread([load.per_second for load in loads]),
                spread([statistics.median(load.each) * 1000 for load in loads], 1),
                spread([load.p99 * 1000 for load in loads], 1),
                spread(cpu[name]) if name in cpu and "edge" in name else "",
            ]
        )
    show_table(rows)
    print()


def _missed(measured: Measured) -> list[str]:
    missed = []

    def require(
        what: str, one: Sequence[float], other: Sequence[float], *, least: float, most: float
    ) -> None:
        ratios = [a / b for a, b in zip(one, other, strict=True)]
        ratio = statistics.median(ratios)
        print(f"ratio {what}: {spread(ratios, 2)}")
        if not least <= ratio <= most:
            missed.append(f"{what}: {ratio:.2f}, required: {least} to {most}")

    def rates(name: str) -> list[float]:
        return [load.per_second for load in measured[name]]

    def p99s(name: str) -> list[float]:
        return [load.p99 for load in measured[f"{name}, half load"]]

    ever = float("inf")
    for kind in ("POST", "GET"):
        edge, amqp = f"{kind}, edge", f"{kind}, AMQP"
        what = f"requests/s of {kind}, edge / AMQP"
        require(what, rates(edge), rates(amqp), least=REQUIRED_OF_AMQP, most=ever)
        what = f"p99 of {kind} at half load, edge / AMQP"
        require(what, p99s(edge), p99s(amqp), least=0.0, most=MOST_TIMES_P99)
    what = "requests/s of POST, edge / plain application"
    plain = rates("POST, plain")
    require(what, rates("POST, edge"), plain, least=REQUIRED_OF_PLAIN, most=ever)
    return missed


BENCHMARK = Benchmark(
    name="edge",
    summary="requests/s through the edge, beside AMQP and a plain FastAPI application",
    add_options=add_options,
    run=run,
)
