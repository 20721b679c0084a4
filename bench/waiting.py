"""The cost, for a replica of dispatch that is idle otherwise, of retries that wait for hours."""

import argparse
import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from bench.benchmark import Benchmark, positive, show_table
from bench.dispatch_seed import admin, seed_retries
from bench.dispatching import Scene, dispatch_scene
from bench.draining import WrongResult
from bench.idle import SETTLING_SECONDS
from bench.packages import dispatch_command
from ops.servers import Servers
from services.ereferral_dispatch.home import HOME

MOST_PERCENT = 5.0
_PARTNERS = 200
_TICKS_A_SECOND = 100  # Linux's USER_HZ, on every architecture that PostgreSQL's wheel is for
_SESSIONS = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'ereferral_dispatch%'
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Percent of a core: of the replica, and of its sessions in PostgreSQL (None: not seen)."""

    replica: float
    database: float | None


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--retries`, `--seconds`."""
    parser.add_argument("--retries", type=positive, default=20_000, help="that wait")
    parser.add_argument("--seconds", type=positive, default=30, help="for how long it is watched")


async def run(servers: Servers, options: argparse.Namespace) -> list[str]:
    """Watch a replica without them and with them."""
    without = await _watch(servers, 0, options.seconds)
    waiting = await _watch(servers, options.retries, options.seconds)
    print(f"one idle replica of dispatch, over {options.seconds} s: percent of a core\n")
    show_table(
        [
            ["", "replica", "its sessions in PostgreSQL"],
            ["nothing waits", f"{without.replica:.1f}", _percent(without.database)],
            [
                f"{options.retries:,} retries wait for hours",
                f"{waiting.replica:.1f}",
                _percent(waiting.database),
            ],
        ]
    )
    if waiting.replica >= MOST_PERCENT:
        return [f"{waiting.replica:.1f} % of a core, required: less than {MOST_PERCENT}"]
    return []


async def _watch(servers: Servers, retries: int, seconds: int) -> Cost:
    async with dispatch_scene(servers) as scene:
        (worker,) = scene.workers
        command = dispatch_command("org_0", scene.endpoint("0", 0), 0)
        if retries:
            await seed_retries(scene.place, command, count=retries, partners=_PARTNERS)
        database = await asyncpg.connect(admin(scene.place))
        try:
            await scene.go()
            await asyncio.sleep(SETTLING_SECONDS)
            cpu_before, sessions_before = await worker.figures(), await _sessions(database)
            started = time.perf_counter()
            await asyncio.sleep(seconds)
            cpu_after, sessions_after = await worker.figures(), await _sessions(database)
            watched_seconds = time.perf_counter() - started
            await _check(scene, database, retries)
        finally:
            await database.close()
    spent = [sessions_after[pid] - sessions_before.get(pid, 0.0) for pid in sessions_after]
    return Cost(
        (cpu_after.cpu_seconds - cpu_before.cpu_seconds) / watched_seconds * 100,
        sum(spent) / watched_seconds * 100 if spent else None,
    )


async def _check(scene: Scene, database: asyncpg.Connection, retries: int) -> None:
    """Raises WrongResult unless the retries still wait, beside a worker that is at work."""
    command = dispatch_command("org_0", scene.endpoint("0", 0), 1)
    await scene.put([command])
    await scene.delivered([command])
    waiting = await database.fetchval(
        f"SELECT count(*) FROM {HOME.schema}.ereferral "
        "WHERE status = 'retry_scheduled' AND due_at > now() + interval '30 minutes'"
    )
    if waiting != retries:
        raise WrongResult(f"{waiting} of {retries} retries still wait")


async def _sessions(database: asyncpg.Connection) -> dict[int, float]:
    """The seconds of CPU that each session of the replica has taken, where its process is seen."""
    pids = [session["pid"] for session in await database.fetch(_SESSIONS)]
    taken = {pid: _session_cpu_seconds(Path(f"/proc/{pid}/stat")) for pid in pids}
    return {pid: seconds for pid, seconds in taken.items() if seconds is not None}


def _session_cpu_seconds(stat: Path) -> float | None:
    if not stat.exists():
        return None
    name, _, fields = stat.read_text().rpartition(")")
    if not name.endswith("(postgres"):
        return None
    user, system = fields.split()[11:13]
    return (int(user) + int(system)) / _TICKS_A_SECOND


def _percent(value: float | None) -> str:
    return "not seen" if value is None else f"{value:.1f}"


BENCHMARK = Benchmark(
    name="waiting",
    summary="CPU of an idle replica of dispatch while 20,000 retries wait for hours",
    add_options=add_options,
    run=run,
)
