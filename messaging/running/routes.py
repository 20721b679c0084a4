"""HTTP routes of a replica: that it lives, whether it is ready, its figures, its contract."""

import errno
import socket
from collections.abc import Sequence

from faststream.asgi import AsgiResponse, get
from faststream.asgi.response import JSONResponse
from faststream.asgi.types import ASGIApp, Scope
from prometheus_client import make_asgi_app

from messaging.running.contract import Contract
from messaging.telemetry.health import Health


class PortTaken(Exception):
    """Another process listens on the port already."""


class NoSuchPlace(Exception):
    """The system refuses to listen there: no address of this machine, or no right to the port."""


def listen(host: str, port: int) -> socket.socket:
    """Raises PortTaken and NoSuchPlace."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise (PortTaken if error.errno == errno.EADDRINUSE else NoSuchPlace) from error


def routes(health: Health, contract: Contract) -> Sequence[tuple[str, ASGIApp]]:
    """`/health/live`, `/health/ready`, `/metrics`, `/asyncapi`.

    Ready answers 503 with the reasons until every condition is met; its notes change nothing in
    that.
    """

    @get(include_in_schema=False)
    async def live(_: Scope) -> AsgiResponse:
        return JSONResponse({"status": "live"})

    @get(include_in_schema=False)
    async def ready(_: Scope) -> AsgiResponse:
        status = "ready" if health.ready else "not ready"
        body = {"status": status, "checks": health.report(), "notes": health.notes()}
        return JSONResponse(body, 200 if health.ready else 503)

    @get(include_in_schema=False)
    async def asyncapi(_: Scope) -> AsgiResponse:
        return JSONResponse(contract.to_specification().to_jsonable())

    return [
        ("/health/live", live),
        ("/health/ready", ready),
        ("/metrics", make_asgi_app()),
        ("/asyncapi", asyncapi),
    ]
