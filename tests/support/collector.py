"""An OTLP collector on loopback: the spans that services send, as they came."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Collector:
    """An OTLP collector on loopback; `sent` is all that it was sent, as it came."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.endpoint = ""

    async def take(self, request: web.Request) -> web.Response:
        self.sent.append(await request.read())
        return web.Response()

    def spans(self) -> list[Span]:
        """All spans of all batches."""
        return [
            span
            for body in self.sent
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def the(self, name: str) -> Span:
        """The one span of that name."""
        (span,) = [span for span in self.spans() if span.name == name]
        return span

    def path(self, span: Span) -> list[str]:
        """The names from the root of what was sent down to the span."""
        by_id = {one.span_id: one for one in self.spans()}
        names = [span.name]
        while (parent := by_id.get(span.parent_span_id)) is not None:
            span = parent
            names.insert(0, span.name)
        return names


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """A collector that takes uncompressed spans at `/v1/traces`."""
    collector = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", collector.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    collector.endpoint = f"http://127.0.0.1:{port}/"
    try:
        yield collector
    finally:
        await runner.cleanup()


def attributes(span: Span) -> dict[str, Any]:
    """A span's attributes; all of ours are texts and integers."""
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}
