"""A real Prometheus, and promtool: they judge rules, dashboards and what the services expose."""

import json
import os
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ops.environment import handoff_folder
from ops.servers.fetched import unpack_packages
from ops.servers.folders import exclusive
from ops.servers.ports import free_ports

SCRAPE_EVERY = "500ms"
START_WITHIN_SECONDS = 30.0
_PACKAGES = {
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "amtool": "prometheus-alertmanager",
    "prometheus-alertmanager": "prometheus-alertmanager",
}
# A later Debian has promtool in a package of its own, which prometheus needs.
_OWN = {*_PACKAGES.values(), "promtool"}


@cache
def program(name: str) -> Path:
    """The installed program, else Debian's, unpacked for this checkout.

    Raises RuntimeError, which names the package, where there is neither.
    """
    installed = shutil.which(name)
    if installed is not None:
        return Path(installed)
    package = _PACKAGES[name]
    folder = handoff_folder() / package
    folder.mkdir(parents=True, exist_ok=True)
    said: list[str] = []
    with exclusive(folder / "fetch.lock"):
        if not (folder / "tree").exists() and (
            shutil.which("apt-get") is None
            or not unpack_packages(folder, [package], _OWN.__contains__, said.append)
        ):
            needed = f"{name} is needed: install the package {package}"
            raise RuntimeError(" ".join([needed, *said]))
    return folder / "tree/usr/bin" / name


def _command(name: str) -> list[str]:
    """How a server is run. One that was unpacked finds its files where Debian has them: in a mount
    namespace of its own (unshare(1)), in which `/usr/share` is that of its package."""
    found = program(name)
    if shutil.which(name) is not None:
        return [str(found)]
    share = found.parent.parent / "share"
    mounted = 'mount --bind "$0" /usr/share && exec "$@"'
    isolated = ("unshare", "--map-root-user", "--mount", "sh", "-c", mounted)
    return [*isolated, str(share), str(found)]


def promtool(*arguments: str, folder: Path) -> str:
    """What promtool says; raises AssertionError with it where it finds fault."""
    return _judged("promtool", *arguments, folder=folder)


def amtool(*arguments: str, folder: Path) -> str:
    """What Alertmanager's amtool says, likewise."""
    return _judged("amtool", *arguments, folder=folder)


def _judged(name: str, *arguments: str, folder: Path) -> str:
    ended = subprocess.run(
        [program(name), *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, f"{name} {' '.join(arguments)}:\n{ended.stdout}{ended.stderr}"
    return ended.stdout


@dataclass(frozen=True)
class Prometheus:
    """A server that runs. `port` is that of its API on 127.0.0.1."""

    port: int

    def query(self, expression: str) -> list[dict[str, Any]]:
        """An instant query's series. Raises AssertionError where Prometheus refuses it."""
        asked = urllib.parse.urlencode({"query": expression})
        return list(self._get(f"/api/v1/query?{asked}")["result"])

    def value(self, expression: str) -> float:
        """The one value of a query."""
        (series,) = self.query(expression)
        return float(series["value"][1])

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts that are pending or firing."""
        return list(self._get("/api/v1/alerts")["alerts"])

    def _get(self, path: str) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as page:
                told = json.load(page)
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{path}: {refused.read().decode()}") from None
        assert told["status"] == "success", told
        data: dict[str, Any] = told["data"]
        return data


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=5):
            return True
    except OSError:
        return False


@contextmanager
def running_prometheus(
    targets: Mapping[str, Sequence[int]],
    folder: Path,
    rules: Sequence[Path] = (),
    alertmanager_port: int | None = None,
) -> Iterator[Prometheus]:
    """A server that scrapes those ports of 127.0.0.1, by job, twice a second; ended afterwards."""
    told = [] if alertmanager_port is None else [f"127.0.0.1:{alertmanager_port}"]
    jobs = [
        {"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}" for port in ports]}]}
        for job, ports in targets.items()
    ]
    configuration = {
        "global": {"scrape_interval": SCRAPE_EVERY, "evaluation_interval": SCRAPE_EVERY},
        "rule_files": [str(path.resolve()) for path in rules],
        "scrape_configs": jobs,
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": told}]}]},
    }
    written = folder / "prometheus.yml"
    written.write_text(json.dumps(configuration))  # JSON is YAML
    options = [f"--config.file={written}", f"--storage.tsdb.path={folder / 'data'}"]
    with running_server("prometheus", options, folder) as port:
        yield Prometheus(port)


@contextmanager
def running_server(name: str, options: Sequence[str], folder: Path) -> Iterator[int]:
    """The port of Prometheus or another program of its house, from ready until ended."""
    (port,) = free_ports(1)
    written = folder / f"{name}.log"
    with written.open("wb") as log:
        process = subprocess.Popen(
            [*_command(name), *options, f"--web.listen-address=127.0.0.1:{port}"],
            cwd=folder,
            stdout=log,
            stderr=log,
            env={"PATH": os.defpath, "GOMAXPROCS": "1"},
        )
    try:
        deadline = time.monotonic() + START_WITHIN_SECONDS
        while not _is_ready(port):
            said = written.read_text(errors="replace")[-2000:]
            assert process.poll() is None, f"{name} ended: {said}"
            assert time.monotonic() < deadline, f"{name} is not ready: {said}"
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
