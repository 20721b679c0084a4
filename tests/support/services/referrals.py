"""The referrals service in this process, an org that talks to it, and what it publishes."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiormq
import asyncpg
from aiormq import spec
from aiormq.abc import DeliveredMessage

from contracts.operations import Service as Name
from messaging.replies.client import Client, Reply, listen, open_client
from messaging.running.service import Service
from services.referrals.app import build
from services.referrals.home import MIGRATIONS
from services.referrals.settings import ReferralsSettings
from tests.support.database.migrated import newest_schema
from tests.support.database.urls import plain_url
from tests.support.schemas import as_shipped, event_as_shipped
from tests.support.services.exchanges import exchange_of
from tests.support.services.published import Published
from tests.support.waiting import until

READY_WITHIN_SECONDS = 20.0
SETTLED_WITHIN_SECONDS = 20.0
_MARK = "test.mark"


async def migrated(database_url: str) -> str:
    """The same URL, its database brought to the newest revision of referrals."""
    return await newest_schema(database_url, MIGRATIONS)


def new_org_id() -> str:
    """An org that nobody else uses."""
    return f"org_{secrets.token_hex(6)}"


@asynccontextmanager
async def running_referrals(
    database_url: str, rabbitmq_url: str, **settings: Any
) -> AsyncIterator[Service]:
    """One replica in this event loop, from ready until stopped; the database is migrated before."""
    service = build(
        ReferralsSettings(
            database_url=database_url, rabbitmq_url=rabbitmq_url, http_port=0, **settings
        )
    )
    stop = asyncio.Event()
    running = asyncio.create_task(service.run(stop))
    try:
        await until(lambda: service.health.ready or running.done(), READY_WITHIN_SECONDS)
        assert not running.done(), "the service ended at its start"
        yield service
    finally:
        stop.set()
        await running


class Org:
    """One org's requests. Each method that makes a thing returns the reply's `data`."""

    def __init__(self, client: Client, org_id: str | None = None) -> None:
        self.id = org_id or new_org_id()
        self._client = client

    async def ask(
        self,
        operation: str,
        *,
        message_id: Any = None,
        headers: Any = None,
        user_id: Any = None,
        **fields: Any,
    ) -> Reply:
        """Send the operation with these fields and await its reply, which keeps to its schema.

        `message_id` is a UUID or None, `headers` a mapping or None, `user_id` a text or None;
        fields come by `**`, which a type checker takes for any keyword.
        """
        answered = await self._client.call(
            exchange_of(operation, Name.REFERRALS),
            operation,
            {"org_id": self.id, **fields},
            message_id=message_id,
            headers=headers,
            user_id=user_id,
        )
        return as_shipped(operation, answered)

    async def _made(self, operation: str, status: int, **fields: Any) -> dict[str, Any]:
        answered = await self.ask(operation, **fields)
        assert answered.status == status, answered
        data: dict[str, Any] = answered.data
        return data

    async def partner(self, **fields: Any) -> dict[str, Any]:
        """A new partner: the provider Ann Archer unless `fields` say otherwise."""
        given = {"first_name": "Ann", "last_name": "Archer", **fields}
        return await self._made("referral_partner.create", 201, **given)

    async def ereferral_partner(self, **fields: Any) -> dict[str, Any]:
        """A new partner that accepts e-referrals at a portal."""
        portal = {"accepts_ereferral": True, "ereferral_endpoint": "https://portal.example/fhir"}
        return await self.partner(**{**portal, **fields})

    async def patient(self, **fields: Any) -> dict[str, Any]:
        """A patient as just put."""
        given = {
            "patient_uuid": str(uuid4()),
            "name": "Paul Pace",
            "observed_at": "2026-01-05T08:00:00Z",
            **fields,
        }
        return await self._made("patient.put", 200, **given)

    async def provider(self, **fields: Any) -> dict[str, Any]:
        """A provider as just put."""
        given = {
            "provider_uuid": str(uuid4()),
            "name": "Dr. Rose Rand",
            "observed_at": "2026-01-05T08:00:00Z",
            **fields,
        }
        return await self._made("provider.put", 200, **given)

    async def contact(self, **fields: Any) -> dict[str, Any]:
        """A contact as just put, linked to nobody unless `fields` say otherwise."""
        given = {
            "contact_uuid": str(uuid4()),
            "name": "Pace household",
            "observed_at": "2026-01-05T08:00:00Z",
            **fields,
        }
        return await self._made("contact.put", 200, **given)

    async def contact_referral(self, **fields: Any) -> dict[str, Any]:
        """A contact referral of two contacts, who are made where `fields` name none."""
        given = dict(fields)
        for name in ("contact_uuid", "referred_to_uuid"):
            if name not in given:
                given[name] = (await self.contact())["id"]
        return await self._made("contact_referral.create", 201, **given)

    async def practice(self, **fields: Any) -> dict[str, Any]:
        """The practice as just put, in the United States if nothing else is said."""
        named = {"name": "Main Street Dental", "country": "US"}
        given = {**named, "observed_at": "2026-01-05T08:00:00Z", **fields}
        return await self._made("practice.put", 200, **given)

    async def referral(self, **fields: Any) -> dict[str, Any]:
        """A draft for a patient and a partner, which are made where `fields` name none."""
        given = {"reason": "Root canal of tooth 14", **fields}
        if "patient_uuid" not in given:
            given["patient_uuid"] = (await self.patient())["id"]
        if "referral_partner_uuid" not in given:
            given["referral_partner_uuid"] = (await self.ereferral_partner())["id"]
        return await self._made("referral.create", 201, **given)

    async def sent_referral(self, **fields: Any) -> dict[str, Any]:
        """A referral that was sent; the org's practice is put before."""
        await self.practice()
        draft = await self.referral(**fields)
        return await self._made(
            "referral.send", 202, referral_uuid=draft["id"], base_version=draft["version"]
        )


