"""Services on real servers: both in this process, or referrals in one of its own."""

import os
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import pytest_asyncio

from tests.integration.ops.parked import empty
from tests.support.services.both import Both, both_services
from tests.support.services.command_line import handoff
from tests.support.services.process import RunningService, running_service
from tests.support.services.referrals import Org


@pytest_asyncio.fixture(scope="module")
async def both(
    new_postgres_database: Callable[[], str], rabbitmq_vhost: str
) -> AsyncIterator[Both]:
    """One replica of each, with partners' stubs; letters have answer links."""
    async with both_services(
        new_postgres_database(),
        new_postgres_database(),
        rabbitmq_vhost,
        public_url="https://answer.example.org",
    ) as running:
        yield running


@pytest.fixture
def org(both: Both) -> Org:
    """An org of this test's own."""
    return both.referrals.org()


@pytest.fixture(scope="module")
def variables(
    new_postgres_database: Callable[[], str], rabbitmq_vhost: str
) -> Iterator[dict[str, str]]:
    """What both services need, set for the commands of this module."""
    ours = {
        "REFERRALS_DATABASE_URL": new_postgres_database(),
        "DISPATCH_DATABASE_URL": new_postgres_database(),
        "REFERRALS_RABBITMQ_URL": rabbitmq_vhost,
        "DISPATCH_RABBITMQ_URL": rabbitmq_vhost,
        "DISPATCH_SIGNING_KEY": "sample-signing-key",
    }
    before = dict(os.environ)
    os.environ.update(ours)
    yield ours
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="module")
def replica(variables: dict[str, str]) -> Iterator[RunningService]:
    """Referrals, migrated and ready; dispatch does not run."""
    migrated = handoff("migrate")
    assert migrated.exit_code == 0, migrated.output
    with running_service("referrals", variables) as running:
        yield running


@pytest.fixture
def emptied(replica: RunningService, rabbitmq_vhost: str) -> str:
    """The broker's URL; the dead letters of referrals' commands are none."""
    empty(rabbitmq_vhost)
    return rabbitmq_vhost
