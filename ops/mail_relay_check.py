"""The mail relay as a sender would find it, and as the service's replicas have found it."""

import asyncio
from pathlib import Path

from contracts.values import format_time
from messaging.running.settings import SettingError
from ops.catalogue import ServiceName
from ops.environment import CannotGoOn
from ops.system_role import Database, find_database
from services.ereferral_dispatch.delivery.relay_holds import find_relay
from services.ereferral_dispatch.rules.relay_hold import hold_in_words
from services.ereferral_dispatch.senders.smtp import SmtpTransport
from services.ereferral_dispatch.senders.smtp_relay import SmtpRelay, parse_smtp_url

CHECK_TIMEOUT_SECONDS = 30.0
_OUR_ADDRESS = "doctor@localhost"


def relay_of(url: str) -> SmtpRelay:
    """The relay of DISPATCH_SMTP_URL. Raises CannotGoOn, which names the variable."""
    try:
        return parse_smtp_url(url)
    except ValueError as error:
        raise CannotGoOn(f"DISPATCH_SMTP_URL: {error}") from None


def check_mail_relay(
    relay: SmtpRelay, ca_file: str | None = None, mail_from: str | None = None
) -> str:
    """Greet the relay, with TLS and login as its URL says, and send nothing.

    Raises CannotGoOn, which names the variable.
    """

    async def probe() -> str | None:
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
                unusable = await transport.probe(mail_from or _OUR_ADDRESS)
        except TimeoutError:
            return f"no answer within {CHECK_TIMEOUT_SECONDS:g} s"
        if unusable is None:
            return None
        code = str(unusable.code)
        return code if unusable.detail is None else f"{code}: {unusable.detail}"

    try:
        transport = SmtpTransport(relay, ca_file=Path(ca_file) if ca_file else None)
    except OSError:
        raise CannotGoOn("DISPATCH_SMTP_CA_FILE: cannot be read as PEM certificates") from None
    why = asyncio.run(probe())
    if why is not None:
        raise CannotGoOn(f"DISPATCH_SMTP_URL: {relay.name} cannot be used ({why})")
    return f"{relay.name} takes us"


def relay_hold(relay: SmtpRelay) -> str | None:
    """How the relay is held, in one line; None where it is not, or the database cannot say."""
    try:
        database = find_database(ServiceName.EREFERRAL_DISPATCH)
        with database.telling_why():
            return asyncio.run(_look(database, relay))
    except (CannotGoOn, SettingError):
        return None  # Whoever looks at the database says what is wrong with it.


async def _look(database: Database, relay: SmtpRelay) -> str | None:
    async with database.engine("doctor") as engine:
        row = await find_relay(engine, relay.name)
    if row is None or row.held_at is None or row.code is None:
        return None
    return f"{relay.name} is " + hold_in_words(format_time(row.held_at), row.code, row.detail)
