"""Both services, and an org for each mistake."""

from collections.abc import AsyncIterator, Callable

import pytest_asyncio

from messaging.replies.client import open_client
from tests.integration.mistakes.shop import Shop
from tests.support.broker.raw_messages import open_wire
from tests.support.partners.relay import scripted_relay
from tests.support.services.dispatch import dispatch_settings, running_dispatch
from tests.support.services.dispatch import migrated as dispatch_migrated
from tests.support.services.referrals import migrated, running_referrals


@pytest_asyncio.fixture(scope="module")
async def shop(
    new_postgres_database: Callable[[], str], rabbitmq_vhost: str
) -> AsyncIterator[Shop]:
    """One replica of each, a mail relay, and a client that can send anything. No event has a
    subscriber: what is published as one and is none, reaches nobody."""
    databases = {
        "REFERRALS_DATABASE_URL": await migrated(new_postgres_database()),
        "DISPATCH_DATABASE_URL": await dispatch_migrated(new_postgres_database()),
    }
    brokers = dict.fromkeys(("REFERRALS_RABBITMQ_URL", "DISPATCH_RABBITMQ_URL"), rabbitmq_vhost)
    async with scripted_relay() as mail:
        settings = dispatch_settings(
            databases["DISPATCH_DATABASE_URL"], rabbitmq_vhost, smtp_url=mail.url
        )
        async with (
            running_referrals(databases["REFERRALS_DATABASE_URL"], rabbitmq_vhost),
            running_dispatch(settings),
            open_client(rabbitmq_vhost) as client,
            open_wire(rabbitmq_vhost) as wire,
        ):
            yield Shop(client, wire, rabbitmq_vhost, {**databases, **brokers})
