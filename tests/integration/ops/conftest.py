"""Both services on real servers, for the commands that work with both."""

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from tests.both_services import Both, both_services
from tests.referrals_service import Org


@pytest_asyncio.fixture(scope="module")
async def both(
    new_postgres_database: Callable[[], str], rabbitmq_vhost: str
) -> AsyncIterator[Both]:
    """One replica of each, with partners' stubs."""
    async with both_services(
        new_postgres_database(), new_postgres_database(), rabbitmq_vhost
    ) as running:
        yield running


@pytest.fixture
def org(both: Both) -> Org:
    """An org of this test's own."""
    return both.referrals.org()
