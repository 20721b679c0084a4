"""A practice whose people work at the desk, and whose letters have answer links."""

from collections.abc import AsyncIterator, Callable

import pytest_asyncio

from tests.support.services.both import Both, both_services
from tests.support.services.desk_practice import Practice
from tests.support.services.edge import RunningEdge

PUBLIC_URL = "https://handoff.example.com"


@pytest_asyncio.fixture(scope="module")
async def both(
    new_postgres_database: Callable[[], str], rabbitmq_vhost: str
) -> AsyncIterator[Both]:
    """One replica of each service, with partners' stubs."""
    async with both_services(
        new_postgres_database(), new_postgres_database(), rabbitmq_vhost, public_url=PUBLIC_URL
    ) as running:
        yield running


@pytest_asyncio.fixture
async def practice(both: Both, edge: RunningEdge) -> Practice:
    """A practice of this test's own."""
    org = both.referrals.org()
    await org.practice(time_zone="America/Chicago")
    return Practice(org, both, edge)
