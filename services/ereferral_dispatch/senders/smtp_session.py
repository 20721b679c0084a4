"""A session with an SMTP relay, in which the first digit of each reply decides.

Sources: RFC 5321, section 4.2 (a reply code that is not known is taken by its first digit), 3.2 and
4.1.4 (HELO where EHLO is not known), 4.5.3.2 (how long each reply is waited for); RFC 3207
(STARTTLS); RFC 4954 (AUTH). The library's own client takes the codes of its lists alone, so this is
built on its protocol, one floor below.
"""

import asyncio
import re
import socket
import ssl
from dataclasses import dataclass
from typing import cast

from aiosmtplib import SMTPResponse, SMTPResponseException, SMTPStatus
from aiosmtplib.auth import auth_login_encode, auth_plain_encode
from aiosmtplib.esmtp import parse_esmtp_extensions
from aiosmtplib.protocol import SMTPProtocol, normalize_message_line_endings

_GOODBYE_SECONDS = 5.0
_MOST_REPLIES_BEFORE_DATA = 13
"""Greeting, EHLO, HELO, STARTTLS, handshake, EHLO, HELO, AUTH thrice, MAIL, RCPT, and one over."""
_COMPLETED, _INTERMEDIATE = 2, 3
_EHLO_IS_NOT_KNOWN = (SMTPStatus.unrecognized_command, SMTPStatus.command_not_implemented)
_DOT_FIRST = re.compile(rb"^\.", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SmtpTimeouts:
    """How long each step is waited for: the connection, a reply, the reply to the message's end.

    The last two are RFC 5321's least ones, section 4.5.3.2: a relay that looks for viruses or
    opens distribution lists takes minutes.
    """

    connect_seconds: float = 5.0
    reply_seconds: float = 300.0
    end_of_data_seconds: float = 600.0

    @property
    def before_data_seconds(self) -> float:
        """The longest that an attempt may take until DATA, each step at its latest."""
        return self.connect_seconds + _MOST_REPLIES_BEFORE_DATA * self.reply_seconds

    @property
    def from_data_seconds(self) -> float:
        """The longest that it may take from DATA on."""
        return self.reply_seconds + self.end_of_data_seconds


class ConnectTimeout(Exception):
    """None of the relay's addresses took a connection in time."""


class NotOffered(Exception):
    """The relay does not offer what this session needs."""


class SmtpSession:
    """One connection to a relay, from its greeting to QUIT; `close` it in any case.

    Every step raises SMTPResponseException for a reply that does not let it go on, and OSError (as
    TimeoutError, ConnectionError and ssl.SSLError are) where there was none.
    """

    def __init__(self, protocol: "_Protocol", timeouts: SmtpTimeouts) -> None:
        self._protocol = protocol
        self._timeouts = timeouts
        self._extensions: dict[str, str] = {}
        self._logins: list[str] = []

    @classmethod
    async def connect(
        cls,
        host: str,
        port: int,
        timeouts: SmtpTimeouts,
        tls: ssl.SSLContext | None,
    ) -> "SmtpSession":
        """Connected, under TLS from the start where `tls` is given, and greeted.

        Raises ConnectTimeout, too.
        """
        loop = asyncio.get_running_loop()
        connected = await _connected_socket(host, port, timeouts.connect_seconds)
        try:
            async with asyncio.timeout(timeouts.reply_seconds):
                _, protocol = await loop.create_connection(
                    lambda: _Protocol(loop),
                    sock=connected,
                    ssl=tls,
                    server_hostname=None if tls is None else _name_in_certificate(host),
                    ssl_handshake_timeout=None if tls is None else timeouts.reply_seconds,
                )
        except BaseException:
            connected.close()
            raise
        session = cls(protocol, timeouts)
        try:
            greeting = await protocol.read_response(timeouts.reply_seconds)
            _expect(greeting, _COMPLETED)
        except BaseException:
            session.close()
            raise
        return session

    @property
    def is_connected(self) -> bool:
        """Whether the connection is still there, as far as is known."""
        return self._protocol.is_connected

    def offers(self, extension: str) -> bool:
        """Whether the relay offers this extension (RFC 5321, section 4.1.1.1)."""
        return extension in self._extensions

    async def greet(self, name: str) -> None:
        """EHLO; HELO, without extensions, where the relay does not know that."""
        reply = await self._say(b"EHLO", name.encode("ascii"))
        if reply.code in _EHLO_IS_NOT_KNOWN:
            self._extensions, self._logins = {}, []
            _expect(await self._say(b"HELO", name.encode("ascii")), _COMPLETED)
            return
        _expect(reply, _COMPLETED)
        self._extensions, self._logins = parse_esmtp_extensions(reply.message)

    async def start_tls(self, tls: ssl.SSLContext, host: str) -> None:
        """TLS from here on. What was offered in the clear counts for nothing (RFC 3207, 4.2)."""
        self._extensions, self._logins = {}, []
        await self._protocol.start_tls(
            tls, _name_in_certificate(host), timeout=self._timeouts.reply_seconds
        )

    async def log_in(self, user: str, password: str) -> None:
        """One try, by PLAIN or else LOGIN: trying each with a wrong password locks accounts.

        Raises NotOffered where the relay offers neither.
        """
        if "plain" in self._logins:
            secret = auth_plain_encode(user, password)
            reply = await self._say(b"AUTH", b"PLAIN", secret)
            if _digit(reply) == _INTERMEDIATE:
                reply = await self._say(secret)
        elif "login" in self._logins:
            name, secret = auth_login_encode(user, password)
            _expect(await self._say(b"AUTH", b"LOGIN", name), _INTERMEDIATE)
            reply = await self._say(secret)
        else:
            raise NotOffered("neither PLAIN nor LOGIN offered")
        _expect(reply, _COMPLETED)

    async def offer(self, mail_from: str, recipient: str, size: int, *, utf8: bool = False) -> None:
        """MAIL and RCPT: the relay takes the sender and the recipient."""
        options = [b"SIZE=%d" % size] if self.offers("size") else []
        if utf8:
            options += [b"BODY=8BITMIME", b"SMTPUTF8"]
        sender = f"FROM:<{mail_from}>".encode("ascii")
        _expect(await self._say(b"MAIL", sender, *options), _COMPLETED)
        receiver = f"TO:<{recipient}>".encode("utf-8" if utf8 else "ascii")
        _expect(await self._say(b"RCPT", receiver), _COMPLETED)

    async def reset(self) -> None:
        """RSET: what was offered is taken back, and nothing is sent."""
        _expect(await self._say(b"RSET"), _COMPLETED)

    async def hand_over(self, content: bytes) -> SMTPResponse:
        """DATA and the message; the reply to its end. From here on something has left."""
        _expect(await self._say(b"DATA"), _INTERMEDIATE)
        lines = _DOT_FIRST.sub(b"..", normalize_message_line_endings(content))
        self._protocol.write(lines + b".\r\n")
        reply = await self._protocol.read_response(self._timeouts.end_of_data_seconds)
        _expect(reply, _COMPLETED)
        return reply

    def leave(self) -> None:
        """QUIT, not waiting for the reply: nothing may come between an outcome and its record."""
        if not self.is_connected:
            return
        transport = cast(asyncio.WriteTransport, self._protocol.transport)
        transport.write(b"QUIT\r\n")
        transport.close()
        asyncio.get_running_loop().call_later(_GOODBYE_SECONDS, transport.abort)
        self._protocol.transport = None

    def close(self) -> None:
        """Cut off what was not left: closing would first write out what is buffered, which a relay
        that has stopped reading holds up for ever."""
        if self._protocol.transport is not None:
            cast(asyncio.WriteTransport, self._protocol.transport).abort()

    async def _say(self, *words: bytes) -> SMTPResponse:
        return await self._protocol.execute_command(*words, timeout=self._timeouts.reply_seconds)


class _Protocol(SMTPProtocol):
    """The library's protocol, which knows 220 alone as the reply to STARTTLS."""

    _starting_tls = False

    async def start_tls(
        self,
        tls_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 (the library's own)
    ) -> SMTPResponse:
        self._starting_tls = True
        try:
            return await super().start_tls(tls_context, server_hostname, timeout)
        finally:
            self._starting_tls = False

    async def read_response(
        self,
        timeout: float | None = None,  # noqa: ASYNC109 (the library's own)
    ) -> SMTPResponse:
        reply = await super().read_response(timeout)
        if self._starting_tls and _digit(reply) == _COMPLETED:
            return SMTPResponse(SMTPStatus.ready, reply.message)
        return reply


def _name_in_certificate(host: str) -> str:
    return host.rstrip(".")


def _digit(reply: SMTPResponse) -> int:
    return reply.code // 100


def _expect(reply: SMTPResponse, digit: int) -> None:
    if _digit(reply) != digit:
        raise SMTPResponseException(reply.code, reply.message)


async def _connected_socket(host: str, port: int, within_seconds: float) -> socket.socket:
    """A connection to the first of the host's addresses that takes one."""
    loop = asyncio.get_running_loop()
    refusal: OSError | None = None
    try:
        async with asyncio.timeout(within_seconds):
            for family, kind, protocol, _, address in await loop.getaddrinfo(
                host, port, type=socket.SOCK_STREAM
            ):
                connecting = socket.socket(family, kind, protocol)
                try:
                    connecting.setblocking(False)
                    await loop.sock_connect(connecting, address)
                except OSError as error:
                    connecting.close()
                    refusal = error
                except BaseException:
                    connecting.close()
                    raise
                else:
                    return connecting
        raise refusal or socket.gaierror(socket.EAI_NONAME, "no address")
    except TimeoutError:
        raise ConnectTimeout from None
