"""A partner's portal and a mail relay on loopback that do as a test tells them, and keep what they
got."""

import asyncio
import email.policy
import io
import json
import socket
import struct
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from enum import Enum
from typing import Any, cast

import pypdf
from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

MANY_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """An answer of a portal, given as soon as `when` is set (None: at once)."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    when: asyncio.Event | None = None


class Cut(Enum):
    """What a portal does instead of answering, once it has read a request to its end."""

    RESET = "reset"
    HANG = "hang"


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

Step = int | Answer | Cut


@dataclass(frozen=True)
class Posted:
    """One request that a portal read to its end."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """Its `webhook-id`."""
        return self.headers["webhook-id"]

    def resource(self, kind: str) -> dict[str, Any]:
        """The one resource of that type in its bundle."""
        entries = json.loads(self.body)["entry"]
        (found,) = [e["resource"] for e in entries if e["resource"]["resourceType"] == kind]
        return cast(dict[str, Any], found)


class PortalStub:
    """Portals at one port, each at its path with a script of its own; without one it says 201.

    `running` and `most_running` count requests that are being answered, by path. `finished`:
    `webhook-id`s in the order in which their answers were given. `when_posted` is told of each
    request and of the step that it meets. What hangs is let go of when the stub is closed, or by
    `let_go`.
    """

    def __init__(self) -> None:
        self._scripts: dict[str, list[Step]] = {}
        self._hanging: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._server: web.AppRunner | None = None
        self.port = 0
        self.posted: list[Posted] = []
        self.finished: list[str] = []
        self.when_posted: Callable[[Posted, Step], None] | None = None
        self.running: Counter[str] = Counter()
        self.most_running: Counter[str] = Counter()

    def endpoint(self, path: str) -> str:
        """The URL to give to a partner."""
        return f"http://127.0.0.1:{self.port}/{path}"

    def script(self, path: str, *steps: Step) -> None:
        """What it answers at that path from now on; the last step repeats."""
        self._scripts[path] = list(steps)

    def let_go(self, path: str) -> None:
        """Let everything that hangs at that path end without an answer."""
        self._hanging[path].set()

    def at(self, path: str) -> list[Posted]:
        """What came to that path."""
        return [posted for posted in self.posted if posted.path == path]

    def ids(self, path: str) -> list[str]:
        """The `webhook-id` of each request to that path."""
        return [posted.id for posted in self.at(path)]

    async def open(self, port: int = 0) -> None:
        application = web.Application(client_max_size=MANY_BYTES)
        application.router.add_post("/{path:.*}", self._take)
        self._server = web.AppRunner(application, shutdown_timeout=0.1)
        await self._server.setup()
        site = web.TCPSite(self._server, "127.0.0.1", port)
        await site.start()
        self.port = self._server.addresses[0][1]

    def let_all_go(self) -> None:
        """Let everything that hangs end."""
        for hanging in self._hanging.values():
            hanging.set()

    async def close(self) -> None:
        self.let_all_go()
        if self._server is not None:
            await self._server.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        self.running[path] += 1
        self.most_running[path] = max(self.most_running[path], self.running[path])
        try:
            posted = Posted(path, dict(request.headers.items()), await request.read())
            posted = Posted(path, {k.lower(): v for k, v in posted.headers.items()}, posted.body)
            self.posted.append(posted)
            return await self._answer(request, posted)
        finally:
            self.running[path] -= 1

    async def _answer(self, request: web.Request, posted: Posted) -> web.Response:
        steps = self._scripts.get(posted.path) or [201]
        step = steps.pop(0) if len(steps) > 1 else steps[0]
        if self.when_posted is not None:
            self.when_posted(posted, step)
        if step is Cut.HANG:
            await self._hanging[posted.path].wait()
        if isinstance(step, Cut):
            _reset(request)
            return web.Response(status=500)
        answer = Answer(step) if isinstance(step, int) else step
        if answer.when is not None:
            await answer.when.wait()
        self.finished.append(posted.id)
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)


def _reset(request: web.Request) -> None:
    if request.transport is not None:
        raw = request.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        cast(asyncio.WriteTransport, request.transport).abort()


@asynccontextmanager
async def portal_stub() -> AsyncIterator[PortalStub]:
    """A portal stub that listens."""
    portal = PortalStub()
    await portal.open()
    try:
        yield portal
    finally:
        await portal.close()


class Relay(Enum):
    """What a relay does instead of replying: at RCPT, or after the message's final dot."""

    HANG_AT_RCPT = "hang at RCPT"
    HANG_AFTER_DATA = "hang after DATA"
    LOSE_AFTER_DATA = "lose after DATA"
    REFUSE_AFTER_HANGING = "hang after DATA, then refuse"


