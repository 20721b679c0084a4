"""The HTTP client of portal and fax: where aiohttp 3.14 is told what "nothing has left yet" means.

aiohttp awaits `on_request_headers_sent` on a connection that is up (new or pooled, TLS included)
and before it writes anything: the headers go out with the first bytes of the body. That is where
the point of no return is.
"""

import asyncio
import errno
import functools
import ssl
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import SimpleNamespace
from typing import TYPE_CHECKING

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.client_proto import ResponseHandler

from contracts.ereferral import FailureCode
from messaging.wire.tls import verifying_also
from services.ereferral_dispatch.rules.outcomes import (
    Outcome,
    PermanentFailure,
    TransientFailure,
)
from services.ereferral_dispatch.senders.base import PointOfNoReturn
from services.ereferral_dispatch.senders.http_answer import past_interim, status_of_line

if TYPE_CHECKING:
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

# Shorter than the idle timeouts of common servers (5 s in Apache, Node.js and uvicorn, 75 s in
# nginx): a connection that is closed while a body is on its way is an unknown outcome.
KEEPALIVE_SECONDS = 4.0
DNS_CACHE_SECONDS = 10
HEAD_LIMIT_BYTES = 8_192
ANSWER_LIMIT_BYTES = 64 * 1024
_WINDOW_BITS = {
    "gzip": zlib.MAX_WBITS | 16,
    "x-gzip": zlib.MAX_WBITS | 16,
    "deflate": zlib.MAX_WBITS,
}
_UNREACHABLE = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EADDRNOTAVAIL}
)


class HeadReadingHandler(ResponseHandler):
    """aiohttp's protocol of one connection, which also reads the status line of the answer.

    The status line decides, even where what follows it is malformed or never comes. `status` is the
    final one, None until its line is whole; `answered`: any byte of an answer came.
    """

    answered: bool
    status: int | None
    _head: bytes

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.used = False
        self._forget()

    def begin(self) -> None:
        """A request will use the connection: forget what the one before it was answered."""
        if self.used:
            self._forget()
        self.used = True

    def close(self) -> None:
        """Close at once: what is still in the buffer does not leave any more.

        Closing in the ordinary way would first deliver it, to a partner that reads slowly or never.
        """
        self.abort()

    def data_received(self, data: bytes) -> None:
        self.answered = self.answered or bool(data)
        if self.status is None and len(self._head) < HEAD_LIMIT_BYTES:
            self._head = past_interim(self._head + data)[:HEAD_LIMIT_BYTES]
            self.status = status_of_line(self._head)
        super().data_received(data)

    def _forget(self) -> None:
        self._head = b""
        self.answered = False
        self.status = None


class Exchange:
    """One request on one connection, and how far it got."""

    def __init__(self, point_of_no_return: PointOfNoReturn) -> None:
        self._point_of_no_return = point_of_no_return
        self._handler: HeadReadingHandler | None = None
        self.begun = False
        self.raised: BaseException | None = None

    @property
    def status(self) -> int | None:
        """The final status as far as it is known; it outlives a broken connection."""
        return None if self._handler is None else self._handler.status

    def connected(self, handler: HeadReadingHandler) -> None:
        """The connection is up and will be used for this request."""
        handler.begin()
        self._handler = handler

    async def before_first_byte(self) -> None:
        """The point of no return, and what it raises.

        ClientConnectionError where the connection was lost, or answered though nothing was asked,
        in the meantime: then nothing leaves.
        """
        try:
            await self._point_of_no_return()
        except BaseException as error:
            self.raised = error
            raise
        assert self._handler is not None
        if not self._handler.is_connected() or self._handler.answered:
            raise aiohttp.ClientConnectionError("The connection is not usable any more")

    def at_first_byte(self) -> None:
        """The body is handed over in the same step: from now on some of it may have left."""
        self.begun = True


EXCHANGE: ContextVar[Exchange] = ContextVar("EXCHANGE")
"""The running request's exchange: aiohttp has no other way from a request to its connection."""


@contextmanager
def exchanging(point_of_no_return: PointOfNoReturn) -> Iterator[Exchange]:
    """The exchange of the one request that is made meanwhile."""
    exchange = Exchange(point_of_no_return)
    token = EXCHANGE.set(exchange)
    try:
        yield exchange
    finally:
        EXCHANGE.reset(token)


class CleanConnector(aiohttp.TCPConnector):
    """Connections to what `resolver` gives; one that was answered unasked is not used again."""

    def __init__(self, resolver: AbstractResolver, context: ssl.SSLContext, limit: int) -> None:
        super().__init__(
            ssl=context,
            resolver=resolver,
            ttl_dns_cache=DNS_CACHE_SECONDS,
            limit=limit,
            keepalive_timeout=KEEPALIVE_SECONDS,
        )
        self._factory = _handler_factory(self._loop)

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: "list[Trace]",
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 (aiohttp's signature)
    ) -> "Connection":
        while True:
            connection = await super().connect(req, traces, timeout)
            handler = connection.protocol
            assert isinstance(handler, HeadReadingHandler)
            # What came on an idle connection would be taken for the answer to this request.
            if not (handler.used and handler.should_close):
                EXCHANGE.get().connected(handler)
                return connection
            connection.close()


