"""Answering `GET O/events`: a stream of hints that lasts until one of both ends it."""

from collections.abc import AsyncIterator

import anyio
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from services.edge.calls.headers import LAST_EVENT_ID, check_accepts
from services.edge.calls.query import read_query
from services.edge.events.hints import Hint
from services.edge.events.streams import Stream, Streams, readable
from services.edge.http.answering import Answering, forbidden, headers_of
from services.edge.http.record import record_of
from services.edge.routes import ORG_FIELD, O

PATH = f"{O}/events"
CONTENT_TYPE = "text/event-stream"
COMMENT_EVERY_SECONDS = 15
_CLOSES_WITHIN_SECONDS = 1.0
_LINE_END = "\n"


class EventsAnswering:
    """Answers those who want to hear of events."""

    def __init__(self, answering: Answering, streams: Streams) -> None:
        self._answering = answering
        self._streams = streams

    async def answer(self, request: Request) -> "StreamResponse":
        """Open a stream. Raises HttpProblem."""
        record = record_of(request.scope)
        record.route = PATH
        token = self._answering.admit(request)
        org_id = str(request.path_params[ORG_FIELD])
        if not readable(token, org_id):
            raise forbidden()
        record.org_id = org_id
        headers = headers_of(request)
        check_accepts(headers, CONTENT_TYPE)
        read_query(request.scope["query_string"], {})
        last_id = headers.get(LAST_EVENT_ID.lower())
        return StreamResponse(self._streams, self._streams.open(token, org_id, last_id or None))


class StreamResponse(EventSourceResponse):
    """A stream as it is sent. A reader that does not read is not waited for at its end."""

    def __init__(self, streams: Streams, stream: Stream) -> None:
        super().__init__(
            _written(stream),
            ping=COMMENT_EVERY_SECONDS,
            ping_message_factory=lambda: ServerSentEvent(comment="", sep=_LINE_END),
            sep=_LINE_END,
        )
        self._streams = streams
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the stream ends, or the client goes."""
        with anyio.CancelScope() as sending:

            def end() -> None:
                sending.deadline = anyio.current_time() + _CLOSES_WITHIN_SECONDS

            self._stream.on_close = end
            try:
                await super().__call__(scope, receive, send)
            finally:
                self._streams.leave(self._stream)


async def _written(stream: Stream) -> AsyncIterator[ServerSentEvent]:
    async for said in stream.read():
        if isinstance(said, Hint):
            yield ServerSentEvent(said.data(), event=said.type, id=said.id, sep=_LINE_END)
        else:
            # Without data a browser would not tell its page of it.
            yield ServerSentEvent("{}", event="reset", sep=_LINE_END)