@dataclass(frozen=True)
class Mail:
    """A message that the relay got to its end, whatever it replied."""

    recipient: str
    content: bytes

    @property
    def message(self) -> EmailMessage:
        return email.message_from_bytes(self.content, policy=email.policy.default)

    @property
    def text(self) -> str:
        """What it says beside its letter."""
        body = self.message.get_body()
        assert body is not None
        return cast(str, cast(EmailMessage, body).get_content())


class MailStub:
    """A relay that takes everything but where a recipient has a script: replies to RCPT (`450 …`),
    or a Relay step, each used once and the last one for ever.

    `mails`: all it got to their end, and `when_mailed` is told of each; `asked`: the recipient of
    each RCPT. What hangs goes on when it is let go.
    """

    def __init__(self) -> None:
        self._scripts: dict[str, list[str | Relay]] = {}
        self._hanging: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._after_data: dict[int, str | Relay] = {}
        self.port = 0
        self.mails: list[Mail] = []
        self.when_mailed: Callable[[Mail], None] | None = None
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def script(self, recipient: str, *steps: str | Relay) -> None:
        self._scripts[recipient] = list(steps)

    def let_go(self, recipient: str) -> None:
        """Let what hangs for that recipient go on, as if it had not."""
        self._hanging[recipient].set()

    def let_all_go(self) -> None:
        """Let everything that hangs go on."""
        for hanging in self._hanging.values():
            hanging.set()

    def to(self, recipient: str) -> list[Mail]:
        return [mail for mail in self.mails if mail.recipient == recipient]

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name for it)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.asked.append(address)
        steps = self._scripts.get(address) or ["250 ok"]
        step = steps.pop(0) if len(steps) > 1 else steps[0]
        if step is Relay.HANG_AT_RCPT:
            await self._hanging[address].wait()
        self._after_data[id(session)] = step
        if isinstance(step, str) and not step.startswith("250"):
            return step
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(  # noqa: N802 (aiosmtpd's name for it)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        (recipient,) = envelope.rcpt_tos
        self.mails.append(Mail(recipient, envelope.content))
        if self.when_mailed is not None:
            self.when_mailed(self.mails[-1])
        if self._after_data[id(session)] in (Relay.HANG_AFTER_DATA, Relay.REFUSE_AFTER_HANGING):
            await self._hanging[recipient].wait()
        if self._after_data[id(session)] is Relay.REFUSE_AFTER_HANGING:
            return "550 5.7.1 refused"
        if self._after_data[id(session)] is Relay.LOSE_AFTER_DATA and server.transport is not None:
            server.transport.close()
        return "250 2.0.0 queued"


@asynccontextmanager
async def mail_stub() -> AsyncIterator[MailStub]:
    """A relay that listens."""
    relay = MailStub()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(relay, hostname="relay.example"), "127.0.0.1", 0
    )
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        relay.let_all_go()
        server.close()


def letter_text(mail: Mail) -> str:
    """The text of the letter that a mail carries, on one line."""
    (letter,) = list(mail.message.iter_attachments())
    reader = pypdf.PdfReader(io.BytesIO(cast(bytes, letter.get_content())))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())
