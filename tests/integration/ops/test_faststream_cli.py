"""FastStream's own commands on our applications: `faststream run` and `faststream docs`."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ops.children import HandoffProcess
from ops.environment import CHECKOUT
from ops.servers.ports import free_ports
from ops.servers.processes import BoundProcess
from tests.support.services.command_line import handoff
from tests.support.services.process import RunningService, service_environment

FASTSTREAM = Path(sys.executable).with_name("faststream")
APPS = {
    "referrals": "services.referrals.app:app",
    "ereferral-dispatch": "services.ereferral_dispatch.app:app",
}
WITHIN_SECONDS = 120.0  # Importing a service takes seconds, on a busy machine many.


class Command(HandoffProcess):
    """`faststream <arguments>` in a process of its own, its output appended to `log`."""

    def __init__(self, *arguments: str, environment: Mapping[str, str], log: Path) -> None:
        BoundProcess.__init__(
            self,
            [str(FASTSTREAM), *arguments],
            environment=environment,
            folder=CHECKOUT,
            log=log,
            account=None,
            death_signal=signal.SIGKILL,
        )


@contextmanager
def command(*arguments: str, environment: Mapping[str, str], log: Path) -> Iterator[Command]:
    """Ended when the block is left."""
    running = Command(*arguments, environment=environment, log=log)
    try:
        yield running
    finally:
        if not running.ended:
            running.end(signal.SIGKILL)


def shipped(name: str) -> Any:
    """The service's document in `docs/asyncapi`."""
    file = CHECKOUT / "docs" / "asyncapi" / f"{name.replace('-', '_')}.json"
    return json.loads(file.read_text("utf-8"))


def without_ours() -> dict[str, str]:
    """The environment without a setting of ours."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("REFERRALS_", "DISPATCH_"))
    }


@pytest.mark.parametrize("name", APPS)
def test_faststream_run_is_a_replica(name: str, variables: dict[str, str], tmp_path: Path) -> None:
    """Ready by the settings of the environment, with its pages, and ended well by SIGTERM."""
    assert handoff("migrate", name).exit_code == 0
    log = tmp_path / "log"
    with command(
        "run", APPS[name], environment=service_environment(name, variables), log=log
    ) as process:
        service = RunningService(name, process, log, port=0)
        deadline = time.monotonic() + WITHIN_SECONDS
        while not (service.port and service.ready()):
            assert not process.ended and time.monotonic() < deadline, log.read_text()
            started = [line for line in service.log_lines() if line["event"] == "started"]
            service.port = started[0]["port"] if started else 0
            time.sleep(0.05)
        assert json.loads(service.get("/asyncapi")[1]) == shipped(name)
        assert service.end() == 0
        assert service.log_lines()[-1]["event"] == "stopped"


def test_a_missing_setting_is_one_line() -> None:
    """As for `handoff serve`: status 2, and no traceback."""
    ended = subprocess.run(
        [FASTSTREAM, "run", APPS["referrals"]],
        env=without_ours(),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=WITHIN_SECONDS,
        check=False,
    )
    (line,) = ended.stderr.splitlines()
    assert ended.returncode == 2
    assert line.startswith("REFERRALS_DATABASE_URL is not set: ")


@pytest.mark.parametrize("name", APPS)
def test_faststream_docs_needs_no_setting(name: str, tmp_path: Path) -> None:
    """The document that is shipped is there before there are servers."""
    (free_port,) = free_ports(1)
    place = ("--host", "127.0.0.1", "--port", str(free_port))
    with command(
        "docs", "serve", APPS[name], *place, environment=without_ours(), log=tmp_path / "log"
    ) as process:
        deadline = time.monotonic() + WITHIN_SECONDS
        shown = ""
        while not shown:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{free_port}/", timeout=5) as page:
                    shown = page.read().decode()
            except OSError:
                assert not process.ended and time.monotonic() < deadline
                time.sleep(0.1)
    (drawn,) = re.findall(r"AsyncApiStandalone\.render\(\s*(\{.*\}),\s*document", shown)
    assert json.loads(json.loads(drawn)["schema"]) == shipped(name)
