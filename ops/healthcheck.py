"""The image's health check: exit status 0 where the service in this container is ready."""

import os
import sys
import urllib.request
from collections.abc import Mapping

# The pages of each service, where nothing else is set (docs/operators/settings.md).
_PORTS = {
    "REFERRALS_HTTP_PORT": 8001,
    "DISPATCH_HTTP_PORT": 8002,
    "EDGE_OPS_PORT": 8003,
    "CONNECTORS_HTTP_PORT": 8004,
}
_TIMEOUT_SECONDS = 4.0


def is_ready(environment: Mapping[str, str]) -> bool:
    """Whether something in this container answers `/health/ready` with 200: one service runs."""
    return any(_answers(int(environment.get(name, default))) for name, default in _PORTS.items())


def _answers(port: int) -> bool:
    url = f"http://127.0.0.1:{port}/health/ready"
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS):
            return True
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(0 if is_ready(os.environ) else 1)
