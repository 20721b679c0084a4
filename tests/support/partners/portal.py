"""Partner portals on loopback that follow a script, and senders that may reach them."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from types import TracebackType
from typing import Any, Self

from contracts.referral_partner import ContactMethod
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.senders.base import AttemptWithdrawn
from services.ereferral_dispatch.senders.portal.egress import EgressPolicy
from services.ereferral_dispatch.senders.portal.sender import PortalSender
from tests.support.samples.packages import sample_consignment

LOOPBACK = EgressPolicy(allow_networks=(IPv4Network("127.0.0.0/8"),), allow_http=True)
SIGNING_KEY = "test-signing-key"
LETTER = b"%PDF-1.7 a letter"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

Script = Callable[["RawPortal", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Received:
    """One request as it came in."""

    request_line: str
    headers: dict[str, str]
    body: bytes


async def read_request(reader: asyncio.StreamReader) -> Received:
    """One whole request, its body by Content-Length; IncompleteReadError where it does not come."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    request_line, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(request_line, headers, body)


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with a TCP reset."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class RawPortal:
    """Runs its script once for each connection and keeps what it saw."""

    def __init__(
        self,
        script: Script,
        *,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._script = script
        self._tls = tls
        self._host = host
        self._server: asyncio.Server | None = None
        self._running: set[asyncio.Task[None]] = set()
        self.requests: list[Received] = []
        self.connections = 0
        self.bytes_received = 0
        self.port = port
        self.left = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self._host, self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def stop_listening(self) -> None:
        """Refuse connections from now on."""
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'https' if self._tls else 'http'}://{self._host}:{self.port}/fhir"

    async def take_request(self, reader: asyncio.StreamReader) -> Received:
        """Read one request and keep it."""
        received = await read_request(reader)
        self.requests.append(received)
        return received

    async def until_left(self, reader: asyncio.StreamReader) -> None:
        """Count what still comes until the sender closes the connection."""
        try:
            while chunk := await reader.read(65_536):
                self.bytes_received += len(chunk)
        except OSError:
            pass
        self.left.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        self.connections += 1
        try:
            await self._script(self, reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._running.discard(task)
            writer.close()


def answering(*answers: bytes) -> Script:
    """A script that gives these answers on one connection, one a request, and then closes it."""

    async def script(
        portal: RawPortal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        for answer in answers:
            await portal.take_request(reader)
            writer.write(answer)
            await writer.drain()

    return script


def portal_sender(**changes: Any) -> PortalSender:
    """A sender that may reach loopback over http, not yet open."""
    return PortalSender(
        **{
            "render_letter": lambda consignment: LETTER,
            "signing_key": SIGNING_KEY,
            "connection_limit": 200,
            "policy": LOOPBACK,
            "rest_seconds": 0.2,
            **changes,
        }
    )


def addressed(url: str, **changes: Any) -> Consignment:
    """The sample consignment on its way to a portal."""
    return sample_consignment(channel=ContactMethod.PORTAL, address=url, **changes)


@dataclass
class Gate:
    """A point of no return that counts how often it was passed."""

    passed: int = 0
    withdraw: bool = False
    during: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    async def __call__(self) -> None:
        for step in self.during:
            await step()
        if self.withdraw:
            raise AttemptWithdrawn
        self.passed += 1
