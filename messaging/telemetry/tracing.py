"""Traces (OpenTelemetry): a span for each message that comes or goes, each attempt, each HTTP
request and what they ask of others, where a collector is named.

Without one no span is made, and the W3C trace context of a message is carried on as it came.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from opentelemetry.trace import Span, SpanKind, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from messaging.wire.envelope import Envelope

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_W3C = TraceContextTextMapPropagator()
_TRACEPARENT = "traceparent"
FLUSH_TIMEOUT_MS = 5_000
"""How long the last spans may take to leave when the service stops."""


def trace_id(traceparent: str | None) -> str | None:
    """The trace that a W3C trace context belongs to."""
    return None if traceparent is None else traceparent.split("-")[1]


class Traced:
    """One message, attempt or request under way. `traceparent` is what its consequences carry."""

    def __init__(self, span: Span | None, traceparent: str | None) -> None:
        self._span = span
        self.traceparent = traceparent

    def rename(self, name: str) -> None:
        """Its name was not known when it began."""
        if self._span is not None:
            self._span.update_name(name)

    def end(self, *, failed: bool, **attributes: str | int) -> None:
        """It is over. Attributes are ids, codes and statuses, never a value of a patient's."""
        if self._span is None:
            return
        self._span.set_attributes(attributes)
        if failed:
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


class Tracing:
    """Makes spans and sends them to an OTLP collector over HTTP; None: makes none.

    `endpoint` is the collector's base URL, as `OTEL_EXPORTER_OTLP_ENDPOINT` has it.
    """

    def __init__(self, service: str, endpoint: str | None) -> None:
        self._provider = None if endpoint is None else _provider(service, endpoint)

    def begin_message(self, queue: str, envelope: Envelope) -> tuple[Traced, Envelope]:
        """The span of a message, and its envelope as what follows is to carry it on."""
        attributes = {
            "messaging.system": "rabbitmq",
            "messaging.operation.type": "process",
            "messaging.destination.name": queue,
            "handoff.org_id": envelope.org_id,
        }
        if envelope.message_id is not None:
            attributes["messaging.message.id"] = str(envelope.message_id)
        name = f"process {envelope.operation}"
        traced = self._begin(name, SpanKind.CONSUMER, envelope.traceparent, attributes)
        if traced.traceparent != envelope.traceparent:
            envelope = replace(envelope, traceparent=traced.traceparent)
        return traced, envelope

    def begin_request(
        self, name: str, traceparent: str | None, attributes: Mapping[str, str | int]
    ) -> Traced:
        """The span of a request to somebody else."""
        return self._begin(name, SpanKind.CLIENT, traceparent, attributes)

    def begin_answer(self, name: str, traceparent: str | None) -> Traced:
        """The span of a request that somebody asks here."""
        return self._begin(name, SpanKind.SERVER, traceparent, {})

    def begin_work(
        self, name: str, traceparent: str | None, attributes: Mapping[str, str | int]
    ) -> Traced:
        """The span of work of our own that no message asked for just now."""
        return self._begin(name, SpanKind.INTERNAL, traceparent, attributes)

    def begin_publishing(
        self, exchange: str, routing_key: str, message_id: str, traceparent: str | None
    ) -> Traced:
        """The span of a message on its way out of the outbox, to the broker's confirmation.

        Nothing begins a trace here: what has no cause has no span.
        """
        if traceparent is None:
            return Traced(None, None)
        attributes = {
            "messaging.system": "rabbitmq",
            "messaging.operation.type": "send",
            "messaging.destination.name": exchange,
            "messaging.rabbitmq.destination.routing_key": routing_key,
            "messaging.message.id": message_id,
        }
        return self._begin(f"publish {routing_key}", SpanKind.PRODUCER, traceparent, attributes)

    def _begin(
        self,
        name: str,
        kind: SpanKind,
        traceparent: str | None,
        attributes: Mapping[str, str | int],
    ) -> Traced:
        """A span below the one that `traceparent` names, or at the root of a trace of its own."""
        if self._provider is None:
            return Traced(None, traceparent)
        parent = _W3C.extract({_TRACEPARENT: traceparent} if traceparent else {})
        span = self._provider.get_tracer("handoff").start_span(
            name, parent, kind, attributes=attributes
        )
        carried: dict[str, str] = {}
        _W3C.inject(carried, set_span_in_context(span))
        return Traced(span, carried[_TRACEPARENT])

    def close(self) -> None:
        """Send what is left. Blocks, for a few seconds where the collector is away."""
        if self._provider is not None:
            self._provider.force_flush(FLUSH_TIMEOUT_MS)
            self._provider.shutdown()


def _provider(service: str, endpoint: str) -> "TracerProvider":
    # Loaded only where it is used: it takes a third of a second.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(
        resource=Resource.create({"service.name": service}), shutdown_on_exit=False
    )
    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider
