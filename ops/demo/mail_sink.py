"""A mail relay that keeps what it is given: every mail of the demo ends here, or is refused."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from ops.environment import CannotGoOn

LARGEST_MAIL_BYTES = 32 * 1024 * 1024


class MailSink:
    """The mail relay. `url` is its SMTP URL, `mails` what came, each with whom it was for.

    It takes nothing for those whom it `refuses`: nobody has that address, it says.
    """

    def __init__(self, refuses: Collection[str]) -> None:
        self.url = ""
        self.refuses = refuses
        self.mails: list[tuple[str, EmailMessage]] = []

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Called by aiosmtpd for each recipient, under this name."""
        if address in self.refuses:
            return "550 5.1.1 nobody has this address"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Called by aiosmtpd for each mail, under this name."""
        mail = BytesParser(EmailMessage, policy=policy.default).parsebytes(envelope.content)
        self.mails += [(recipient, mail) for recipient in envelope.rcpt_tos]
        return "250 2.0.0 kept"

    def letters_for(self, address: str) -> list[bytes | None]:
        """The PDF of each mail for an address; None where one has none attached."""
        return [_letter_in(mail) for recipient, mail in self.mails if recipient == address]


def _letter_in(mail: EmailMessage) -> bytes | None:
    for part in mail.iter_attachments():
        if part.get_content_type() == "application/pdf":
            content: bytes = part.get_content()
            return content
    return None


@asynccontextmanager
async def mail_sink(refuses: Collection[str]) -> AsyncIterator[MailSink]:
    """A mail relay on a free port of 127.0.0.1 until the block is left. Raises CannotGoOn."""
    try:
        from aiosmtpd.smtp import SMTP
    except ImportError:
        raise CannotGoOn(
            "The demo's mail relay needs the development dependencies: run make setup"
        ) from None
    sink = MailSink(refuses)

    def connected() -> asyncio.BaseProtocol:
        protocol: asyncio.BaseProtocol = SMTP(
            sink, hostname="localhost", data_size_limit=LARGEST_MAIL_BYTES, enable_SMTPUTF8=True
        )
        return protocol

    server = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", 0)
    async with server:
        sink.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield sink
