"""A real Alertmanager with the shipped configuration, and whoever is on call: a receiver here."""

import json
import re
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from tests.support.prometheus import running_server

WAIT, INTERVAL = "200ms", "1s"
"""Instead of the half minute and the five minutes that messages are gathered for."""
_LASTS = re.compile(r"^( *(?:for|keep_firing_for): )\w+$", re.MULTILINE)


@dataclass(frozen=True)
class Message:
    """What somebody was told: that alerts fire, or that they are over."""

    status: str
    alerts: tuple[Mapping[str, str], ...]
    """The labels of each."""


@dataclass(frozen=True)
class Alertmanager:
    """A server that runs, and what it has told so far."""

    port: int
    told: list[Message] = field(default_factory=list)

    def told_of(self, name: str) -> list[Message]:
        """What it has told of an alert."""
        return [
            message
            for message in self.told
            if any(labels["alertname"] == name for labels in message.alerts)
        ]

    def fire(self, *alerts: Mapping[str, str]) -> None:
        """Alerts of these labels, as a Prometheus hands them over."""
        asked = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v2/alerts",
            data=json.dumps([{"labels": labels} for labels in alerts]).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(asked, timeout=10):
            pass


def without_patience(rules: Path, folder: Path) -> Path:
    """A copy of rules whose alerts fire after a second of trouble, and end a second after it."""
    copy = folder / rules.name
    text, count = _LASTS.subn(r"\g<1>1s", rules.read_text("utf-8"))
    assert count > 0, "no rule waits"
    copy.write_text(text)
    return copy


@contextmanager
def running_alertmanager(configuration: Path, folder: Path) -> Iterator[Alertmanager]:
    """A server with that configuration but for its waits and the receiver's address."""
    told: list[Message] = []
    with _receiver(told) as port:
        written = folder / "alertmanager.yml"
        written.write_text(json.dumps(_hurried(configuration, port)))  # JSON is YAML
        options = [
            f"--config.file={written}",
            f"--storage.path={folder / 'alertmanager'}",
            "--cluster.listen-address=",
        ]
        with running_server("prometheus-alertmanager", options, folder) as listening:
            yield Alertmanager(listening, told)


def _hurried(configuration: Path, port: int) -> dict[str, Any]:
    shipped: dict[str, Any] = yaml.safe_load(configuration.read_text("utf-8"))
    shipped["route"] |= {"group_wait": WAIT, "group_interval": INTERVAL}
    (receiver,) = shipped["receivers"]
    for way in receiver["webhook_configs"]:
        way["url"] = f"http://127.0.0.1:{port}/"
    return shipped


@contextmanager
def _receiver(told: list[Message]) -> Iterator[int]:
    class Heard(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            labels = tuple(alert["labels"] for alert in body["alerts"])
            told.append(Message(body["status"], labels))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Heard)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()
