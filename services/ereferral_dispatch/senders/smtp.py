"""One message to one recipient through an SMTP relay: e-mail, and fax by mail.

Sources: RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 6531 (SMTPUTF8),
docs/contract/dispatch.md#outcomes and docs/contract/dispatch.md#email.
"""

import asyncio
import errno
import re
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import aiosmtplib
from aiosmtplib.errors import SMTPException, SMTPResponseException

from contracts.ereferral import FailureCode
from messaging.wire.tls import verifying_also
from services.ereferral_dispatch.rules.outcome_codes import SmtpCode
from services.ereferral_dispatch.rules.outcomes import (
    Outcome,
    OutcomeUnknown,
    PermanentFailure,
    Sent,
    TransientFailure,
)
from services.ereferral_dispatch.senders.base import PointOfNoReturn
from services.ereferral_dispatch.senders.mail_message import ascii_address
from services.ereferral_dispatch.senders.smtp_relay import SmtpRelay, SmtpSecurity

_GOODBYE_SECONDS = 5.0
# One address and no more: a comma, a bracket or a line's end would make it several, or a command.
_ONE_ADDRESS = re.compile(r"[^\s<>()\[\]\\,;:\"\x00-\x1f\x7f]+@[^\s<>()\\,;\"@\x00-\x1f\x7f]+")
_ENHANCED_CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")


