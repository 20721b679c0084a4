"""Services and edge as children of `handoff up` and `handoff demo`: started, watched, restarted.

A service ends itself in some faults, on purpose, because its supervisor starts it anew.
"""

import asyncio
import json
import signal
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from ops.catalogue import Served
from ops.children import HandoffProcess
from ops.environment import CannotGoOn
from ops.one_line import WRONG_SETTING

READY_WITHIN_SECONDS = 120.0
DRAIN_SECONDS = 35.0
LOOK_EVERY_SECONDS = 0.2
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 15.0
LIVED_WELL_SECONDS = 60.0

Say = Callable[[str], None]


class Supervised:
    """A service that is kept running. `environment` holds all its settings, also its ports."""

    def __init__(self, name: Served, environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        self._environment = environment
        self._process: HandoffProcess | None = None

    def url(self, path: str) -> str:
        """The URL of one of its pages, such as `/metrics`."""
        host = self._environment.get(self.name.pages_host, "127.0.0.1")
        return f"http://{host}:{self._environment[self.name.pages_port]}{path}"

    async def start(self) -> None:
        """Start the process; it is not ready yet."""
        self._process = await asyncio.to_thread(
            HandoffProcess, ["serve", self.name], environment=self._environment, log=self.log
        )

    async def end(self) -> None:
        """SIGTERM, and wait until it has drained."""
        if self._process is not None and not self._process.ended:
            await asyncio.to_thread(self._process.end, signal.SIGTERM, DRAIN_SECONDS)

    async def keep_running(self, say: Say) -> None:
        """Start it again whenever it ends, until cancelled.

        Raises CannotGoOn where its settings are wrong: it would end at once every time.
        """
        pause_seconds = FIRST_PAUSE_SECONDS
        started = time.monotonic()
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            if self._process is None or not self._process.ended:
                continue
            status = self._process.exit_status
            if status == WRONG_SETTING:
                raise CannotGoOn(f"{self.name}: {_last_line(self.log)}")
            if time.monotonic() - started > LIVED_WELL_SECONDS:
                pause_seconds = FIRST_PAUSE_SECONDS
            say(f"{self.name} ended with status {status}; starting it again (log: {self.log})")
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)
            started = time.monotonic()
            await self.start()

    async def ready(self) -> None:
        """Return when `/health/ready` answers 200. Raises CannotGoOn after two minutes."""
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while True:
            # Not before it listens itself: another's health might be at that port.
            state: str | None = "does not listen yet"
            if await asyncio.to_thread(_has_started, self.log):
                state = await asyncio.to_thread(_ready, self.url("/health/ready"))
            if state is None:
                return
            if time.monotonic() > deadline:
                raise CannotGoOn(f"{self.name} is not ready: {state} (log: {self.log})")
            await asyncio.sleep(LOOK_EVERY_SECONDS)


@asynccontextmanager
async def kept_running(services: Sequence[Supervised], say: Say) -> AsyncIterator[None]:
    """Keep services running until the block is left; then end them, all at the same time."""
    async with asyncio.TaskGroup() as group:
        keepers = []
        try:
            await asyncio.gather(*(service.start() for service in services))
            keepers = [group.create_task(service.keep_running(say)) for service in services]
            yield
        finally:
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*(service.end() for service in services))


def _ready(url: str) -> str | None:
    """None where it is ready, else what it said."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310
            answer.read()
    except urllib.error.HTTPError as answer:
        return answer.read().decode(errors="replace")
    except OSError as error:
        return f"does not answer ({type(error).__name__})"
    return None


def _has_started(log: Path) -> bool:
    return any(map(_says_started, log.read_text(errors="replace").splitlines()))


def _says_started(line: str) -> bool:
    try:
        told = json.loads(line)
    except ValueError:
        return False
    return isinstance(told, dict) and told.get("event") == "started"


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
