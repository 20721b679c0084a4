"""The HTTP server: uvicorn, kept from what it leaves open.

It waits for ever for the head of a request, of any length, and refuses a broken one in plain text.
"""

import asyncio
import errno
import resource
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from messaging.running.settings import SettingError
from services.edge.problems import PROBLEM_CONTENT_TYPE, EdgeCode, refusal

HEAD_WITHIN_SECONDS = 10.0
HEAD_LIMIT_BYTES = 32 * 1024
KEEP_ALIVE_SECONDS = 15
DRAIN_SECONDS = 30
BACKLOG = 2048
_TOO_LONG = "The head of the request is too long."


class _Refused(Exception):
    """A head was answered already: there is nothing to go on with."""


class GuardedProtocol(HttpToolsProtocol):
    """A connection whose requests' heads come in time, are of bounded length and name a host."""

    _deadline: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A head is awaited."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._head_is_there()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some of a request."""
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_LIMIT_BYTES:
            self.send_400_response(_TOO_LONG)

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        """A head is there. It may have come at once, with all that follows it."""
        self._head_is_there()
        hosts = sum(name == b"host" for name, _ in self.headers)
        if sum(len(name) + len(value) for name, value in self.headers) > HEAD_LIMIT_BYTES:
            self.send_400_response(_TOO_LONG)
            raise _Refused
        # RFC 9112, section 3.2.
        if hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):
            self.send_400_response("A request names its host, once.")
            raise _Refused
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """A refusal in the one shape that all have, and the connection's end."""
        if self.transport.is_closing():
            return
        problem = refusal(EdgeCode.MALFORMED_REQUEST, ("header",), msg)
        body = problem.body()
        self.transport.write(
            b"HTTP/1.1 400 Bad Request\r\n"
            b"content-type: " + PROBLEM_CONTENT_TYPE.encode() + b"\r\n"
            b"content-length: " + str(len(body)).encode() + b"\r\n"
            b"connection: close\r\n\r\n" + body
        )
        self.transport.close()

    def _await_head(self) -> None:
        if self._deadline is None:
            self._in_head, self._head_bytes = True, 0
            self._deadline = self.loop.call_later(HEAD_WITHIN_SECONDS, self._give_up)

    def _head_is_there(self) -> None:
        self._in_head = False
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        self.transport.close()


class _Server(uvicorn.Server):
    """A server among other parts of one process, which are told to stop in another way."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are not the server's."""
        yield


def listen(host: str, port: int, variables: tuple[str, str]) -> socket.socket:
    """A socket that listens. Raises SettingError with the variables of host and port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SettingError(
                f"{variables[1]}: something listens on port {port} of {host} already; stop it or "
                "choose another port"
            ) from None
        raise SettingError(
            f"{', '.join(variables)}: cannot listen on port {port} of {host}"
        ) from None


async def serve(
    app: ASGIApp, listening: socket.socket, stop: asyncio.Event, trusted: Sequence[Any] = ()
) -> None:
    """Serve an application until it is time to stop; what is under way is finished, within 30 s.

    `trusted` are the networks of proxies whose word is taken for a client's address.
    """
    server = _Server(
        uvicorn.Config(
            app,
            http=GuardedProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(trusted),
            forwarded_allow_ips=[str(network) for network in trusted],
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
    finally:
        stopping.cancel()


def open_many_connections() -> None:
    """Let the process have as many sockets as the system allows: idle ones must shut nobody out."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
