"""The referrals service on real servers: one replica, database and vhost for each test module."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.services.referrals import Org, Referrals, referrals_with_client


@pytest_asyncio.fixture(scope="module")
async def referrals(postgres_database: str, rabbitmq_vhost: str) -> AsyncIterator[Referrals]:
    """A running replica with a client and a listener."""
    async with referrals_with_client(postgres_database, rabbitmq_vhost) as running:
        yield running


@pytest.fixture
def org(referrals: Referrals) -> Org:
    """An org of this test's own."""
    return referrals.org()
