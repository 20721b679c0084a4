"""A real SMTP relay, aiosmtpd, on loopback."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


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
