"""`handoff demo` and `handoff up` as a person starts them, and what is left of them afterwards."""

import os
import platform
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.support.services.process import REPOSITORY

GONE_WITHIN_SECONDS = 10.0
# Its `.handoff` is another folder: this checkout's may be in use.
_IN_A_FOLDER = """
import sys
from pathlib import Path
from ops import environment
folder = Path(sys.argv.pop(1))
environment.handoff_folder = lambda: folder
from ops.cli import app
app()
"""


@dataclass
class Started:
    """A command that was started. `mark` is in the environment of all its processes."""

    process: "subprocess.Popen[str]"
    mark: str

    def left_running(self) -> list[str]:
        """Its processes that live, as their command lines."""
        return [line for line in _processes_and_environments() if self.mark in line]

    def leaves_nothing(self) -> None:
        """Waits a moment for the last of them, and fails where one stays."""
        deadline = time.monotonic() + GONE_WITHIN_SECONDS
        while left := self.left_running():
            assert time.monotonic() < deadline, left
            time.sleep(0.1)

    def end(self, ending: signal.Signals) -> str:
        """End it; returns what else it said."""
        self.process.send_signal(ending)
        said, _ = self.process.communicate(timeout=60)
        return said


def start(
    variables: dict[str, str], command: str, *, by: tuple[str, ...] = (), folder: Path | None = None
) -> Started:
    """Start `handoff <command>`, by way of a program where one is given, in a `.handoff` of its
    own where one is given."""
    mark = f"HANDOFF_TEST_MARK={secrets.token_hex(16)}"
    name, _, value = mark.partition("=")
    program = ["-m", "ops.cli"] if folder is None else ["-c", _IN_A_FOLDER, str(folder)]
    process = subprocess.Popen(
        [*by, sys.executable, *program, command],
        cwd=REPOSITORY,
        env={**os.environ, **variables, name: value},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    return Started(process, mark)


def servers_of_its_own(
    new_postgres_database: Callable[[], str], new_rabbitmq_vhost: Callable[[], str]
) -> dict[str, str]:
    """The variables of the services, on the tests' own servers."""
    broker = new_rabbitmq_vhost()
    return {
        "REFERRALS_DATABASE_URL": new_postgres_database(),
        "DISPATCH_DATABASE_URL": new_postgres_database(),
        "CONNECTORS_DATABASE_URL": new_postgres_database(),
        "REFERRALS_RABBITMQ_URL": broker,
        "DISPATCH_RABBITMQ_URL": broker,
    }


def _processes_and_environments() -> list[str]:
    """Each living process of ours in a line: its command, then its environment."""
    if platform.system() != "Linux":
        listed = subprocess.run(["ps", "axeww"], capture_output=True, text=True, check=True)
        return listed.stdout.splitlines()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parts = [(folder / name).read_bytes() for name in ("cmdline", "environ")]
        except OSError:
            continue  # It has just ended, or is somebody else's.
        found.append(b" ".join(parts).replace(b"\0", b" ").decode(errors="replace"))
    return found
