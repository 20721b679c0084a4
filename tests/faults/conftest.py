"""The referrals service on real servers, as for the integration tests; and servers to be killed."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from ops.servers import Servers, backing_servers
from tests.faults.rig.rig import Rig, open_rig
from tests.faults.scene import Scene, fault_scene
from tests.integration.conftest import referrals

__all__ = ["referrals"]

HERE = Path(__file__).parent
URLS = (
    *("REFERRALS_DATABASE_URL", "REFERRALS_RABBITMQ_URL"),
    *("DISPATCH_DATABASE_URL", "DISPATCH_RABBITMQ_URL"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A second chance where one waited in vain, on a machine whose load is not ours to know; a law
    that was broken once is broken."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.flaky(reruns=1, rerun_except=[AssertionError]))


@pytest.fixture(scope="session")
def own_servers(pytestconfig: pytest.Config) -> Iterator[Servers]:
    """A PostgreSQL and a RabbitMQ that nobody else uses: to be killed (who does starts them again),
    or for their logs."""
    with pytest.MonkeyPatch.context() as environment:
        for name in URLS:
            environment.delenv(name, raising=False)
        with backing_servers(print, pytestconfig.rootpath / ".handoff", durable=False) as servers:
            yield servers


@pytest_asyncio.fixture(scope="module")
async def rig(own_servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    """Two replicas of each service with everybody around them, one rig for each module."""
    async with open_rig(own_servers, tmp_path_factory.mktemp("rig")) as running:
        yield running


@pytest_asyncio.fixture(scope="module")
async def scene(
    postgres_database: str, rabbitmq_vhost: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Scene]:
    """Servers and partners without a worker."""
    folder = tmp_path_factory.mktemp("scene")
    async with fault_scene(postgres_database, rabbitmq_vhost, folder) as found:
        yield found
