"""A program under test in a process of its own: told when to begin, asked what it took.

The parent writes `go`, then `figures` as often as it likes; at the end of its input the child
stops, and so it does where the parent is gone.
"""

import asyncio
import json
import os
import resource
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

REFERRALS = ("bench.product", "referrals")
EREFERRAL_DISPATCH = ("bench.product", "ereferral-dispatch")
CONNECTORS = ("bench.product", "connectors")
EDGE = ("bench.product", "edge")
"""The programs that are one replica of a service, or of the edge."""

UP_TIMEOUT_SECONDS = 120.0
END_TIMEOUT_SECONDS = 60.0
_LINUX_STATUS = Path("/proc/self/status")
_UP, _GO, _FIGURES = "up\n", b"go\n", b"figures\n"


@dataclass(frozen=True, slots=True)
class Figures:
    """What a process has taken: CPU since it was told to begin, memory since it was started."""

    cpu_seconds: float
    peak_rss_bytes: int


class EndedEarly(RuntimeError):
    """The process under test ended by itself; the text quotes the end of its log."""


def obey(run: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """The child's side: run on `go` until standard input ends; `run` gets the event to stop on."""
    asyncio.run(_obey(run))


async def _obey(run: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(orders), sys.stdin
    )
    _answer(_UP)
    if await orders.readline() != _GO:
        return
    cpu_before = _cpu_seconds()
    stop = asyncio.Event()
    running = asyncio.ensure_future(run(stop))
    running.add_done_callback(lambda _: orders.feed_eof())
    while await orders.readline() == _FIGURES:
        figures = Figures(_cpu_seconds() - cpu_before, _peak_rss_bytes())
        _answer(json.dumps(asdict(figures)) + "\n")
    stop.set()
    await running


def _answer(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _peak_rss_bytes() -> int:
    if _LINUX_STATUS.exists():
        # Linux's ru_maxrss begins with what the parent had when it forked; this does not.
        lines = _LINUX_STATUS.read_text().splitlines()
        kibibytes = next(line.split()[1] for line in lines if line.startswith("VmHWM:"))
        return int(kibibytes) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS: bytes


class UnderTest:
    """The parent's side of one child."""

    def __init__(self, process: asyncio.subprocess.Process, log: BinaryIO) -> None:
        self._process = process
        self._log = log

    async def go(self) -> None:
        """Let it begin."""
        await self._order(_GO)

    async def figures(self) -> Figures:
        """What it has taken until now."""
        await self._order(_FIGURES)
        return Figures(**json.loads(await self._line()))

    async def ended(self) -> None:
        """Raises EndedEarly as soon as the process has ended; never returns."""
        await self._process.wait()
        raise self._ended_early()

    async def _order(self, order: bytes) -> None:
        orders = self._process.stdin
        assert orders is not None
        orders.write(order)
        await orders.drain()

    async def _line(self) -> str:
        answers = self._process.stdout
        assert answers is not None
        line = (await answers.readline()).decode()
        if not line:
            raise self._ended_early()
        return line

    async def _come_up(self) -> None:
        async with asyncio.timeout(UP_TIMEOUT_SECONDS):
            line = await self._line()
        if line != _UP:
            raise EndedEarly(f"said {line!r}")

    async def _end(self) -> None:
        orders = self._process.stdin
        assert orders is not None
        orders.close()
        try:
            async with asyncio.timeout(END_TIMEOUT_SECONDS):
                await self._process.wait()
        finally:
            if self._process.returncode is None:
                self._process.kill()
                await self._process.wait()

    def _ended_early(self) -> EndedEarly:
        self._log.seek(0)
        return EndedEarly(self._log.read()[-4000:].decode(errors="replace"))


@asynccontextmanager
async def under_test(
    program: Sequence[str], environment: Mapping[str, str]
) -> AsyncIterator[UnderTest]:
    """`python -m program` with these variables more, imported and waiting for `go`.

    `program`: a module of this package and its arguments.

    It has ended when the block is left. Raises EndedEarly.
    """
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *program,
            env={**os.environ, **environment},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            # Ctrl-C is the parent's to hear. It is also a scheduling group of its own on Linux.
            start_new_session=True,
        )
        child = UnderTest(process, log)
        try:
            await child._come_up()
            yield child
        finally:
            await child._end()