def _handler_factory(
    loop: asyncio.AbstractEventLoop,
) -> "functools.partial[ResponseHandler]":
    handler: Callable[..., ResponseHandler] = HeadReadingHandler
    return functools.partial(handler, loop=loop)


def open_session(
    resolver: AbstractResolver,
    context: ssl.SSLContext,
    *,
    limit: int,
    timeout: aiohttp.ClientTimeout,
    headers: Mapping[str, str] | None = None,
) -> aiohttp.ClientSession:
    """A session of at most `limit` connections: nothing from the environment, no cookies, bodies as
    they come."""
    return aiohttp.ClientSession(
        connector=CleanConnector(resolver, context, limit),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=headers,
        timeout=timeout,
        trace_configs=[_trace_config()],
        trust_env=False,
        auto_decompress=False,
    )


def _trace_config() -> aiohttp.TraceConfig:
    """The hooks that tell the running exchange how far it is."""
    config = aiohttp.TraceConfig()

    async def before_first_byte(
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceRequestHeadersSentParams,
    ) -> None:
        await EXCHANGE.get().before_first_byte()

    async def at_first_byte(
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceRequestChunkSentParams,
    ) -> None:
        EXCHANGE.get().at_first_byte()

    config.on_request_headers_sent.append(before_first_byte)
    config.on_request_chunk_sent.append(at_first_byte)
    return config


def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """Verified TLS from 1.2 on; `ca_file` (PEM) is trusted beside the system's authorities."""
    context = verifying_also(ca_file)
    context.set_alpn_protocols(["http/1.1"])
    return context


async def read_body(response: aiohttp.ClientResponse, timeout_seconds: float) -> bytes | None:
    """The answer's body, unpacked where it was packed though nothing packed was asked for.

    None where it is over 64 KiB, packed or not, does not come whole and in time, or cannot be
    unpacked.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(timeout_seconds):
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > ANSWER_LIMIT_BYTES:
                    return None
    except (TimeoutError, aiohttp.ClientError, OSError):
        return None
    return _unpacked(bytes(body), response.headers.get("Content-Encoding", ""))


def _unpacked(body: bytes, codings: str) -> bytes | None:
    """A body without its content codings (RFC 9110, section 8.4); None where one is not known."""
    for coding in reversed([name.strip().lower() for name in codings.split(",")]):
        if coding in ("", "identity"):
            continue
        if coding not in _WINDOW_BITS:
            return None
        unpacking = zlib.decompressobj(_WINDOW_BITS[coding])
        try:
            body = unpacking.decompress(body, ANSWER_LIMIT_BYTES + 1)
        except zlib.error:
            return None
        if len(body) > ANSWER_LIMIT_BYTES or not unpacking.eof:
            return None
    return body


def failure_before_body(error: aiohttp.ClientError | OSError) -> Outcome:
    """What an error means before anything of the body was handed over."""
    match error:
        case aiohttp.InvalidURL():
            return PermanentFailure(
                FailureCode.ADDRESS_BLOCKED, "The endpoint is not a usable URL."
            )
        case aiohttp.ClientConnectorCertificateError():
            return PermanentFailure(
                FailureCode.CERTIFICATE_INVALID, "The server's certificate is not valid."
            )
        case aiohttp.ClientConnectorSSLError():
            return TransientFailure(FailureCode.TLS_FAILED, "The TLS handshake failed.")
        case aiohttp.ClientConnectorDNSError():
            return TransientFailure(
                FailureCode.NAME_NOT_RESOLVED, "The server's name has no address."
            )
        case TimeoutError():
            return TransientFailure(
                FailureCode.CONNECT_TIMEOUT, "No connection came about in time."
            )
        case aiohttp.ClientConnectorError(os_error=cause):
            return _failure_to_connect(cause)
    return TransientFailure(
        FailureCode.CONNECTION_LOST, "The connection was lost before anything was sent."
    )


def _failure_to_connect(cause: OSError) -> TransientFailure:
    if isinstance(cause, ConnectionRefusedError):
        return TransientFailure(FailureCode.CONNECT_REFUSED, "The server refused the connection.")
    if isinstance(cause, TimeoutError):
        return TransientFailure(FailureCode.CONNECT_TIMEOUT, "No connection came about in time.")
    if cause.errno in _UNREACHABLE:
        return TransientFailure(FailureCode.NETWORK_UNREACHABLE, "The server cannot be reached.")
    if isinstance(cause, ConnectionError):
        # The connection stood, or it would have been refused: it broke off in the handshake.
        return TransientFailure(FailureCode.TLS_FAILED, "The TLS handshake was broken off.")
    return TransientFailure(FailureCode.CONNECTION_LOST, "No connection came about.")
