"""A backlog of e-referrals: one replica of dispatch beside the limits of an attempt's parts."""

import argparse
import statistics
import time
from dataclasses import dataclass

from bench.benchmark import Benchmark, positive, show_table, spread
from bench.dispatch_limits import commits_per_second, letters_per_second, posts_per_second
from bench.dispatching import Scene, dispatch_scene
from bench.draining import WrongResult
from bench.packages import DispatchCommand, dispatch_command, portal_consignment
from bench.place import fresh_place
from letters.render import render_letter
from ops.catalogue import ServiceName
from ops.servers import Servers
from services.ereferral_dispatch.fhir.bundle import referral_bundle

REQUIRED_RATIO = 0.6
"""Of what the parts allow one after another: a letter, its POST, its commits."""
REQUIRED_OF_THREADS = 0.45
"""The same where the letters alone are made in the worker's threads, with all cores for themselves.
Together the parts share them with PostgreSQL, RabbitMQ, the portals and the subscriber."""
_WARM_UP = 16
_LIMIT_LETTERS = 300
_LIMIT_POSTS = 3_000
_LIMIT_ATTEMPTS = 1_000


@dataclass(frozen=True, slots=True)
class Round:
    """E-referrals a second from command to `delivered`, and each part's own rate beside it."""

    delivered: float
    cpu_ms: float
    letters: float
    letters_one_by_one: float
    posts: float
    commits: float

    @property
    def in_series(self) -> float:
        """What the parts allow one after another, each using the whole machine."""
        return 1 / (1 / self.letters + 1 / self.posts + 1 / self.commits)

    @property
    def one_by_one(self) -> float:
        """The same where one letter is made at a time."""
        return 1 / (1 / self.letters_one_by_one + 1 / self.posts + 1 / self.commits)

    @property
    def slowest(self) -> float:
        """The rate of the slowest part."""
        return min(self.letters, self.posts, self.commits)


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--ereferrals`, `--partners`, `--rounds`."""
    parser.add_argument("--ereferrals", type=positive, default=1_200, help="in a backlog")
    parser.add_argument("--partners", type=positive, default=100, help="each with a portal")
    parser.add_argument("--rounds", type=positive, default=3, help="how often all is measured")


async def run(servers: Servers, options: argparse.Namespace) -> list[str]:
    """Measure the backlog and the parts in turn, and show the medians."""
    rounds: list[Round] = []
    for number in range(options.rounds):
        rounds.append(await _round(servers, options, number))
        print(f"  round {number + 1}: {rounds[-1].delivered:.0f} e-referrals/s", flush=True)
    _show(options.ereferrals, rounds)
    missed = []
    for what, ratios, required in (
        ("one letter at a time", [r.delivered / r.one_by_one for r in rounds], REQUIRED_RATIO),
        ("letters in threads", [r.delivered / r.in_series for r in rounds], REQUIRED_OF_THREADS),
    ):
        ratio = statistics.median(ratios)
        if ratio < required:
            missed.append(
                f"e-referrals / parts in series, {what}: {ratio:.2f}, required: {required}"
            )
    return missed


async def _round(servers: Servers, options: argparse.Namespace, number: int) -> Round:
    count: int = options.ereferrals
    # Nothing is composed twice in a process: the typesetter would remember it.
    first = number * (count + 2 * (_WARM_UP + _LIMIT_LETTERS))
    async with dispatch_scene(servers) as scene:
        commands = [_command(scene, options, first + n) for n in range(count + _WARM_UP)]
        delivered, cpu_ms = await _drain(scene, commands[:_WARM_UP], commands[_WARM_UP:])
        first += count + _WARM_UP
        letters = [
            _command(scene, options, first + n) for n in range(_WARM_UP + 2 * _LIMIT_LETTERS)
        ]
    bodies = [_composed(command) for command in letters[:_WARM_UP]]
    half = _WARM_UP + _LIMIT_LETTERS
    letter_rate = await letters_per_second(letters[_WARM_UP:half])
    one_by_one = await letters_per_second(letters[half:], at_once=1)
    async with dispatch_scene(servers, workers=0) as scene:
        many = [bodies[n % len(bodies)] for n in range(_LIMIT_POSTS)]
        post_rate = await posts_per_second(scene.endpoint("0", 0), many)
    async with fresh_place(servers, ServiceName.EREFERRAL_DISPATCH) as place:
        commit_rate = await commits_per_second(place, letters[0], many[:_LIMIT_ATTEMPTS])
    return Round(delivered, cpu_ms, letter_rate, one_by_one, post_rate, commit_rate)


async def _drain(
    scene: Scene, warm_up: list[DispatchCommand], commands: list[DispatchCommand]
) -> tuple[float, float]:
    """E-referrals a second, from the sending of the commands to the last that was delivered, and
    the milliseconds of CPU that the replica took for one."""
    (worker,) = scene.workers
    await scene.go()
    await scene.put(warm_up)
    await scene.delivered(warm_up)
    before = await worker.figures()
    started = time.perf_counter()
    await scene.put(commands)
    seconds = await scene.delivered(commands) - started
    after = await worker.figures()
    seen = await scene.visited()
    wanted = len(warm_up) + len(commands)
    if {sum(one.requests for one in seen.values()), sum(one.ids for one in seen.values())} != {
        wanted
    }:
        raise WrongResult("not every e-referral was posted once, under an id of its own")
    return len(commands) / seconds, (after.cpu_seconds - before.cpu_seconds) / len(commands) * 1e3


def _command(scene: Scene, options: argparse.Namespace, number: int) -> DispatchCommand:
    partner = number % options.partners
    return dispatch_command(f"org_{partner % 20}", scene.endpoint("0", partner), number)


def _composed(command: DispatchCommand) -> bytes:
    consignment = portal_consignment(command.package)
    return referral_bundle(consignment, render_letter(consignment))


def _show(count: int, rounds: list[Round]) -> None:
    print(f"\n{count:,} e-referrals to portals, one replica, {len(rounds)} rounds: medians\n")
    show_table(
        [
            ["e-referrals/s, from command to delivered", spread([r.delivered for r in rounds])],
            ["milliseconds of the replica's CPU each", spread([r.cpu_ms for r in rounds], 1)],
        ]
    )
    print("\nthe parts alone, a second\n")
    show_table(
        [
            ["letters, in the worker's threads", spread([r.letters for r in rounds])],
            ["letters, one at a time", spread([r.letters_one_by_one for r in rounds])],
            ["bare aiohttp POSTs of the same bytes", spread([r.posts for r in rounds])],
            ["bare SQL, three commits an attempt", spread([r.commits for r in rounds])],
            ["one after another", spread([r.in_series for r in rounds])],
            ["one after another, one letter at a time", spread([r.one_by_one for r in rounds])],
        ]
    )
    to_slowest = spread([r.delivered / r.slowest for r in rounds], 2)
    to_series = spread([r.delivered / r.in_series for r in rounds], 2)
    print(f"\nratio e-referrals / the slowest part: {to_slowest}")
    print(f"ratio e-referrals / the parts one after another: {to_series}")
    one_by_one = spread([r.delivered / r.one_by_one for r in rounds], 2)
    print(f"ratio e-referrals / the same, one letter at a time: {one_by_one}")


BENCHMARK = Benchmark(
    name="dispatch",
    summary="e-referrals/s of one replica of dispatch to portals, beside the parts' limits",
    add_options=add_options,
    run=run,
)
