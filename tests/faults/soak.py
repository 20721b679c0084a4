"""`make soak MINUTES=60`: faults at random from a printed seed, judged after every round.

    python -m tests.faults.soak --minutes 60 [--seed 42]

Exit status: 0 where every law held to the end, 1 where one was broken or something else failed.
"""

import argparse
import asyncio
import random
import secrets
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

from ops.environment import CHECKOUT
from ops.servers import Servers, backing_servers
from tests.faults.rig.faults import FAULTS, Fault
from tests.faults.rig.rig import Rig, open_rig

MOST_FAULTS_IN_A_ROUND = 3


def main() -> int:
    """Read the options, provide the servers, soak."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="how long, about")
    parser.add_argument("--seed", type=int, default=None, help="repeats the faults of another run")
    options = parser.parse_args()
    seed = secrets.randbelow(1_000_000) if options.seed is None else options.seed
    folder = Path(tempfile.mkdtemp(prefix="handoff-soak-"))
    print(f"seed {seed}, {options.minutes:g} minutes; books and logs: {folder}", flush=True)
    with backing_servers(print, CHECKOUT / ".handoff", durable=False) as servers:
        status = asyncio.run(_soak(servers, folder, options.minutes * 60, seed))
    if status == 0:
        shutil.rmtree(folder)
    return status


async def _soak(servers: Servers, folder: Path, seconds: float, seed: int) -> int:
    random.seed(seed)
    started, number = time.monotonic(), 0
    async with open_rig(servers, folder) as rig:
        while time.monotonic() - started < seconds:
            number += 1
            faults = random.choices(
                list(FAULTS), list(FAULTS.values()), k=random.randint(1, MOST_FAULTS_IN_A_ROUND)
            )
            named = ", ".join(fault.__name__ for fault in faults)
            print(f"{_clock(started)} round {number}: {named}", flush=True)
            try:
                await _round(rig, f"{seed}.{number}", faults)
            except Exception:
                traceback.print_exc()
                print(f"round {number} failed: repeat it all with seed {seed}; {folder}")
                return 1
    print(f"{_clock(started)} every law held in {number} rounds")
    return 0


async def _round(rig: Rig, seed: str, faults: list[Fault]) -> None:
    async with rig.round(seed=seed) as at_work:
        for fault in faults:
            await fault(rig, at_work)
            await at_work.goes_on()
    # -15: told to stop before it had begun.
    if odd := [death for death in rig.fleet.deaths if death.status not in (0, -9, -15)]:
        raise AssertionError(f"replicas ended by themselves: {odd}")


def _clock(started: float) -> str:
    minutes, seconds = divmod(int(time.monotonic() - started), 60)
    return f"[{minutes:3}:{seconds:02}]"


if __name__ == "__main__":
    sys.exit(main())
