"""A backlog of commands: one process of referrals beside a plain handler of the same commands."""

import argparse
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from bench.benchmark import Benchmark, positive, show_table, spread
from bench.commands import PartnerCommand, partner_commands
from bench.draining import Drained, drain
from bench.limits import event_body, inserts_per_second, publishes_per_second
from bench.place import fresh_place
from bench.under_test import REFERRALS
from ops.servers import Servers

REQUIRED_RATIO = 5.0
_LIMIT_COMMANDS = 2_000
_LIMIT_MESSAGES = 10_000


@dataclass(frozen=True, slots=True)
class Peer:
    """A program and the commands that it is given."""

    name: str
    program: Sequence[str]
    commands: list[PartnerCommand]


@dataclass(frozen=True, slots=True)
class Limits:
    """What the parts did in one round, a second."""

    inserts: float
    publishes: float


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--commands`, `--orgs`, `--rounds`."""
    parser.add_argument("--commands", type=positive, default=10_000, help="commands in a backlog")
    parser.add_argument("--orgs", type=positive, default=200, help="orgs that take turns")
    parser.add_argument("--rounds", type=positive, default=3, help="how often all is measured")


async def run(servers: Servers, options: argparse.Namespace) -> list[str]:
    """Measure all in turn, every other round in reverse, and show the medians."""
    count: int = options.commands
    mixed = partner_commands(count, options.orgs)
    peers = [
        Peer(f"referrals, {options.orgs} orgs", REFERRALS, mixed),
        Peer(f"plain handler, {options.orgs} orgs", ("bench.plain",), mixed),
        Peer("referrals, 1 org", REFERRALS, partner_commands(count, 1)),
        Peer("referrals, every command another org", REFERRALS, partner_commands(count, count)),
    ]
    figures: dict[str, list[Drained]] = {peer.name: [] for peer in peers}
    limits: list[Limits] = []
    for number in range(options.rounds):
        for peer in peers if number % 2 == 0 else reversed(peers):
            drained = await drain(servers, peer.program, peer.commands)
            figures[peer.name].append(drained)
            print(f"  round {number + 1}: {peer.name}: {drained.seconds:.1f} s", flush=True)
        limits.append(await _limits(servers, mixed))
    product, plain, one_org, many_orgs = (figures[peer.name] for peer in peers)
    _show(count, figures, limits)
    _show_ratios("referrals, 1 org / another org in every command", one_org, many_orgs)
    ratio = _show_ratios("referrals / plain handler", product, plain)
    if ratio < REQUIRED_RATIO:
        return [f"referrals / plain handler: {ratio:.2f}, required: {REQUIRED_RATIO}"]
    return []


async def _limits(servers: Servers, commands: list[PartnerCommand]) -> Limits:
    async with fresh_place(servers) as place:
        return Limits(
            await inserts_per_second(place, commands[:_LIMIT_COMMANDS]),
            await publishes_per_second(place, _LIMIT_MESSAGES, event_body(commands[0])),
        )


def _show(count: int, figures: dict[str, list[Drained]], limits: list[Limits]) -> None:
    print(f"\n{count:,} referral_partner.create, one process, {len(limits)} rounds: medians\n")
    rows = [["", "commands/s", "seconds", "CPU s", "CPU µs a command", "peak RSS MB"]]
    for name, runs in figures.items():
        cpu = statistics.median(run.cpu_seconds for run in runs)
        rows.append(
            [
                name,
                spread([count / run.seconds for run in runs]),
                f"{statistics.median(run.seconds for run in runs):.1f}",
                f"{cpu:.1f}",
                f"{cpu / count * 1e6:,.0f}",
                f"{max(run.peak_rss_bytes for run in runs) / 1e6:.0f}",
            ]
        )
    show_table(rows)
    print("\nlimits of the parts, a second\n")
    show_table(
        [
            ["", ""],
            [
                "one asyncpg connection, the same rows, one commit a command",
                spread([limit.inserts for limit in limits]),
            ],
            [
                "aiormq, confirmed publishes into a quorum queue, 256 at once",
                spread([limit.publishes for limit in limits]),
            ],
        ][1:]
    )
    print()


def _show_ratios(name: str, one: list[Drained], other: list[Drained]) -> float:
    """Print how many times faster `one` was, round by round; returns the median."""
    ratios = [b.seconds / a.seconds for a, b in zip(one, other, strict=True)]
    print(f"ratio {name}: {spread(ratios, digits=2)}")
    return statistics.median(ratios)


BENCHMARK = Benchmark(
    name="backlog",
    summary="commands/s of one referrals process, beside a plain handler and the parts' limits",
    add_options=add_options,
    run=run,
)
