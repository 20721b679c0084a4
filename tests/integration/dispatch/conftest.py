"""One running replica of dispatch for a file, and an org for a test."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.services.dispatch import Dispatch, Org, dispatching


@pytest_asyncio.fixture(scope="module")
async def dispatch(postgres_database: str, rabbitmq_vhost: str) -> AsyncIterator[Dispatch]:
    """A running replica with partners, a client and a listener. A held lane gets no probe."""
    async with dispatching(
        postgres_database, rabbitmq_vhost, probe_every_seconds=3600.0
    ) as running:
        yield running


@pytest.fixture
def org(dispatch: Dispatch) -> Org:
    """An org of this test's own."""
    return dispatch.org()
