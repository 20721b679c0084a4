"""Whether the mail relay is there, as a sender would find it."""

import asyncio
import ssl

from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPException

from messaging.wire.tls import why_lost
from ops.environment import CannotGoOn
from services.ereferral_dispatch.senders.smtp_relay import SmtpSecurity, parse_smtp_url

CHECK_TIMEOUT_SECONDS = 10.0


async def check_mail_relay(url: str, ca_file: str | None = None) -> str:
    """Greet the mail relay, with TLS and login as its URL says, and send nothing.

    Raises CannotGoOn, which names the variable.
    """
    try:
        relay = parse_smtp_url(url)
    except ValueError as error:
        raise CannotGoOn(f"DISPATCH_SMTP_URL: {error}") from None
    at = f"{relay.host}:{relay.port}"
    client = SMTP(
        hostname=relay.host,
        port=relay.port,
        timeout=CHECK_TIMEOUT_SECONDS,
        use_tls=relay.security is SmtpSecurity.TLS,
        start_tls=relay.security is SmtpSecurity.STARTTLS,
        cert_bundle=ca_file,
    )
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
            await client.connect()
            if relay.user is not None and relay.password is not None:
                await client.login(relay.user, relay.password)
            await client.quit()
    except (SMTPException, OSError, ssl.SSLError) as error:
        raise CannotGoOn(
            f"DISPATCH_SMTP_URL: no relay to be used at {at} ({why_lost(error)})"
        ) from None
    finally:
        client.close()
    return f"{relay.security} at {at} answers"
