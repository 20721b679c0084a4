"""One message to one recipient through an SMTP relay: e-mail, and fax by mail.

Sources: RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 6531 (SMTPUTF8),
docs/contract/dispatch.md#outcomes and docs/contract/dispatch.md#email.
"""

import errno
import re
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from aiosmtplib.errors import SMTPException, SMTPResponseException

from contracts.ereferral import FailureCode
from messaging.wire.tls import verifying_also
from services.ereferral_dispatch.rules.outcome_codes import SmtpCode
from services.ereferral_dispatch.rules.outcomes import (
    Outcome,
    OutcomeUnknown,
    PermanentFailure,
    RelayUnusable,
    Sent,
    TransientFailure,
)
from services.ereferral_dispatch.senders.base import PointOfNoReturn
from services.ereferral_dispatch.senders.mail_message import ascii_address
from services.ereferral_dispatch.senders.smtp_relay import SmtpRelay, SmtpSecurity
from services.ereferral_dispatch.senders.smtp_session import (
    ConnectTimeout,
    NotOffered,
    SmtpSession,
    SmtpTimeouts,
)

# One address and no more: a comma, a bracket or a line's end would make it several, or a command.
_ONE_ADDRESS = re.compile(r"[^\s<>()\[\]\\,;:\"\x00-\x1f\x7f]+@[^\s<>()\\,;\"@\x00-\x1f\x7f]+")
_SOMETHING_FIRST = 530
_ENHANCED_CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")


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
        self,
        envelope: Envelope,
        content: bytes,
        point_of_no_return: PointOfNoReturn,
        *,
        utf8_content: bytes | None = None,
    ) -> Outcome:
        """One attempt: `content`, a whole message, is handed over at most once.

        `utf8_content`, where it is given, goes instead to a relay that offers SMTPUTF8.

        What goes wrong before MAIL is the relay's fault or ours, and RelayUnusable whatever it is:
        a connection, a certificate, a reply of 4xx or 5xx to the login. So is 530 to MAIL or
        RCPT: STARTTLS or a login must come first. AttemptWithdrawn and CancelledError go through,
        with the connection closed.
        """
        if not _ONE_ADDRESS.fullmatch(envelope.recipient):
            return PermanentFailure(FailureCode.RECIPIENT_REFUSED, "not an e-mail address")
        session = await self._opened(envelope.mail_from)
        if isinstance(session, RelayUnusable):
            return session
        try:
            outcome = await self._attempt(
                session, envelope, content, utf8_content, point_of_no_return
            )
            session.leave()
            return outcome
        finally:
            session.close()

    async def probe(self, mail_from: str) -> RelayUnusable | None:
        """Whether the relay takes us: why not, or None. Sends nothing.

        MAIL and RCPT, of our own address to itself, show whether they are answered 530; what else
        is said to them is about that address.
        """
        session = await self._opened(mail_from)
        if isinstance(session, RelayUnusable):
            return session
        try:
            await session.offer(mail_from, mail_from, 0)
            await session.reset()
        except SMTPResponseException as error:
            outcome = _outcome_before_data(error)
            return outcome if isinstance(outcome, RelayUnusable) else None
        except (SMTPException, OSError) as error:
            return _why_unusable(error)
        finally:
            session.leave()
            session.close()
        return None

    async def _attempt(
        self,
        session: SmtpSession,
        envelope: Envelope,
        content: bytes,
        utf8_content: bytes | None,
        point_of_no_return: PointOfNoReturn,
    ) -> Outcome:
        recipient = ascii_address(envelope.recipient)
        utf8 = session.offers("smtputf8")
        if recipient is None and not utf8:
            return PermanentFailure(FailureCode.RECIPIENT_REFUSED, "SMTPUTF8 not offered")
        utf8 = utf8 and (recipient is None or utf8_content is not None)
        if utf8 and utf8_content is not None:
            content = utf8_content
        try:
            await session.offer(
                envelope.mail_from, recipient or envelope.recipient, len(content), utf8=utf8
            )
        except (SMTPException, OSError) as error:
            return _outcome_before_data(error)
        await point_of_no_return()
        if not session.is_connected:
            return TransientFailure(FailureCode.CONNECTION_LOST, "before DATA")
        return await _hand_over(session, content)

    async def _opened(self, mail_from: str) -> SmtpSession | RelayUnusable:
        """A session as far as MAIL, or why there is none."""
        relay = self._relay
        tls = self._tls if relay.security is SmtpSecurity.TLS else None
        try:
            session = await SmtpSession.connect(relay.host, relay.port, self._timeouts, tls)
        except (ConnectTimeout, SMTPException, OSError) as error:
            return _why_unusable(error)
        try:
            await self._log_in(session, mail_from.rpartition("@")[2])
        except (_Unusable, SMTPException, OSError) as error:
            session.leave()
            session.close()
            return _why_unusable(error)
        except BaseException:
            session.close()
            raise
        return session

    async def _log_in(self, session: SmtpSession, our_name: str) -> None:
        """Protected as the relay's URL wants it, greeted and logged in."""
        relay = self._relay
        await session.greet(our_name)
        if relay.security is SmtpSecurity.STARTTLS and self._tls is not None:
            if not session.offers("starttls"):
                raise _Unusable(FailureCode.TLS_FAILED, "STARTTLS not offered")
            await session.start_tls(self._tls, relay.host)
            await session.greet(our_name)
        if relay.user is not None and relay.password is not None:
            try:
                await session.log_in(relay.user, relay.password)
            except NotOffered as lacking:
                raise _Unusable(FailureCode.AUTHENTICATION_FAILED, str(lacking)) from None


class _Unusable(Exception):
    """The relay cannot be used, for a reason that is no reply and no OSError."""

    def __init__(self, code: FailureCode, detail: str) -> None:
        self.code = code
        self.detail = detail


async def _hand_over(session: SmtpSession, content: bytes) -> Outcome:
    """DATA and the message. From here on, no reply means that nobody knows."""
    try:
        reply = await session.hand_over(content)
    except SMTPResponseException as error:
        refusal = _refusal(error.code, error.message)
        return refusal or OutcomeUnknown(FailureCode.NO_ANSWER, f"reply {error.code} to DATA")
    except TimeoutError:
        return OutcomeUnknown(FailureCode.NO_ANSWER)
    except (SMTPException, OSError):
        return OutcomeUnknown(FailureCode.CONNECTION_LOST)
    return Sent(SmtpCode(reply.code))


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


def _why_unusable(
    error: _Unusable | ConnectTimeout | SMTPException | OSError,
) -> RelayUnusable:
    """What a failure before MAIL says of the relay."""
    match error:
        case _Unusable():
            return RelayUnusable(error.code, error.detail)
        case ConnectTimeout():
            return RelayUnusable(FailureCode.CONNECT_TIMEOUT)
    outcome = _outcome_before_data(error)
    return RelayUnusable(outcome.code, outcome.detail)


def _outcome_before_data(
    error: SMTPException | OSError,
) -> TransientFailure | PermanentFailure | RelayUnusable:
    """What a failure means as long as nothing of the message has left.

    530 is never about a partner: STARTTLS must come first (RFC 3207, section 4), or a login (RFC
    4954, section 6), and the command was not looked at.
    """
    if isinstance(error, SMTPResponseException):
        refusal = _refusal(error.code, error.message)
        if refusal is not None and error.code == _SOMETHING_FIRST:
            return RelayUnusable(refusal.code, refusal.detail)
        return refusal or TransientFailure(FailureCode.NO_ANSWER, "not a reply of SMTP")
    # The library wraps what the socket or TLS raised, but not everywhere.
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
