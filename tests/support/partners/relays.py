"""SMTP relays on loopback: a real one, and one that misbehaves exactly as it is told."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


class Do(Enum):
    """What a scripted relay does instead of replying."""

    HANG = "hang"
    LOSE = "lose"


OFFERED = "250-relay.example\r\n250-SIZE 10000000\r\n250 ENHANCEDSTATUSCODES"
OBLIGING: Mapping[str, str | Do] = {
    "greeting": "220 relay.example ESMTP",
    "EHLO": OFFERED,
    "HELO": "250 relay.example",
    "STARTTLS": "220 go ahead",
    "AUTH": "235 2.7.0 welcome",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go ahead",
    "half": "",
    "end": "250 2.0.0 queued",
    "QUIT": "221 2.0.0 bye",
}


@dataclass
class ScriptedRelay:
    """A relay that follows OBLIGING but for what `script` says otherwise.

    `half` is played after the first bytes of the message, `end` after its final dot.
    """

    script: Mapping[str, str | Do]
    tls: ssl.SSLContext | None = None
    port: int = 0
    connections: int = 0
    commands: list[str] = field(default_factory=list)
    heard: bytes = b""
    messages: list[bytes] = field(default_factory=list)
    greeting_delay_seconds: float = 0.0
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    _writer: asyncio.StreamWriter | None = None

    @property
    def verbs(self) -> list[str]:
        return [command.split()[0].upper() for command in self.commands]

    def hang_up(self) -> None:
        """Ends the connection, whatever stands in the script."""
        assert self._writer is not None
        self._writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writer = writer
        try:
            await asyncio.sleep(self.greeting_delay_seconds)
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, TimeoutError):
            pass
        finally:
            writer.transport.abort()
            self.ended.set()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._play("greeting", reader, writer)
        while line := await reader.readline():
            self.commands.append(line.decode().strip())
            verb = self.verbs[-1]
            await self._play(verb, reader, writer)
            if verb == "STARTTLS":
                assert self.tls is not None
                await writer.start_tls(self.tls)
            if verb == "DATA":
                await self._take_message(reader, writer)

    async def _take_message(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if not str(self._step("DATA")).startswith("3"):
            return
        self.heard += await reader.read(100)
        await self._play("half", reader, writer)
        self.heard += await reader.readuntil(b"\r\n.\r\n")
        self.messages.append(self.heard.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n."))
        await self._play("end", reader, writer)

    def _step(self, step: str) -> str | Do:
        return self.script.get(step, OBLIGING.get(step, "502 5.5.1 what?"))

    async def _play(
        self, step: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        match self._step(step):
            case Do.HANG:
                self.waiting.set()
                await reader.read()  # until the client goes
                raise ConnectionError
            case Do.LOSE:
                raise ConnectionError
            case "":
                return
            case str() as reply:
                writer.write(reply.encode() + b"\r\n")
                await writer.drain()


async def free_port() -> int:
    """A port of 127.0.0.1 where nobody listens."""
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


@asynccontextmanager
async def scripted_relay(
    script: Mapping[str, str | Do] | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    implicit_tls: bool = False,
    greeting_delay_seconds: float = 0.0,
    port: int = 0,
) -> AsyncIterator[ScriptedRelay]:
    """A scripted relay, on a free port unless one is given; `tls` by STARTTLS or from the start."""
    relay = ScriptedRelay(script or {}, tls, greeting_delay_seconds=greeting_delay_seconds)
    server = await asyncio.start_server(
        relay.serve, "127.0.0.1", port, ssl=tls if implicit_tls else None, limit=10_000_000
    )
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                if relay.connections:
                    await relay.ended.wait()


@dataclass
class Inbox:
    """What a real relay took: recipient and message, byte for byte."""

    port: int = 0
    messages: list[tuple[str, bytes]] = field(default_factory=list)
    options: list[str] = field(default_factory=list)

    async def handle_DATA(  # noqa: N802 (aiosmtpd's name for it)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        self.options += envelope.mail_options
        self.messages.append((",".join(map(str, envelope.rcpt_tos)), envelope.content))
        return "250 2.0.0 queued"


@asynccontextmanager
async def real_relay(
    *, tls: ssl.SSLContext | None = None, implicit_tls: bool = False, **settings: Any
) -> AsyncIterator[Inbox]:
    """An aiosmtpd relay on a free port; with `tls` it wants TLS before anything else."""
    inbox = Inbox()
    if tls is not None and not implicit_tls:
        settings |= {"tls_context": tls, "require_starttls": True}
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(inbox, hostname="relay.example", **settings),
        "127.0.0.1",
        0,
        ssl=tls if implicit_tls else None,
    )
    inbox.port = server.sockets[0].getsockname()[1]
    try:
        yield inbox
    finally:
        server.close()