@dataclass(frozen=True, slots=True)
class SmtpTimeouts:
    """How long each step may take: the connection, each reply, the replies to DATA and its end."""

    connect_seconds: float = 5.0
    reply_seconds: float = 20.0
    data_reply_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who it comes from and the one address it goes to, apart from what the message says."""

    mail_from: str
    recipient: str


class SmtpTransport:
    """Hands messages to a relay, one connection each. Holds no state between them.

    `ca_file` (PEM) is trusted beside the system's authorities. With `smtp://` everything goes in
    the clear, whatever the relay offers; with the other schemes nothing but the greeting, EHLO and
    STARTTLS goes out before a verified handshake.
    """

    def __init__(
        self,
        relay: SmtpRelay,
        *,
        timeouts: SmtpTimeouts | None = None,
        ca_file: Path | None = None,
    ) -> None:
        self._relay = relay
        self._timeouts = timeouts or SmtpTimeouts()
        self._tls: ssl.SSLContext | None = None
        if relay.security is not SmtpSecurity.PLAIN:
            self._tls = verifying_also(None if ca_file is None else str(ca_file))

    async def send(
        self, envelope: Envelope, content: bytes, point_of_no_return: PointOfNoReturn
    ) -> Outcome:
        """One attempt: `content`, a whole message, is handed over at most once.

        Any 5xx reply is permanent, that to a login (535) too: the relay answered, and refused. A
        relay that offers no STARTTLS, or no login that we know, is one that its operator can mend:
        transient. AttemptWithdrawn and CancelledError go through, with the connection closed.
        """
        client = _Client(
            hostname=self._relay.host.rstrip("."),  # as a certificate names it
            local_hostname=envelope.mail_from.rpartition("@")[2],
            timeout=self._timeouts.reply_seconds,
            use_tls=self._relay.security is SmtpSecurity.TLS,
            start_tls=False,  # left unset, the client would use TLS only where it is offered
            tls_context=self._tls,
        )
        try:
            outcome = await self._attempt(client, envelope, content, point_of_no_return)
            client.leave()
            return outcome
        finally:
            client.close()

    async def _attempt(
        self,
        client: "_Client",
        envelope: Envelope,
        content: bytes,
        point_of_no_return: PointOfNoReturn,
    ) -> Outcome:
        try:
            await self._open(client)
            await _offer(client, envelope, len(content))
        except _Unusable as unusable:
            return unusable.outcome
        except (SMTPException, OSError) as error:
            return _outcome_before_data(error)
        await point_of_no_return()
        if not client.is_connected:
            return TransientFailure(FailureCode.CONNECTION_LOST, "before DATA")
        return await self._hand_over(client, content)

    async def _open(self, client: "_Client") -> None:
        """Connected, protected as the relay's URL wants it, greeted and logged in."""
        await client.connect(sock=await self._connected_socket())
        await client.ehlo()
        if self._relay.security is SmtpSecurity.STARTTLS:
            if not client.supports_extension("starttls"):
                raise _Unusable(TransientFailure(FailureCode.TLS_FAILED, "STARTTLS not offered"))
            await client.starttls()
            await client.ehlo()  # what was offered in the clear counts for nothing (RFC 3207, 4.2)
        if self._relay.user is not None and self._relay.password is not None:
            await _log_in(client, self._relay.user, self._relay.password)

    async def _connected_socket(self) -> socket.socket:
        """A connection to the first of the relay's addresses that takes one.

        Made here and not by the client, which reports every failure until the greeting alike.
        """
        loop = asyncio.get_running_loop()
        refusal: OSError | None = None
        try:
            async with asyncio.timeout(self._timeouts.connect_seconds):
                for family, kind, protocol, _, address in await loop.getaddrinfo(
                    self._relay.host, self._relay.port, type=socket.SOCK_STREAM
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
            raise _Unusable(TransientFailure(FailureCode.CONNECT_TIMEOUT)) from None

    async def _hand_over(self, client: "_Client", content: bytes) -> Outcome:
        """DATA and the message. From here on, no reply means that nobody knows."""
        try:
            reply = await client.data(content, timeout=self._timeouts.data_reply_seconds)
        except SMTPResponseException as error:
            refusal = _refusal(error.code, error.message)
            return refusal or OutcomeUnknown(FailureCode.NO_ANSWER, f"reply {error.code} to DATA")
        except TimeoutError:
            return OutcomeUnknown(FailureCode.NO_ANSWER)
        except (SMTPException, OSError):
            return OutcomeUnknown(FailureCode.CONNECTION_LOST)
        return Sent(SmtpCode(reply.code))


class _Client(aiosmtplib.SMTP):
    """A client that never lingers: what is not left politely is cut off at once.

    Its base closes by first writing out what is buffered, which a relay that has stopped reading
    holds up for ever.
    """

    def close(self) -> None:
        if self.transport is not None:
            cast(asyncio.WriteTransport, self.transport).abort()
        super().close()

    def leave(self) -> None:
        """QUIT, not waiting for the reply: nothing may come between an outcome and its record."""
        if not self.is_connected:
            return
        transport = cast(asyncio.WriteTransport, self.transport)
        transport.write(b"QUIT\r\n")
        transport.close()
        asyncio.get_running_loop().call_later(_GOODBYE_SECONDS, transport.abort)
        self.transport = None


class _Unusable(Exception):
    """The relay cannot be used for this message, for a reason that is no reply and no OSError."""

    def __init__(self, outcome: TransientFailure | PermanentFailure) -> None:
        self.outcome = outcome


async def _log_in(client: _Client, user: str, password: str) -> None:
    """One try, by PLAIN or else LOGIN: trying every method with a wrong password locks accounts."""
    if "plain" in client.server_auth_methods:
        await client.auth_plain(user, password)
    elif "login" in client.server_auth_methods:
        await client.auth_login(user, password)
    else:
        raise _Unusable(
            TransientFailure(FailureCode.AUTHENTICATION_FAILED, "neither PLAIN nor LOGIN offered")
        )


async def _offer(client: _Client, envelope: Envelope, size: int) -> None:
    """MAIL and RCPT: the relay takes the sender and the recipient."""
    if not _ONE_ADDRESS.fullmatch(envelope.recipient):
        raise _Unusable(PermanentFailure(FailureCode.RECIPIENT_REFUSED, "not an e-mail address"))
    recipient = ascii_address(envelope.recipient)
    options = [f"SIZE={size}"] if client.supports_extension("size") else []
    if recipient is not None:
        await client.mail(envelope.mail_from, options=options)
        await client.rcpt(recipient)
        return
    if not client.supports_extension("smtputf8"):
        raise _Unusable(PermanentFailure(FailureCode.RECIPIENT_REFUSED, "SMTPUTF8 not offered"))
    options += ["BODY=8BITMIME", "SMTPUTF8"]
    await client.mail(envelope.mail_from, options=options, encoding="utf-8")
    await client.rcpt(envelope.recipient, encoding="utf-8")


def _refusal(code: int, message: str) -> TransientFailure | PermanentFailure | None:
    """What a reply of 4xx or 5xx means; None for any other.

    Of its text only the enhanced status code (RFC 3463) is kept: the rest may quote the message.
    """
    enhanced = _ENHANCED_CODE.match(message)
    detail = enhanced[0] if enhanced else None
    if 400 <= code <= 499:
        return TransientFailure(SmtpCode(code), detail)
    if 500 <= code <= 599:
        return PermanentFailure(SmtpCode(code), detail)
    return None


def _outcome_before_data(error: SMTPException | OSError) -> Outcome:
    """What a failure means as long as nothing of the message has left."""
    if isinstance(error, SMTPResponseException):
        refusal = _refusal(error.code, error.message)
        return refusal or TransientFailure(FailureCode.NO_ANSWER, "not a reply of SMTP")
    # The client wraps what the socket or TLS raised, but not everywhere.
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    match cause:
        case ssl.SSLCertVerificationError():
            return PermanentFailure(FailureCode.CERTIFICATE_INVALID, cause.verify_message)
        case ssl.SSLError():
            return TransientFailure(FailureCode.TLS_FAILED, cause.reason)
        case socket.gaierror():
            return TransientFailure(FailureCode.NAME_NOT_RESOLVED)
        case ConnectionRefusedError():
            return TransientFailure(FailureCode.CONNECT_REFUSED)
        case TimeoutError():
            return TransientFailure(FailureCode.TIMED_OUT)
        case ConnectionError():
            return TransientFailure(FailureCode.CONNECTION_LOST)
        case OSError():
            name = errno.errorcode.get(cause.errno or 0)
            return TransientFailure(FailureCode.NETWORK_UNREACHABLE, name)
    raise error
