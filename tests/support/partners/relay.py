"""SMTP relays on loopback: one that behaves exactly as it is told, and a real one."""

import asyncio
import email.policy
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from enum import Enum
from typing import cast


class Do(Enum):
    """What a relay does before it replies, or instead.

    HANG: nothing, until it is let go or the client leaves. LOSE: it ends the connection.
    """

    HANG = "hang"
    LOSE = "lose"


@dataclass(frozen=True)
class HangThen:
    """Do.HANG, with a reply of its own for when it is let go."""

    reply: str


Script = Mapping[str, str | Do | HangThen]
"""What a relay does at each step of a conversation; steps that are not named go as in OBLIGING.

`half` is played after the first bytes of the message, `end` after its final dot. What hangs goes
on, once it is let go, as OBLIGING has it.
"""

OFFERED = "250-relay.example\r\n250-SIZE 10000000\r\n250 ENHANCEDSTATUSCODES"
OBLIGING: Mapping[str, str] = {
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
    "RSET": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
}
HANG_AT_RCPT: Script = {"RCPT": Do.HANG}
HANG_AFTER_DATA: Script = {"end": Do.HANG}
LOSE_AFTER_DATA: Script = {"end": Do.LOSE}
REFUSE_AFTER_HANGING: Script = {"end": HangThen("550 5.7.1 refused")}


@dataclass(frozen=True)
class Mail:
    """A message that a relay got to its end, whatever it replied."""

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

    @property
    def letter(self) -> bytes:
        """The letter that it carries."""
        (letter,) = list(self.message.iter_attachments())
        return cast(bytes, letter.get_content())


@dataclass
class Relay:
    """A relay that follows OBLIGING but for what `everybody` says otherwise.

    A recipient may have scripts of its own (`script`), in place of `everybody` from RCPT on.
    `mails` are all it got to their end, and `when_mailed` is told of each. `asked`: the recipient
    of each RCPT. `heard`: the bytes of messages as they came. `waiting` is set once something hangs
    and `ended` once a connection has ended.
    """

    everybody: Script = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    greeting_delay_seconds: float = 0.0
    port: int = 0
    connections: int = 0
    commands: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    heard: bytes = b""
    mails: list[Mail] = field(default_factory=list)
    when_mailed: Callable[[Mail], None] | None = None
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    _scripts: dict[str, list[Script]] = field(default_factory=dict)
    _hanging: defaultdict[str, asyncio.Event] = field(
        default_factory=lambda: defaultdict(asyncio.Event)
    )
    _conversations: set["_Conversation"] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def verbs(self) -> list[str]:
        return [command.split()[0].upper() for command in self.commands]

    def script(self, recipient: str, *scripts: Script | str) -> None:
        """What the recipient's messages meet, one after another and the last one for ever.

        A text is a reply to RCPT.
        """
        self._scripts[recipient] = [
            {"RCPT": one} if isinstance(one, str) else one for one in scripts
        ]

    def next_script(self, recipient: str) -> Script:
        """The script that the recipient's message meets."""
        scripts = self._scripts.get(recipient) or [self.everybody]
        return scripts.pop(0) if len(scripts) > 1 else scripts[0]

    def let_go(self, recipient: str) -> None:
        """Let what hangs for that recipient go on."""
        self._hanging[recipient].set()

    def let_all_go(self) -> None:
        """Let everything that hangs go on."""
        for hanging in self._hanging.values():
            hanging.set()

    async def until_let_go(self, recipient: str) -> None:
        """Hang, for that recipient."""
        self.waiting.set()
        await self._hanging[recipient].wait()

    def to(self, recipient: str) -> list[Mail]:
        return [mail for mail in self.mails if mail.recipient == recipient]

    def take(self, mail: Mail) -> None:
        """Keep a message that has come to its end."""
        self.mails.append(mail)
        if self.when_mailed is not None:
            self.when_mailed(mail)

    def hang_up(self) -> None:
        """Ends every connection, whatever stands in a script."""
        for conversation in self._conversations:
            conversation.writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        conversation = _Conversation(self, reader, writer)
        self._conversations.add(conversation)
        try:
            await asyncio.sleep(self.greeting_delay_seconds)
            await conversation.run()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._conversations.discard(conversation)
            writer.transport.abort()
            self.ended.set()


class _Conversation:
    """One connection: its messages go one after another, each to one recipient."""

    def __init__(
        self, relay: Relay, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._relay = relay
        self._reader = reader
        self.writer = writer
        self._recipient = ""
        self._script = relay.everybody

    async def run(self) -> None:
        await self._play("greeting")
        while line := await self._reader.readline():
            command = line.decode().strip()
            self._relay.commands.append(command)
            verb = command.split()[0].upper()
            if verb == "RCPT":
                self._recipient = command.partition("<")[2].partition(">")[0]
                self._relay.asked.append(self._recipient)
                self._script = self._relay.next_script(self._recipient)
            reply = await self._play(verb)
            if verb == "STARTTLS":
                assert self._relay.tls is not None
                await self.writer.start_tls(self._relay.tls)
            if verb == "DATA" and reply.startswith("3"):
                await self._take_message()

    async def _take_message(self) -> None:
        first = await self._reader.read(100)
        self._relay.heard += first
        await self._play("half")
        rest = await self._reader.readuntil(b"\r\n.\r\n")
        self._relay.heard += rest
        content = (first + rest).removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
        self._relay.take(Mail(self._recipient, content))
        await self._play("end")
        self._script = self._relay.everybody

    async def _play(self, step: str) -> str:
        """Do what the script has for that step. Returns the reply, which has been sent."""
        obliging = OBLIGING.get(step, "502 5.5.1 what?")
        does = self._script.get(step, obliging)
        if does is Do.LOSE:
            raise ConnectionError
        if not isinstance(does, str):
            await self._hang()
        match does:
            case str() as reply:
                pass
            case HangThen(reply):
                pass
            case _:
                reply = obliging
        if reply:
            self.writer.write(reply.encode() + b"\r\n")
            await self.writer.drain()
        return reply

    async def _hang(self) -> None:
        """Until it is let go. Raises ConnectionError when the client has left before that."""
        let_go = asyncio.create_task(self._relay.until_let_go(self._recipient))
        left = asyncio.create_task(self._reader.read())
        try:
            await asyncio.wait({let_go, left}, return_when=asyncio.FIRST_COMPLETED)
            if not let_go.done():
                raise ConnectionError from left.exception()
        finally:
            let_go.cancel()
            left.cancel()
            # Until it has ended nobody else may read.
            await asyncio.gather(let_go, left, return_exceptions=True)


@asynccontextmanager
async def scripted_relay(
    everybody: Script | None = None,
    *,
    tls: ssl.SSLContext | None = None,
    implicit_tls: bool = False,
    greeting_delay_seconds: float = 0.0,
    port: int = 0,
) -> AsyncIterator[Relay]:
    """A relay, on a free port unless one is given; `tls` by STARTTLS or from the start."""
    relay = Relay(everybody or {}, tls, greeting_delay_seconds)
    server = await asyncio.start_server(
        relay.serve, "127.0.0.1", port, ssl=tls if implicit_tls else None, limit=10_000_000
    )
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        relay.let_all_go()
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                if relay.connections:
                    await relay.ended.wait()
