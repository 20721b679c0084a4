"""Events of dispatch, as a test hears them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiormq
import asyncpg

from messaging.replies.client import listen
from tests.support.schemas import event_as_shipped
from tests.support.services.published import Published

_SERVICES_EXCHANGES = {"ereferral_dispatch.events": "#"}


@dataclass(frozen=True)
class Event:
    """One event, as its CloudEvents envelope and its data."""

    body: dict[str, Any]

    @property
    def type(self) -> str:
        """Without the resource: `queued` of `ereferral.queued`."""
        return str(self.body["type"]).partition(".")[2]

    @property
    def version(self) -> int:
        return int(self.body["aggregateversion"])

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.body["data"]
        return data


class Heard:
    """What dispatch has published on `ereferral_dispatch.events`."""

    def __init__(self, published: Published) -> None:
        self._published = published

    async def everything(self) -> list[Event]:
        """All that was published up to now."""
        return [
            Event(event_as_shipped(json.loads(message.body)))
            for message in await self._published.messages()
        ]

    async def about(self, subject: str) -> list[Event]:
        """The events about one e-referral or channel, in the order in which they came."""
        return [event for event in await self.everything() if event.body["subject"] == subject]

    async def story(self, ereferral_id: str) -> list[str]:
        """The types of an e-referral's events, whose versions are 1, 2, 3 and so on."""
        events = await self.about(ereferral_id)
        assert [event.version for event in events] == list(range(1, len(events) + 1))
        return [event.type for event in events]

    async def channels(self, org_id: str) -> list[Event]:
        """The `partner_channel.*` events of an org."""
        return [
            event
            for event in await self.everything()
            if event.body["orgid"] == org_id and event.body["type"].startswith("partner_channel.")
        ]

    async def relay(self) -> list[Event]:
        """The `mail_relay.*` events."""
        everything = await self.everything()
        return [event for event in everything if event.body["type"].startswith("mail_relay.")]


@asynccontextmanager
async def heard_by(rabbitmq_url: str, database: asyncpg.Connection) -> AsyncIterator[Heard]:
    """Listens from now on."""
    connection = await aiormq.connect(rabbitmq_url)
    try:
        async with listen(rabbitmq_url, _SERVICES_EXCHANGES) as queue:
            channel = await connection.channel()
            yield Heard(Published("ereferral_dispatch", queue, channel, database))
    finally:
        await connection.close()
