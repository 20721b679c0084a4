"""Runs a service as in production: a process of its own, settings from the environment."""

import json
import os
import signal
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.catalogue import Served
from ops.children import HandoffProcess
from ops.environment import CHECKOUT

TAIL_LINES = 40
LOOK_EVERY_SECONDS = 0.05
REPOSITORY = CHECKOUT


@dataclass
class RunningService:
    """A replica that runs. `port` is that of its health and metrics on 127.0.0.1."""

    name: str
    process: HandoffProcess
    log: Path
    port: int

    @property
    def pid(self) -> int:
        """The process to send signals to."""
        return self.process.pid

    def url(self, path: str) -> str:
        """The URL of one of its pages, such as `/metrics`."""
        return f"http://127.0.0.1:{self.port}{path}"

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of one of its pages. Raises OSError while it does not listen."""
        try:
            with urllib.request.urlopen(self.url(path), timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()

    def ready(self) -> bool:
        """Whether `/health/ready` answers 200."""
        try:
            return self.get("/health/ready")[0] == 200
        except OSError:
            return False

    def log_lines(self) -> list[dict[str, Any]]:
        """The log so far, one object a line; what is not JSON is left out."""
        return [line for line in map(_json_object, self.log.read_text().splitlines()) if line]

    def end(self, with_signal: signal.Signals = signal.SIGTERM, within_seconds: float = 35) -> int:
        """Send the signal and return the exit status (minus the number of a signal that killed it).

        Fails, after killing it, where it takes longer: a service drains for 30 s at most.
        """
        self.process.end(with_signal, within_seconds)
        status = self.process.exit_status
        assert status is not None
        if status == -signal.SIGKILL and with_signal is not signal.SIGKILL:
            _print_tail(self)
            raise AssertionError(f"{self.name} did not stop within {within_seconds} s")
        return status


@contextmanager
def running_service(
    name: str,
    env: Mapping[str, str],
    *,
    ready_within_seconds: float = 60,
    wait_until_ready: bool = True,
) -> Iterator[RunningService]:
    """`handoff serve <name>` with the variables `env` and no other of ours, ended by SIGTERM.

    `name` is one that `handoff serve` takes; the health port is a free one and the log is
    JSON unless `env` says otherwise. The database has to be migrated before. Yields when
    `/health/ready` answers 200 (with `wait_until_ready=False`: as soon as it listens). The end of
    the log is printed where the block or the start fails, or where it did not stop in time.
    """
    with tempfile.TemporaryDirectory(prefix="handoff-test-") as folder:
        log = Path(folder) / f"{name}.log"
        process = HandoffProcess(
            ["serve", name], environment=service_environment(name, env), log=log
        )
        service = RunningService(name, process, log, port=0)
        try:
            _await_start(service, ready_within_seconds, wait_until_ready)
            yield service
        except BaseException:
            _print_tail(service)
            raise
        finally:
            if not process.ended:
                service.end()


def service_environment(name: str, env: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without the services' own variables, and with `env`."""
    served = Served(name)
    foreign = (*(one.prefix for one in Served), "OTEL_")
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
    ports = {f"{served.prefix}HTTP_PORT": "0", served.pages_port: "0"}
    return {**inherited, **ports, f"{served.prefix}LOG_FORMAT": "json", **env}


def _await_start(service: RunningService, within_seconds: float, until_ready: bool) -> None:
    deadline = time.monotonic() + within_seconds
    while True:
        if service.process.ended:
            status = service.process.exit_status
            raise AssertionError(f"{service.name} ended with status {status} at its start")
        if not service.port:
            started = [line for line in service.log_lines() if line.get("event") == "started"]
            service.port = started[0]["port"] if started else 0
        if service.port and (not until_ready or service.ready()):
            return
        if time.monotonic() > deadline:
            health = service.get("/health/ready")[1] if service.port else "it does not listen"
            raise AssertionError(f"{service.name} not ready in {within_seconds} s: {health}")
        time.sleep(LOOK_EVERY_SECONDS)


def _json_object(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _print_tail(service: RunningService) -> None:
    lines = service.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
    print(f"--- the end of the log of {service.name} (pid {service.pid}):", file=sys.stderr)
    print("\n".join(lines), file=sys.stderr)
