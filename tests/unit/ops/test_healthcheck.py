"""The image's health check."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ops.healthcheck import is_ready
from ops.servers.ports import free_ports

NAMES = ("REFERRALS_HTTP_PORT", "DISPATCH_HTTP_PORT", "EDGE_OPS_PORT", "CONNECTORS_HTTP_PORT")


class Pages(BaseHTTPRequestHandler):
    """A service's pages: ready answers what `status` says."""

    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/health/ready" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is said."""


@pytest.fixture
def port() -> Iterator[int]:
    """Where the pages are."""
    server = HTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("name", NAMES)
def test_the_one_service_of_a_container_is_asked(
    port: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever it is: ready is well, not ready and silent are not."""
    silent = dict(zip(NAMES, map(str, free_ports(len(NAMES))), strict=True))
    assert not is_ready(silent)
    assert is_ready({**silent, name: str(port)})
    monkeypatch.setattr(Pages, "status", 503)
    assert not is_ready({**silent, name: str(port)})
