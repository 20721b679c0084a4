"""`handoff demo` as a person runs it: the story, the letters, and nothing left behind."""

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

import pytest

from ops.environment import handoff_folder
from tests.services import REPOSITORY

ENDS_WITHIN_SECONDS = 300.0
GONE_WITHIN_SECONDS = 10.0
LETTERS = tuple(
    f"letter-demo-{partner}.pdf"
    for partner in ("endodontics", "orthodontics", "oral-surgery", "periodontics")
)
# As a shell without job control starts what stands before an `&`.
IN_THE_BACKGROUND = ("sh", "-c", 'trap "" INT QUIT; exec "$@"', "sh")


@dataclass
class Demo:
    """A demo that was started. `mark` is in the environment of all its processes."""

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


@pytest.fixture
def start_demo(
    new_postgres_database: Callable[[], str], new_rabbitmq_vhost: Callable[[], str]
) -> Callable[..., Demo]:
    """Starts `handoff demo` on the tests' own servers, by way of a program where one is given."""

    def start(*by: str) -> Demo:
        mark = f"HANDOFF_TEST_MARK={secrets.token_hex(16)}"
        name, _, value = mark.partition("=")
        broker = new_rabbitmq_vhost()
        variables = {
            "REFERRALS_DATABASE_URL": new_postgres_database(),
            "DISPATCH_DATABASE_URL": new_postgres_database(),
            "REFERRALS_RABBITMQ_URL": broker,
            "DISPATCH_RABBITMQ_URL": broker,
            name: value,
        }
        process = subprocess.Popen(
            [*by, sys.executable, "-m", "ops.cli", "demo"],
            cwd=REPOSITORY,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        return Demo(process, mark)

    return start


def test_the_demo_tells_its_story_and_leaves_nothing_running(
    start_demo: Callable[..., Demo],
) -> None:
    """Four channels, one through a portal that fails twice, one after a fax that was refused, by a
    call; each partner has its letter once."""
    letters = [handoff_folder() / "demo" / name for name in LETTERS]
    for letter in letters:
        letter.unlink(missing_ok=True)
    demo = start_demo()
    said, _ = demo.process.communicate(timeout=ENDS_WITHIN_SECONDS)
    assert demo.process.returncode == 0, said
    demo.leaves_nothing()
    # Not a terminal: a line for each step, in the order of the story.
    _told_in_order(said, "Demo Endodontics", "queued", "attempt 1: http_503; again in")
    _told_in_order(said, "attempt 1: http_503", "attempt 2: http_503", "delivered")
    _told_in_order(said, "Demo Orthodontics", "sent", "the mail relay has it")
    _told_in_order(said, "Demo Oral Surgery", "sent", "the fax service has it")
    _told_in_order(said, "Demo Periodontics", "queued", "attempt 1: smtp_550; now by phone")
    _told_in_order(said, "now by phone", "awaiting_call", "was reached, attempt 2")
    assert "NOT AS IT SHOULD BE" not in said
    for letter in letters:
        assert os.path.relpath(letter, REPOSITORY) in said
        assert letter.read_bytes().startswith(b"%PDF")
    for page in ("/health/ready", "/metrics", "/asyncapi"):
        assert said.count(page) == 2


@pytest.mark.parametrize(
    ("ending", "by"),
    [(signal.SIGINT, ()), (signal.SIGTERM, IN_THE_BACKGROUND), (signal.SIGKILL, ())],
    ids=["Ctrl-C", "SIGTERM in the background of a script", "kill -9"],
)
def test_a_demo_that_is_broken_off_leaves_nothing_running(
    start_demo: Callable[..., Demo], ending: signal.Signals, by: tuple[str, ...]
) -> None:
    """While its services start."""
    demo = start_demo(*by)
    assert demo.process.stdout is not None
    while "Starting both services" not in demo.process.stdout.readline():
        assert demo.process.poll() is None
    deadline = time.monotonic() + ENDS_WITHIN_SECONDS
    while sum("ops.cli serve" in line for line in demo.left_running()) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    demo.process.send_signal(ending)
    demo.process.communicate(timeout=60)
    assert demo.process.returncode != 0
    demo.leaves_nothing()


def _told_in_order(said: str, *words: str) -> None:
    at = 0
    for word in words:
        found = said.find(word, at)
        assert found >= 0, f"{word!r} is missing after {said[:at][-200:]!r} in:\n{said}"
        at = found


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
