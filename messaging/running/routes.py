"""What a replica tells over HTTP: that it lives, whether it is ready, its figures, its contract."""

import errno
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from messaging.telemetry.health import Health


class PortTaken(Exception):
    """Another process listens on the port already."""


@asynccontextmanager
async def serve_http(
    host: str, port: int, health: Health, asyncapi: Callable[[], dict[str, Any]]
) -> AsyncIterator[int]:
    """Serve `/health/live`, `/health/ready`, `/metrics`, `/asyncapi`; yields the port in use.

    Ready answers 503 with the reasons until every condition is met; its notes change nothing in
    that. Raises PortTaken.
    """

    async def live(_: web.Request) -> web.Response:
        return web.json_response({"status": "live"})

    async def ready(_: web.Request) -> web.Response:
        status = "ready" if health.ready else "not ready"
        body = {"status": status, "checks": health.report(), "notes": health.notes()}
        return web.json_response(body, status=200 if health.ready else 503)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def contract(_: web.Request) -> web.Response:
        return web.json_response(asyncapi())

    app = web.Application()
    app.add_routes(
        [
            web.get("/health/live", live),
            web.get("/health/ready", ready),
            web.get("/metrics", metrics),
            web.get("/asyncapi", contract),
        ]
    )
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken from error
            raise
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
