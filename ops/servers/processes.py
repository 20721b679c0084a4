"""Child processes that end when this process ends, whichever way it ends."""

import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# The kernel sends the parent death signal when the *thread* that forked ends, so every server is
# forked by this one thread, which lives as long as the interpreter.
_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="private-servers")

_LINUX = platform.system() == "Linux"

# Run by a shell after the death signal is set: a parent that died before that is noticed here.
_START_UNLESS_ORPHAN = '[ "$PPID" = "$0" ] && exec "$@"'

# Reads "+PID SIGNAL" and "-PID" lines; at the end of its input (the parent is gone, kill -9
# included) it signals every process that is still listed.
_WATCHDOG = """
import os, sys
watched = {}
for line in sys.stdin:
    words = line[1:].split()
    if line[0] == "+":
        watched[int(words[0])] = int(words[1])
    else:
        watched.pop(int(words[0]), None)
for pid, number in watched.items():
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
"""


class ServerDidNotStart(RuntimeError):
    """A private server ended, or did not answer in time; the text quotes the end of its log."""


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system's user that private servers run as."""

    name: str
    uid: int
    gid: int


class BoundProcess:
    """A running child, in a session of its own, that this process's death takes with it.

    `argv` is started as `account` (None: as this process's user) with exactly `environment`, its
    output appended to `log`. `death_signal` is what it gets when this process is gone; it has to
    be one that makes the program's own children leave too.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        log: Path,
        account: Account | None,
        death_signal: signal.Signals,
    ) -> None:
        setpriv = _setpriv_with_death_signal()
        command = list(argv)
        if setpriv is not None:
            # After the change of user, which clears the death signal (prctl(2)).
            death = ["--pdeathsig", death_signal.name.removeprefix("SIG")]
            orphan_check = ["/bin/sh", "-c", _START_UNLESS_ORPHAN, str(os.getpid())]
            command = [setpriv, *death, "--", *orphan_check, *command]
        with log.open("ab") as output:
            self._child = _spawner.submit(
                _start, command, environment, folder, output.fileno(), account
            ).result()
        self._watched = setpriv is None
        if self._watched:
            _tell_watchdog(f"+{self.pid} {death_signal.value}")

    @property
    def pid(self) -> int:
        """The operating system's number of the process."""
        return self._child.pid

    @property
    def ended(self) -> bool:
        """Whether the process itself is gone (its children may live a moment longer)."""
        return self._child.poll() is not None

    def end(self, with_signal: signal.Signals, timeout_seconds: float = 30.0) -> None:
        """Send the signal, wait, and kill whatever of its process tree is still there."""
        family = descendants(self.pid)
        if not self.ended:
            self._child.send_signal(with_signal)
        try:
            self._child.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if with_signal is not signal.SIGKILL:
            wait_until_gone(family, timeout_seconds=2.0)
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until_gone(family, timeout_seconds=10.0)
        if self._watched:
            _tell_watchdog(f"-{self.pid}")


def run_as(
    account: Account | None,
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    stdin: str | None = None,
    timeout_seconds: float = 60.0,
) -> "subprocess.CompletedProcess[str]":
    """Run a short program to its end as `account` and return its status and output.

    Raises subprocess.TimeoutExpired; a failing status is the caller's to judge.
    """
    user, group, groups = _identity(account)
    return subprocess.run(
        list(argv),
        env=dict(environment),
        cwd=folder,
        input="" if stdin is None else stdin,
        capture_output=True,
        text=True,
        timeout=timeout_seconds,
        check=False,
        user=user,
        group=group,
        extra_groups=groups,
    )


def descendants(pid: int) -> list[int]:
    """The pids of all children, grandchildren and so on that live now."""
    children: dict[int, list[int]] = {}
    for child, parent in _pids_and_parents():
        children.setdefault(parent, []).append(child)
    found: list[int] = []
    waiting = [pid]
    while waiting:
        for child in children.get(waiting.pop(), []):
            found.append(child)
            waiting.append(child)
    return found


def is_running(pid: int) -> bool:
    """Whether the process lives; one that ended and waits to be reaped does not."""
    if _LINUX:
        state = _stat_fields(pid)
        return state is not None and state[0] not in {"Z", "X"}
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def wait_until_gone(pids: Sequence[int], timeout_seconds: float) -> bool:
    """Wait for all of them to end; False where some still live after `timeout_seconds`."""
    deadline = time.monotonic() + timeout_seconds
    while any(is_running(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _start(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    output: int,
    account: Account | None,
) -> "subprocess.Popen[bytes]":
    user, group, groups = _identity(account)
    return subprocess.Popen(
        command,
        env=dict(environment),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        # Ctrl-C in a terminal reaches this process alone, which then ends its servers in order.
        start_new_session=True,
        user=user,
        group=group,
        extra_groups=groups,
    )


def _identity(account: Account | None) -> tuple[int | None, int | None, list[int] | None]:
    return (None, None, None) if account is None else (account.uid, account.gid, [])


@cache
def _setpriv_with_death_signal() -> str | None:
    """util-linux's setpriv (2.33 or later), where the kernel knows a parent death signal."""
    program = shutil.which("setpriv") if _LINUX else None
    if program is None:
        return None
    trial = subprocess.run(
        [program, "--pdeathsig", "KILL", "--", "/bin/sh", "-c", ":"],
        capture_output=True,
        check=False,
    )
    return program if trial.returncode == 0 else None


@cache
def _watchdog() -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _WATCHDOG],
        stdin=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _tell_watchdog(line: str) -> None:
    pipe = _watchdog().stdin
    assert pipe is not None
    pipe.write(line + "\n")
    pipe.flush()


def _pids_and_parents() -> list[tuple[int, int]]:
    if _LINUX:
        numbers = [int(name) for name in os.listdir("/proc") if name.isdigit()]
        stats = [(pid, _stat_fields(pid)) for pid in numbers]
        return [(pid, int(fields[1])) for pid, fields in stats if fields is not None]
    listing = subprocess.run(
        ["ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True
    )
    return [(int(p), int(q)) for p, q in (row.split() for row in listing.stdout.splitlines())]


def _stat_fields(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on: state, parent, and so on (proc(5))."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()
