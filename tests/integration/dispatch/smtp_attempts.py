"""One attempt to hand a message to a relay on loopback."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from services.ereferral_dispatch.rules.outcomes import Outcome
from services.ereferral_dispatch.senders.email import parse_smtp_url
from services.ereferral_dispatch.senders.smtp import Envelope, SmtpTransport
from services.ereferral_dispatch.senders.smtp_session import SmtpTimeouts

FROM = "referrals@handoff.example"
TO = "desk@partner.example"
LETTER = b"Subject: letter\r\n\r\n" + b"The patient is Sample Patient.\r\n.dotted\r\n" * 3_000
QUICK = SmtpTimeouts(connect_seconds=1.0, reply_seconds=1.0, end_of_data_seconds=1.0)
BEFORE_MAIL = ("greeting", "EHLO")
BEFORE_DATA = (*BEFORE_MAIL, "MAIL", "RCPT")


async def go() -> None:
    """A point of no return that lets everything pass."""


async def attempt(
    port: int,
    *,
    host: str = "127.0.0.1",
    scheme: str = "smtp",
    to: str = TO,
    user_info: str = "",
    timeouts: SmtpTimeouts = QUICK,
    ca_file: Path | None = None,
    point_of_no_return: Callable[[], Awaitable[None]] = go,
) -> Outcome:
    relay = parse_smtp_url(f"{scheme}://{user_info}{host}:{port}")
    transport = SmtpTransport(relay, timeouts=timeouts, ca_file=ca_file)
    return await transport.send(Envelope(FROM, to), LETTER, point_of_no_return)
