"""Two replicas of each service, started again whenever they end: the rig's supervisor."""

import asyncio
import os
import signal
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import orjson

from tests.faults.rig.points import Point, set_trap
from tests.faults.rig.replicas import Plan, ServiceName, start_replica
from tests.support.waiting import until

LOOK_EVERY_SECONDS = 0.1
START_WITHIN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Death:
    """A replica that ended. `status`: minus the signal that killed it, else its exit status."""

    name: str
    status: int


class Replica:
    """One place of the fleet; the process in it changes."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self._folder = folder
        self._starts = 0
        self._process: BaseProcess | None = None
        self.log = folder

    @property
    def pid(self) -> int:
        """The process that is in this place now."""
        assert self._process is not None and self._process.pid is not None
        return self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status of a process that ended; None while it runs."""
        return None if self._process is None else self._process.exitcode

    def start(self) -> None:
        """Put a new process in this place, with a log of its own."""
        self._starts += 1
        self.log = self._folder / f"{self.plan.name}.{self._starts}.log"
        self._process = start_replica(self.plan, self.log)

    def send(self, number: signal.Signals) -> None:
        """Send the process a signal, unless it has ended: its number may be another's by now."""
        if self.status is None:
            os.kill(self.pid, number)

    def end(self) -> None:
        """SIGTERM, and SIGKILL where that does not help; also to a frozen process."""
        if self._process is None or self._process.exitcode is not None:
            return
        self.send(signal.SIGCONT)
        self._process.terminate()
        self._process.join(35)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join(10)

    def ready(self) -> bool:
        """Whether its own `/health/ready` says so."""
        started = self._started()
        if started is None:
            return False
        url = f"http://127.0.0.1:{started['port']}/health/ready"
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def peak_memory_bytes(self) -> int:
        """The most memory that the process has had at a time (proc(5), VmHWM)."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise LookupError("the kernel tells no VmHWM")

    def place(self) -> str | None:
        """Where the edge answers requests; None until it listens, and once it has ended."""
        started = self._started()
        if started is None or self.status is not None:
            return None
        return f"http://127.0.0.1:{started['detail']}"

    def _started(self) -> dict[str, Any] | None:
        if not self.log.is_file():
            return None
        for line in self.log.read_bytes().splitlines():
            if b'"started"' in line:
                return dict(orjson.loads(line))
        return None


class Fleet:
    """All replicas. `deaths` are those since it was last cleared."""

    def __init__(self, replicas: Sequence[Replica]) -> None:
        self.replicas = replicas
        self.deaths: list[Death] = []
        self._paused = False

    def of(self, service: ServiceName) -> list[Replica]:
        """The replicas of one service."""
        return [replica for replica in self.replicas if replica.plan.service is service]

    def set_trap(
        self, service: ServiceName, point: Point, strike: signal.Signals = signal.SIGKILL
    ) -> Path:
        """Let the next replica of the service that comes to the point kill or freeze itself."""
        return set_trap(self.of(service)[0].plan.traps, point, strike)

    async def ready(self) -> bool:
        """Whether every replica is."""
        states = await asyncio.gather(
            *(asyncio.to_thread(replica.ready) for replica in self.replicas)
        )
        return all(states)

    async def until_died(self, count: int, within_seconds: float) -> None:
        """Wait until so many have ended since `deaths` was last cleared."""
        await until(lambda: len(self.deaths) >= count, within_seconds)

    async def supervise(self) -> None:
        """Start again what ends, until cancelled."""
        while True:
            for replica in self.replicas:
                if not self._paused and replica.status is not None:
                    self.deaths.append(Death(replica.plan.name, replica.status))
                    await asyncio.to_thread(replica.start)
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def stop(self) -> None:
        """End all and start none, until `start`."""
        self._paused = True
        await asyncio.gather(*(asyncio.to_thread(one.end) for one in self.replicas))

    async def start(self) -> None:
        """Start all, and wait until they are ready."""
        for replica in self.replicas:
            await asyncio.to_thread(replica.start)
        self._paused = False
        await until(self.ready, START_WITHIN_SECONDS, look_every_seconds=LOOK_EVERY_SECONDS)


@asynccontextmanager
async def running_fleet(
    settings: Mapping[ServiceName, Mapping[str, object]],
    folder: Path,
    *,
    clock_ahead_days: float = 0.0,
) -> AsyncIterator[Fleet]:
    """Two of each, from ready until ended. `clock_ahead_days`: the second one's clock is wrong."""
    replicas = []
    for service, given in settings.items():
        traps = folder / f"{service}.traps"
        traps.mkdir()
        plan = Plan(service, given, traps)
        replicas += [
            Replica(replace(plan, name=f"{service}.1"), folder),
            Replica(replace(plan, name=f"{service}.2", clock_ahead_days=clock_ahead_days), folder),
        ]
    fleet = Fleet(replicas)
    try:
        await fleet.start()
        supervising = asyncio.create_task(fleet.supervise())
        try:
            yield fleet
        finally:
            supervising.cancel()
    finally:
        await fleet.stop()
