"""The surroundings of a request: its id, its access log line, its figures, its span, a last resort.

Neither the access log nor the span holds a value of a path, a query, a body or a user agent: only
what is listed in `Record`.
"""

import time
import traceback
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import compat as uuid_utils

from messaging.telemetry import logs
from messaging.telemetry.tracing import Traced, Tracing
from services.edge import metrics
from services.edge.calls.headers import TRACEPARENT, Headers, joined, traceparent
from services.edge.http.responses import problem_response
from services.edge.problems import EdgeCode, refusal
from services.edge.routes import Form

log = logs.get(__name__)

REQUEST_ID = "Handoff-Request-Id"
URL_LIMIT_BYTES = 8 * 1024
_KEY = "handoff.record"
_NO_ROUTE = "-"
_SLASH_ESCAPED = b"%2F"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(slots=True)
class Record:
    """What is told of a request afterwards. `route` is the template, never the path.

    `form` is how the route answers; refusals of what no route takes are problem details. `headers`
    are the request's, with the trace context that what follows is to carry on.
    """

    request_id: str
    headers: Headers
    route: str = _NO_ROUTE
    form: Form = Form.FIELDS
    token_id: str | None = None
    org_id: str | None = None
    message_id: UUID | None = None
    status: int = 0
    sent_bytes: int = 0


def record_of(scope: MutableMapping[str, Any]) -> Record:
    """The record of the request that is being answered."""
    record: Record = scope[_KEY]
    return record


class Recorded:
    """An ASGI application whose requests are recorded."""

    def __init__(self, app: ASGIApp, tracing: Tracing) -> None:
        self._app = app
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = joined(scope["headers"])
        traced = self._tracing.begin_answer(_method(scope), traceparent(headers))
        if traced.traceparent is not None:
            headers[TRACEPARENT] = traced.traceparent
        record = scope[_KEY] = Record(str(uuid_utils.uuid7()), headers)
        began = time.perf_counter()

        async def send_recorded(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = record.request_id
                headers["X-Content-Type-Options"] = "nosniff"
                headers.setdefault("Cache-Control", "no-store")
            record.sent_bytes += len(message.get("body", b""))
            await send(message)

        try:
            if len(scope["raw_path"]) + len(scope["query_string"]) >= URL_LIMIT_BYTES:
                too_long = refusal(
                    EdgeCode.URI_TOO_LONG, ("path",), f"A URL may have {URL_LIMIT_BYTES} bytes."
                )
                await problem_response(too_long)(scope, receive, send_recorded)
            elif _SLASH_ESCAPED in scope["raw_path"].upper():
                # Whoever guards paths before us reads another path than we would.
                nowhere = refusal(EdgeCode.NO_SUCH_ROUTE, ("path",), "No path of ours holds %2F.")
                await problem_response(nowhere)(scope, receive, send_recorded)
            else:
                await self._app(scope, receive, send_recorded)
        except Exception as fault:
            # The client was answered 500 by the application's own handler.
            tell_fault(fault, record)
        finally:
            _tell(_method(scope), record, time.perf_counter() - began)
            _end(traced, _method(scope), record)


def _method(scope: Scope) -> str:
    """The method, where it is a known one: anything can stand there."""
    method: str = scope["method"]
    return method if method in _METHODS else _NO_ROUTE


def _end(traced: Traced, method: str, record: Record) -> None:
    """Names as in OpenTelemetry's conventions for HTTP: a refusal is no fault of the server's."""
    found: dict[str, str | int | None] = {
        "http.request.method": method,
        "http.route": record.route,
        "http.response.status_code": record.status,
        "handoff.request_id": record.request_id,
        "handoff.token_id": record.token_id,
        "handoff.org_id": record.org_id,
        "messaging.message.id": None if record.message_id is None else str(record.message_id),
    }
    said = {name: value for name, value in found.items() if value is not None}
    traced.rename(f"{method} {record.route}")
    traced.end(failed=record.status >= 500, **said)


def tell_fault(fault: Exception, record: Record) -> None:
    """Log a fault of ours. The place alone: an exception's text may quote what a request held."""
    last = traceback.extract_tb(fault.__traceback__)[-1]
    log.error(
        "a fault of ours",
        error=type(fault).__name__,
        where=f"{last.filename}:{last.lineno}",
        incident=record.request_id,
    )


def _tell(method: str, record: Record, seconds: float) -> None:
    metrics.REQUESTS.labels(method, record.route, record.status).inc()
    metrics.REQUEST_SECONDS.labels(record.route).observe(seconds)
    log.info(
        "request",
        method=method,
        route=record.route,
        status=record.status,
        milliseconds=round(seconds * 1000, 1),
        bytes=record.sent_bytes,
        token_id=record.token_id,
        org_id=record.org_id,
        message_id=None if record.message_id is None else str(record.message_id),
        request_id=record.request_id,
    )
