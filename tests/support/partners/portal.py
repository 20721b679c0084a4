"""Partners' portals on loopback that do as a test tells them, and keep what they got.

A test tells a portal what to do in one of two ways: by steps for each path (`script`), or, where
single bytes matter, by a conversation that has every connection to itself.
"""

import asyncio
import json
import socket
import ssl
import struct
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, cast


def http(status: int, body: bytes = b"", *headers: str) -> bytes:
    """A whole answer, byte for byte; each header as `Name: value`."""
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unheard Of"
    lines = [f"HTTP/1.1 {status} {phrase}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


OK = http(200)


@dataclass(frozen=True)
class Answer:
    """An answer, given as soon as `when` is set (None: at once)."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    when: asyncio.Event | None = None

    def to_bytes(self) -> bytes:
        """The answer as it travels."""
        headers = (f"{name}: {value}" for name, value in self.headers.items())
        return http(self.status, self.body, *headers)


class Cut(Enum):
    """The end of a connection in place of an answer, once a request was read to its end.

    RESET: at once. HANG: when it is let go.
    """

    RESET = "reset"
    HANG = "hang"


Step = int | Answer | Cut
"""One request's answer: by its status alone, in full, or none."""

DUPLICATE = Answer(
    409,
    {"Content-Type": "application/fhir+json"},
    json.dumps(
        {
            "resourceType": "OperationOutcome",
            "issue": [{"severity": "error", "code": "duplicate"}],
        }
    ).encode(),
)


@dataclass(frozen=True)
class Request:
    """One request that was read to its end. The names of its headers are in lower case."""

    request_line: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """Where it went, without the first slash and without a query."""
        return self.request_line.split()[1].partition("?")[0].lstrip("/")

    @property
    def id(self) -> str:
        """Its `webhook-id`."""
        return self.headers["webhook-id"]

    def resource(self, kind: str) -> dict[str, Any]:
        """The one resource of that type in its bundle."""
        entries = json.loads(self.body)["entry"]
        (found,) = [e["resource"] for e in entries if e["resource"]["resourceType"] == kind]
        return cast(dict[str, Any], found)


async def read_request(reader: asyncio.StreamReader) -> Request:
    """One whole request, its body by Content-Length; IncompleteReadError where it does not come."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    request_line, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(request_line, headers, body)


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with a TCP reset."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Portal:
    """Portals at one port, each at its path with steps of its own; without any it says 201.

    A `conversation` is run in place of the steps, once for each connection, which ends with it.

    `requests` are all that were read to their end, and `when_posted` is told of each and of the
    step that it meets. `running` and `most_running` count those that are being answered, by path;
    `finished`: `webhook-id`s in the order in which their answers were given.
    """

    def __init__(
        self,
        conversation: "Conversation | None" = None,
        *,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._conversation = conversation or _follow_steps
        self._tls = tls
        self._host = host
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self._steps: dict[str, list[Step]] = {}
        self._hanging: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.port = port
        self.connections = 0
        self.bytes_received = 0
        self.left = asyncio.Event()
        self.requests: list[Request] = []
        self.finished: list[str] = []
        self.when_posted: Callable[[Request, Step], None] | None = None
        self.running: Counter[str] = Counter()
        self.most_running: Counter[str] = Counter()

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
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def stop_listening(self) -> None:
        """Refuse connections from now on."""
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'https' if self._tls else 'http'}://{self._host}:{self.port}/fhir"

    def endpoint(self, path: str) -> str:
        """The URL to give to a partner whose portal is at that path."""
        return f"http://{self._host}:{self.port}/{path}"

    def script(self, path: str, *steps: Step) -> None:
        """What it answers at that path from now on; the last step repeats."""
        self._steps[path] = list(steps)

    def let_go(self, path: str) -> None:
        """Let everything that hangs at that path end without an answer."""
        self._hanging[path].set()

    def let_all_go(self) -> None:
        """Let everything that hangs end."""
        for hanging in self._hanging.values():
            hanging.set()

    def at(self, path: str) -> list[Request]:
        """What came to that path."""
        return [request for request in self.requests if request.path == path]

    def ids(self, path: str) -> list[str]:
        """The `webhook-id` of each request to that path."""
        return [request.id for request in self.at(path)]

    async def take_request(self, reader: asyncio.StreamReader) -> Request:
        """Read one request and keep it."""
        request = await read_request(reader)
        self.requests.append(request)
        return request

    async def until_left(self, reader: asyncio.StreamReader) -> None:
        """Count what still comes until the sender closes the connection."""
        try:
            while chunk := await reader.read(65_536):
                self.bytes_received += len(chunk)
        except OSError:
            pass
        self.left.set()

    async def follow_step(self, request: Request, writer: asyncio.StreamWriter) -> None:
        """Do what the script of the request's path says next."""
        steps = self._steps.get(request.path) or [201]
        step = steps.pop(0) if len(steps) > 1 else steps[0]
        if self.when_posted is not None:
            self.when_posted(request, step)
        self.running[request.path] += 1
        self.most_running[request.path] = max(
            self.most_running[request.path], self.running[request.path]
        )
        try:
            await self._do(step, request, writer)
        finally:
            self.running[request.path] -= 1

    async def _do(self, step: Step, request: Request, writer: asyncio.StreamWriter) -> None:
        if step is Cut.HANG:
            await self._hanging[request.path].wait()
        if isinstance(step, Cut):
            reset(writer)
            return
        answer = Answer(step) if isinstance(step, int) else step
        if answer.when is not None:
            await answer.when.wait()
        self.finished.append(request.id)
        writer.write(answer.to_bytes())
        await writer.drain()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        self.connections += 1
        try:
            await self._conversation(self, reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._serving.discard(task)
            writer.close()


Conversation = Callable[[Portal, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""All that a portal does on one connection."""


async def _follow_steps(
    portal: Portal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    while not writer.is_closing():
        await portal.follow_step(await portal.take_request(reader), writer)


def answering(*answers: bytes) -> Conversation:
    """A conversation that gives these answers, one a request, and then ends."""

    async def conversation(
        portal: Portal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        for answer in answers:
            await portal.take_request(reader)
            writer.write(answer)
            await writer.drain()

    return conversation