@dataclass(frozen=True)
class Said:
    """One message that the service published."""

    message: DeliveredMessage
    body: dict[str, Any]

    @property
    def properties(self) -> spec.Basic.Properties:
        return self.message.header.properties


class Heard:
    """What the service has published on `referrals.events` and `ereferral_dispatch.commands`."""

    def __init__(self, published: Published) -> None:
        self._published = published

    async def everything(self) -> list[Said]:
        """All that was published up to now."""
        messages = await self._published.messages()
        return [Said(message, _body(message)) for message in messages]

    async def events(self, org: Org) -> list[Said]:
        """The events of one org."""
        return [said for said in await self.everything() if said.body.get("orgid") == org.id]

    async def event_types(self, org: Org) -> list[str]:
        """The types of one org's events."""
        return [said.body["type"] for said in await self.events(org)]

    async def dispatches(self, org: Org) -> list[Said]:
        """The commands to dispatch on behalf of one org."""
        return [said for said in await self.everything() if said.body.get("org_id") == org.id]


def _body(message: DeliveredMessage) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(message.body)
    return event_as_shipped(body) if message.exchange == "referrals.events" else body


@asynccontextmanager
async def heard_by(database_url: str, rabbitmq_url: str) -> AsyncIterator[Heard]:
    """Listens from now on."""
    exchanges = {"referrals.events": "#", "ereferral_dispatch.commands": "#"}
    connection = await aiormq.connect(rabbitmq_url)
    database = await asyncpg.connect(plain_url(database_url))
    try:
        async with listen(rabbitmq_url, exchanges) as queue:
            channel = await connection.channel()
            yield Heard(Published("referrals", queue, channel, database))
    finally:
        await database.close()
        await connection.close()


@dataclass(frozen=True)
class Referrals:
    """A running replica on servers of its own, with a client and a listener."""

    service: Service
    client: Client
    heard: Heard
    database_url: str
    rabbitmq_url: str

    def org(self, org_id: str | None = None) -> Org:
        """A new org, or the one of that id."""
        return Org(self.client, org_id)


@asynccontextmanager
async def referrals_with_client(
    database_url: str, rabbitmq_url: str, **settings: Any
) -> AsyncIterator[Referrals]:
    """All of it: migrations, one replica, a client, a listener."""
    await migrated(database_url)
    async with (
        running_referrals(database_url, rabbitmq_url, **settings) as service,
        heard_by(database_url, rabbitmq_url) as heard,
        open_client(rabbitmq_url) as client,
    ):
        yield Referrals(service, client, heard, database_url, rabbitmq_url)
