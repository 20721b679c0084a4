"""Workers that are killed, frozen and stopped while they send, and partners that let it happen."""

import asyncio
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import trustme

from messaging.replies.client import Client, open_client
from services.ereferral_dispatch.settings import DispatchSettings
from tests.support.database.urls import plain_url
from tests.support.partners.portal import Portal
from tests.support.partners.relay import Relay, scripted_relay
from tests.support.services.dispatch import (
    MAIL_FROM,
    SIGNING_KEY,
    Dispatch,
    Org,
    dispatch_settings,
    eventually,
    migrated,
    new_partner,
    running_dispatch,
)
from tests.support.services.dispatch_events import Heard, heard_by
from tests.support.services.process import RunningService, running_service
from tests.support.tls_front import TlsFront, tls_front


@dataclass(frozen=True)
class Scene:
    """Servers, partners and a listener; workers come and go.

    `secured` is the portal over TLS, and gives its first connection no handshake.
    """

    settings: DispatchSettings
    heard: Heard
    portal: Portal
    mail: Relay
    secured: TlsFront
    database: asyncpg.Connection

    @asynccontextmanager
    async def victim(self) -> AsyncIterator[RunningService]:
        """A replica in a process of its own. It is ended, if it still runs, when this is left."""
        starting = running_service("ereferral-dispatch", self.environment())
        # In a thread: the partners in this one must go on, and connections keep their heartbeat.
        service = await asyncio.to_thread(starting.__enter__)
        try:
            yield service
        finally:
            self.portal.let_all_go()
            self.mail.let_all_go()
            await asyncio.to_thread(starting.__exit__, *sys.exc_info())

    @asynccontextmanager
    async def survivor(self) -> AsyncIterator[Dispatch]:
        """A replica in this process, with a client."""
        async with (
            running_dispatch(self.settings) as service,
            open_client(self.settings.rabbitmq_url) as client,
        ):
            yield Dispatch(
                service,
                client,
                self.heard,
                self.portal,
                self.mail,
                self.database,
                self.settings,
            )

    @asynccontextmanager
    async def org(self) -> AsyncIterator[Org]:
        """An org and its own client."""
        async with open_client(self.settings.rabbitmq_url) as client:
            yield self.org_of(client)

    def org_of(self, client: Client, like: Org | None = None) -> Org:
        """A new org, or one that was there before, with another client."""
        org = Org(client, self.database)
        if like is not None:
            org.id = like.id
        return org

    async def expire_leases(self) -> None:
        """Every attempt that is open now has lost its lease, as if it were that much later."""
        await self.database.execute(
            "UPDATE ereferral_dispatch.attempt SET lease_until = now() - interval '1 second' "
            "WHERE finished_at IS NULL AND lease_until IS NOT NULL"
        )

    async def until_all_end(self) -> None:
        """Wait until nothing is under way or due any more."""
        waiting = "SELECT count(*) FROM ereferral_dispatch.ereferral WHERE due_at IS NOT NULL"
        running = "OR status = 'in_progress'"
        async with asyncio.timeout(60):
            while await self.database.fetchval(f"{waiting} {running}"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    def environment(self) -> dict[str, str]:
        """The settings as a process reads them."""
        settings = self.settings
        return {
            "DISPATCH_DATABASE_URL": settings.database_url,
            "DISPATCH_RABBITMQ_URL": settings.rabbitmq_url,
            "DISPATCH_SIGNING_KEY": SIGNING_KEY,
            "DISPATCH_ALLOW_HTTP": "true",
            "DISPATCH_EGRESS_ALLOW": "127.0.0.0/8",
            "DISPATCH_RETRY_SCHEDULE_SECONDS": "0.05,0.1",
            "DISPATCH_ATTEMPT_TIMEOUT_SECONDS": str(settings.attempt_timeout_seconds),
            "DISPATCH_SMTP_URL": self.mail.url,
            "DISPATCH_MAIL_FROM": MAIL_FROM,
            "DISPATCH_PORTAL_CA_FILE": str(settings.portal_ca_file),
            **({"DISPATCH_PUBLIC_URL": settings.public_url} if settings.public_url else {}),
        }


@asynccontextmanager
async def fault_scene(
    database_url: str, rabbitmq_url: str, folder: Path, **settings: Any
) -> AsyncIterator[Scene]:
    """All of it but the workers."""
    async with AsyncExitStack() as stack:
        await migrated(database_url)
        database = await asyncpg.connect(plain_url(database_url))
        stack.push_async_callback(database.close)
        portal = await stack.enter_async_context(Portal())
        mail = await stack.enter_async_context(scripted_relay())
        authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(tls)
        ca_file = folder / "ca.pem"
        authority.cert_pem.write_to_path(ca_file)
        secured = await stack.enter_async_context(tls_front(portal.port, tls, ignored=1))
        chosen = dispatch_settings(
            database_url,
            rabbitmq_url,
            **{
                "smtp_url": mail.url,
                "portal_ca_file": ca_file,
                "attempt_timeout_seconds": 60.0,
                **settings,
            },
        )
        heard = await stack.enter_async_context(heard_by(rabbitmq_url, database))
        yield Scene(chosen, heard, portal, mail, secured, database)


async def until_logged(service: RunningService, event: str, ereferral_id: str) -> None:
    """Wait until the process has logged that about an e-referral."""
    await eventually(
        lambda: any(
            line["event"] == event and line.get("ereferral_id") == ereferral_id
            for line in service.log_lines()
        )
    )


def by_mail(step: str, **fields: Any) -> dict[str, Any]:
    """A new partner whom only that mailbox reaches, by the step that it is about."""
    return new_partner(email=f"{step}@partner.example", **fields)
