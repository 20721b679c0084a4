"""`handoff demo` as a person runs it: the story, the letters, and nothing left behind."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.demo.picture import BROWSERS, NO_BROWSER, WIDTH
from ops.environment import handoff_folder
from tests.acceptance.started import Started, servers_of_its_own, start
from tests.support.services.process import REPOSITORY

ENDS_WITHIN_SECONDS = 300.0
MORE_THAN_A_LOGIN_PAGE_BYTES = 40_000
LETTERS = tuple(
    f"letter-demo-{partner}.pdf"
    for partner in ("endodontics", "orthodontics", "oral-surgery", "periodontics")
)
# As a shell without job control starts what stands before an `&`.
IN_THE_BACKGROUND = ("sh", "-c", 'trap "" INT QUIT; exec "$@"', "sh")


@pytest.fixture
def start_demo(
    new_postgres_database: Callable[[], str], new_rabbitmq_vhost: Callable[[], str]
) -> Callable[..., Started]:
    """Starts `handoff demo` on the tests' own servers, by way of a program where one is given."""

    def begin(*by: str) -> Started:
        return start(servers_of_its_own(new_postgres_database, new_rabbitmq_vhost), "demo", by=by)

    return begin


def test_the_demo_tells_its_story_and_leaves_nothing_running(
    start_demo: Callable[..., Started],
) -> None:
    """Four channels, one through a portal that fails twice, one after a fax that was refused, by a
    call; each partner has its letter once. A draft comes from Open Dental and goes back there."""
    letters = [handoff_folder() / "demo" / name for name in LETTERS]
    for letter in letters:
        letter.unlink(missing_ok=True)
    demo = start_demo()
    picture = handoff_folder() / "demo" / "desk.png"
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
    for page, replicas in (("/health/ready", 4), ("/metrics", 4), ("/asyncapi", 3)):
        assert said.count(page) == replicas
    _told_in_order(said, "Open Dental", "imported: 1 patient, 1 partner, 1 source", "a draft for")
    _told_in_order(said, "a draft for", "sent by e-mail", "filed with the patient", "Scheduled")
    _told_in_order(said, "POST …/send by ", " was answered 202 by the edge", "/docs")
    _told_in_order(said, "(PUT /v2/external_referral was answered 202): 2 staged", "/docs")
    _ends_with_the_desk(said, picture)


@pytest.mark.parametrize(
    ("ending", "by"),
    [(signal.SIGINT, ()), (signal.SIGTERM, IN_THE_BACKGROUND), (signal.SIGKILL, ())],
    ids=["Ctrl-C", "SIGTERM in the background of a script", "kill -9"],
)
def test_a_demo_that_is_broken_off_leaves_nothing_running(
    start_demo: Callable[..., Started], ending: signal.Signals, by: tuple[str, ...]
) -> None:
    """By whatever signal, while its services start: no process and no folder stays."""
    demo = start_demo(*by)
    assert demo.process.stdout is not None
    while "Starting the services" not in demo.process.stdout.readline():
        assert demo.process.poll() is None
    deadline = time.monotonic() + ENDS_WITHIN_SECONDS
    while sum("ops.cli serve" in line for line in demo.left_running()) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    demo.end(ending)
    assert demo.process.returncode != 0
    demo.leaves_nothing()


def _ends_with_the_desk(said: str, picture: Path) -> None:
    """Its last line is the picture's path where there is a browser, else how to get one."""
    last = said.splitlines()[-1].strip()
    if not any(shutil.which(name) for name in BROWSERS):
        assert last == NO_BROWSER
        assert not picture.exists()
        return
    assert last == os.path.relpath(picture, REPOSITORY)
    png = picture.read_bytes()
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert int.from_bytes(png[16:20]) == WIDTH
    assert len(png) > MORE_THAN_A_LOGIN_PAGE_BYTES


def _told_in_order(said: str, *words: str) -> None:
    at = 0
    for word in words:
        found = said.find(word, at)
        assert found >= 0, f"{word!r} is missing after {said[:at][-200:]!r} in:\n{said}"
        at = found
