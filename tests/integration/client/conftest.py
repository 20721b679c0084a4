"""The services that a client is held to: the real ones, and the fake that stands in for them."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol
from uuid import UUID

import pytest
import pytest_asyncio

from client import EventSubscriber, ReferralsClient
from client.testing import FakeServices
from tests.support.broker.gate import Gate, gate
from tests.support.services.both import Both, both_services


class Services(Protocol):
    """What a law is held against."""

    client: ReferralsClient

    def subscriber(self, **given: Any) -> EventSubscriber:
        """A subscriber whose queue nobody else has."""

    async def called(self, org_id: str, referral_uuid: UUID) -> None:
        """Let a sent referral come so far that its partner is to be called."""

    def losing(self) -> Any:
        """A block in which the connection is lost, for a moment, at its beginning."""


class Fake:
    """The fake."""

    def __init__(self) -> None:
        self.services = FakeServices()
        self.client = self.services.client(deadline_seconds=20)

    def subscriber(self, **given: Any) -> EventSubscriber:
        """A subscriber of the fake."""
        return self.services.subscriber(**given)

    async def called(self, org_id: str, referral_uuid: UUID) -> None:
        """As dispatch would tell it."""
        self.services.dispatch_status(org_id, referral_uuid, "awaiting_call")

    @asynccontextmanager
    async def losing(self) -> AsyncIterator[None]:
        """What comes first is done, and its reply is lost."""
        self.services.lose_replies()
        yield


class Real:
    """Both services on real servers; the client goes through a gate that can be shut."""

    def __init__(self, both: Both, passage: Gate) -> None:
        self.both = both
        self.gate = passage
        self.client = ReferralsClient(passage.url, deadline_seconds=20)

    def subscriber(self, **given: Any) -> EventSubscriber:
        """A subscriber by the gate, too."""
        return EventSubscriber(self.gate.url, self.client, **given)

    async def called(self, org_id: str, referral_uuid: UUID) -> None:
        """It comes about by itself."""

    @asynccontextmanager
    async def losing(self) -> AsyncIterator[None]:
        """The broker is away when the block begins, and is back a moment later."""
        await self.gate.shut()

        async def back() -> None:
            await asyncio.sleep(0.3)
            await self.gate.open()

        opening = asyncio.create_task(back())
        yield
        await opening


@pytest_asyncio.fixture(scope="module")
async def both(
    new_postgres_database: Callable[[], str], rabbitmq_vhost: str
) -> AsyncIterator[Both]:
    """One replica of each service, for all that is real in this module."""
    async with both_services(
        new_postgres_database(), new_postgres_database(), rabbitmq_vhost
    ) as running:
        yield running


@pytest_asyncio.fixture(scope="module")
async def real(both: Both, rabbitmq_vhost: str) -> AsyncIterator[Real]:
    """The real ones."""
    async with gate(rabbitmq_vhost) as passage:
        made = Real(both, passage)
        async with made.client:
            yield made


@pytest.fixture(params=["fake", "real"])
def services(request: pytest.FixtureRequest) -> Services:
    """First the fake, then the real ones."""
    if request.param == "fake":
        return Fake()
    found: Services = request.getfixturevalue("real")
    return found


@pytest.fixture
def org_id() -> str:
    """An org of this test's own."""
    return f"org_{secrets.token_hex(6)}"
