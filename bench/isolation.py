"""A partner that hangs: are a hundred others served as fast as without it?"""

import argparse
import statistics
import time

from bench.benchmark import Benchmark, positive, show_table, spread
from bench.dispatching import Scene, dispatch_scene
from bench.draining import WrongResult
from bench.packages import DispatchCommand, dispatch_command
from bench.portal import HANG
from ops.servers import Servers

REQUIRED_RATIO = 1.5
REPLICAS = 2
LANE_CONCURRENCY = 4
PORTAL_TAKES_MS = "50"
_WARM_UP = 32
_HANGING_PARTNER = 100_000


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--waiting`, `--partners`, `--ereferrals`, `--rounds`."""
    parser.add_argument(
        "--waiting", type=positive, default=500, help="e-referrals to the partner that hangs"
    )
    parser.add_argument("--partners", type=positive, default=100, help="that do not hang")
    parser.add_argument("--ereferrals", type=positive, default=6, help="to each of them")
    parser.add_argument("--rounds", type=positive, default=3, help="with and without, in turn")


async def run(servers: Servers, options: argparse.Namespace) -> list[str]:
    """Measure with and without the partner that hangs, in turn, and show both."""
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for number in range(options.rounds):
        for hanging in (False, True) if number % 2 == 0 else (True, False):
            seconds[hanging].append(await _round(servers, options, hanging=hanging))
            told = "with" if hanging else "without"
            print(f"  round {number + 1}, {told} it: {seconds[hanging][-1]:.1f} s", flush=True)
    count = options.partners * options.ereferrals
    print(
        f"\n{count:,} e-referrals to {options.partners} partners, {REPLICAS} replicas, "
        f"{options.rounds} rounds\n"
    )
    show_table(
        [
            ["", "seconds", "e-referrals/s"],
            *(
                [
                    f"{told} a partner that hangs with {options.waiting} waiting",
                    spread(seconds[hanging], 1),
                    spread([count / each for each in seconds[hanging]]),
                ]
                for hanging, told in ((False, "without"), (True, "with"))
            ),
        ]
    )
    ratios = [w / o for w, o in zip(seconds[True], seconds[False], strict=True)]
    print(f"\nratio with / without: {spread(ratios, 2)}")
    ratio = statistics.median(ratios)
    if ratio > REQUIRED_RATIO:
        return [f"with / without a partner that hangs: {ratio:.2f}, at most {REQUIRED_RATIO}"]
    return []


async def _round(servers: Servers, options: argparse.Namespace, *, hanging: bool) -> float:
    """Seconds from the sending of the commands to the last delivery at those that do not hang."""
    async with dispatch_scene(servers, REPLICAS, lane_concurrency=str(LANE_CONCURRENCY)) as scene:
        count = options.partners * options.ereferrals
        commands = [_to_healthy(scene, n, n % options.partners) for n in range(count + _WARM_UP)]
        stuck = [_to_hanging(scene, count + _WARM_UP + n) for n in range(options.waiting)]
        await scene.go()
        await scene.put(commands[:_WARM_UP])
        await scene.delivered(commands[:_WARM_UP])
        if hanging:
            await scene.put(stuck)
            await scene.accepted(stuck)
        started = time.perf_counter()
        await scene.put(commands[_WARM_UP:])
        seconds = await scene.delivered(commands) - started
        await _check(scene, len(commands), hanging=hanging)
    return seconds


async def _check(scene: Scene, healthy: int, *, hanging: bool) -> None:
    """Raises WrongResult unless everything came once, and never too much at one time."""
    seen = await scene.visited()
    hung = seen.pop(f"/{HANG}/{_HANGING_PARTNER}", None)
    requests = sum(one.requests for one in seen.values())
    ids = sum(one.ids for one in seen.values())
    if {requests, ids} != {healthy}:
        raise WrongResult(f"{healthy} e-referrals: {requests} requests under {ids} ids")
    most = max(one.most_at_once for one in seen.values())
    if most > LANE_CONCURRENCY:
        raise WrongResult(f"{most} requests at one time to one partner")
    if hanging and (hung is None or hung.most_at_once != LANE_CONCURRENCY):
        raise WrongResult(f"not {LANE_CONCURRENCY} at a time to the partner that hangs: {hung}")


def _to_healthy(scene: Scene, number: int, partner: int) -> DispatchCommand:
    endpoint = scene.endpoint(PORTAL_TAKES_MS, partner)
    return dispatch_command(f"org_{partner % 20}", endpoint, number)


def _to_hanging(scene: Scene, number: int) -> DispatchCommand:
    return dispatch_command("org_0", scene.endpoint(HANG, _HANGING_PARTNER), number)


BENCHMARK = Benchmark(
    name="isolation",
    summary="what a partner that hangs costs the others, over two replicas of dispatch",
    add_options=add_options,
    run=run,
)
