"""Both services and the edge on real servers, one of each for a file; a caller for a test."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.services.both import Both, both_services
from tests.support.services.edge import Caller, RunningEdge, running_edge
from tests.support.services.told import Told, telling


@pytest.fixture(scope="module", autouse=True)
def told() -> Iterator[Told]:
    """All that the edge and both services log while a file's tests run: of the names, numbers,
    addresses, words and tokens that the edge was sent there is nothing in it."""
    with telling() as told:
        yield told
    assert told.shown() == []


@pytest_asyncio.fixture(scope="module")
async def both(
    new_postgres_database: Callable[[], str], rabbitmq_vhost: str
) -> AsyncIterator[Both]:
    """One replica of each service, with partners' stubs."""
    async with both_services(
        new_postgres_database(), new_postgres_database(), rabbitmq_vhost
    ) as running:
        yield running


@pytest_asyncio.fixture(scope="module")
async def edge(
    both: Both, rabbitmq_vhost: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningEdge]:
    """A replica of the edge; nobody is kept from asking often."""
    folder: Path = tmp_path_factory.mktemp("edge")
    async with running_edge(rabbitmq_vhost, folder) as running:
        yield running


@pytest.fixture
def caller(edge: RunningEdge) -> Caller:
    """Whoever may do everything in an org of this test's own."""
    return edge.caller()
