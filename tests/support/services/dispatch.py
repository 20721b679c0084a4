"""The dispatch service in this process, an org that talks to it, and what it publishes."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import asyncpg
from pydantic import SecretStr

from contracts.operations import Service as Name
from contracts.shapes import Reference
from messaging.replies.client import Client, Reply, open_client
from messaging.running.service import Service
from services.ereferral_dispatch.app import build
from services.ereferral_dispatch.delivery import worker
from services.ereferral_dispatch.home import MIGRATIONS
from services.ereferral_dispatch.settings import DispatchSettings
from tests.support.database.migrated import newest_schema
from tests.support.database.urls import plain_url
from tests.support.partners.portal import Portal, Step
from tests.support.partners.relay import LOSE_AFTER_DATA, Relay, scripted_relay
from tests.support.samples.packages import sample_package, sample_partner, sample_referral
from tests.support.schemas import as_shipped
from tests.support.services.dispatch_events import Heard, heard_by
from tests.support.services.exchanges import exchange_of
from tests.support.waiting import until

READY_WITHIN_SECONDS = 30.0
SETTLED_WITHIN_SECONDS = 30.0
SWEEP_EVERY_SECONDS = 0.2
SIGNING_KEY = "test-signing-key"
MAIL_FROM = "referrals@handoff.example"
PHONE = "+12025550111"
_MARK = "test.mark"
_STATUS = "SELECT status FROM ereferral_dispatch.ereferral WHERE org_id = $1 AND id = $2"


async def migrated(database_url: str) -> str:
    """The same URL, its database brought to the newest revision of dispatch."""
    return await newest_schema(database_url, MIGRATIONS)


async def eventually(
    check: Callable[[], Any], within_seconds: float = SETTLED_WITHIN_SECONDS
) -> None:
    """Wait until it holds. Fails when it does not in time."""
    await until(lambda: bool(check()), within_seconds)


def dispatch_settings(database_url: str, rabbitmq_url: str, **settings: Any) -> DispatchSettings:
    """Settings that may reach loopback, with short waits; `settings` say otherwise."""
    return DispatchSettings(
        **{
            "database_url": database_url,
            "rabbitmq_url": rabbitmq_url,
            "http_port": 0,
            "signing_key": SecretStr(SIGNING_KEY),
            "allow_http": True,
            "egress_allow": (IPv4Network("127.0.0.0/8"),),
            "retry_schedule_seconds": (0.05, 0.1),
            "attempt_timeout_seconds": 10.0,
            "hold_over_seconds": 600.0,
            "probe_every_seconds": 0.3,
            "mail_from": MAIL_FROM,
            **settings,
        }
    )


@asynccontextmanager
async def running_dispatch(settings: DispatchSettings) -> AsyncIterator[Service]:
    """One replica in this event loop, from ready until stopped; the database is migrated before.

    It sweeps five times a second, so that nobody waits five seconds for what is held or lost.
    """
    service = build(settings)
    stop = asyncio.Event()
    with patch.object(worker, "SWEEP_EVERY_SECONDS", SWEEP_EVERY_SECONDS):
        running = asyncio.create_task(service.run(stop))
        try:
            async with asyncio.timeout(READY_WITHIN_SECONDS):
                while not service.health.ready:
                    assert not running.done(), "the service ended at its start"
                    await asyncio.sleep(0.01)
            yield service
        finally:
            stop.set()
            await running


def refusal(answered: Reply) -> tuple[int, str]:
    """Status and problem code of a reply that refuses."""
    assert answered.problem is not None, answered
    return answered.status, answered.problem["code"]


def new_partner(**fields: Any) -> dict[str, Any]:
    """Fields of a partner nobody else uses, with no address but those given."""
    nowhere = {"ereferral_endpoint": None, "email": None, "fax": None, "phone": None}
    return {"id": uuid4(), **nowhere, **fields}


class Org:
    """One org's requests to dispatch."""

    def __init__(self, client: Client, database: asyncpg.Connection) -> None:
        self.id = f"org_{secrets.token_hex(6)}"
        self._client = client
        self._database = database

    async def ask(
        self,
        operation: str,
        *,
        message_id: UUID | None = None,
        headers: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> Reply:
        """Send the operation and await its reply, which keeps to its schema."""
        answered = await self._client.call(
            exchange_of(operation, Name.EREFERRAL_DISPATCH),
            operation,
            {"org_id": self.id, **fields},
            message_id=message_id,
            headers=headers,
        )
        return as_shipped(operation, answered)

    def package(
        self,
        partner: Mapping[str, Any],
        *,
        dispatch_uuid: str | None = None,
        referral_uuid: UUID | None = None,
    ) -> dict[str, Any]:
        """The fields of `ereferral.dispatch`: the sample package to that partner."""
        receiver = sample_partner(**partner)
        referral = sample_referral(
            id=referral_uuid or uuid4(),
            referral_partner=Reference(uuid=receiver.id, name="Alex Example"),
        )
        fields: dict[str, Any] = json.loads(
            sample_package(partner=receiver, referral=referral).to_json()
        )
        del fields["org_id"]
        return {**fields, "dispatch_uuid": dispatch_uuid or str(uuid4())}

    async def dispatch(self, partner: Mapping[str, Any], **given: Any) -> str:
        """Dispatch a referral to that partner and return the e-referral's id."""
        package = self.package(partner, **given)
        answered = await self.ask("ereferral.dispatch", **package)
        assert answered.status == 202, answered
        return str(package["dispatch_uuid"])

    async def get(self, ereferral_id: str) -> dict[str, Any]:
        """The e-referral with its attempts."""
        answered = await self.ask("ereferral.get", ereferral_uuid=ereferral_id)
        assert answered.status == 200, answered
        data: dict[str, Any] = answered.data
        return data

    async def cancel(self, ereferral_id: str) -> Reply:
        """Cancel an e-referral."""
        return await self.ask("ereferral.cancel", ereferral_uuid=ereferral_id, reason="Moved away")

    async def act(self, operation: str, ereferral_id: str, **fields: Any) -> Reply:
        """What staff does with it as it is now: `base_version` is its present version."""
        version = (await self.get(ereferral_id))["version"]
        return await self.ask(
            operation, ereferral_uuid=ereferral_id, base_version=version, **fields
        )

    async def awaiting_call(self, **partner: Any) -> str:
        """An e-referral whose partner is to be called."""
        called = {"phone": PHONE, "preferred_contact_method": "phone", **partner}
        ereferral = await self.dispatch(new_partner(**called))
        await self.until(ereferral, "awaiting_call")
        return ereferral

    async def until(self, ereferral_id: str, *statuses: str) -> dict[str, Any]:
        """Wait until it is in one of these statuses and show it."""
        await self.reaches(ereferral_id, *statuses)
        return await self.get(ereferral_id)

    async def reaches(self, ereferral_id: str, *statuses: str) -> None:
        """Wait until it is in one of these statuses, asking the database alone."""
        status = None
        try:
            async with asyncio.timeout(SETTLED_WITHIN_SECONDS):
                while status not in statuses:
                    await asyncio.sleep(0.02)
                    status = await self._database.fetchval(_STATUS, self.id, UUID(ereferral_id))
        except TimeoutError:
            raise AssertionError(f"it is {status} and not {' or '.join(statuses)}") from None


@dataclass(frozen=True)
class Dispatch:
    """A running replica on servers of its own, with partners, a client and a listener."""

    service: Service
    client: Client
    heard: Heard
    portal: Portal
    mail: Relay
    database: asyncpg.Connection
    settings: DispatchSettings

    def org(self) -> Org:
        """A new org."""
        return Org(self.client, self.database)

    def at_portal(self, path: str, *steps: Step, **fields: Any) -> dict[str, Any]:
        """A new partner with a portal at that path, which follows the script if there is one."""
        if steps:
            self.portal.script(path, *steps)
        return new_partner(ereferral_endpoint=self.portal.endpoint(path), **fields)

    async def unknown(self, org: Org, address: str, **partner: Any) -> str:
        """An e-referral whose first mail was lost after its DATA; a second one is taken."""
        self.mail.script(address, LOSE_AFTER_DATA, "250 ok")
        ereferral = await org.dispatch(new_partner(email=address, **partner))
        await org.until(ereferral, "outcome_unknown")
        return ereferral

    async def execute(self, statement: str, *arguments: Any) -> None:
        """A statement as the superuser, in the service's schema."""
        await self.database.execute("SET search_path TO ereferral_dispatch")
        await self.database.execute(statement, *arguments)


@asynccontextmanager
async def dispatching(
    database_url: str, rabbitmq_url: str, **settings: Any
) -> AsyncIterator[Dispatch]:
    """All of it: migrations, a portal, a relay, one replica, a client, a listener."""
    async with AsyncExitStack() as stack:
        await migrated(database_url)
        database = await asyncpg.connect(plain_url(database_url))
        stack.push_async_callback(database.close)
        portal = await stack.enter_async_context(Portal())
        mail = await stack.enter_async_context(scripted_relay())
        chosen = dispatch_settings(database_url, rabbitmq_url, **{"smtp_url": mail.url, **settings})
        service = await stack.enter_async_context(running_dispatch(chosen))
        # Before the service stops: it waits for what it is sending.
        stack.callback(mail.let_all_go)
        stack.callback(portal.let_all_go)
        heard = await stack.enter_async_context(heard_by(rabbitmq_url, database))
        client = await stack.enter_async_context(open_client(rabbitmq_url))
        yield Dispatch(service, client, heard, portal, mail, database, chosen)
