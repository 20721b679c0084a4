"""Services whose letters lead to an edge that is there, and partners who follow them."""

import socket
from collections.abc import AsyncIterator, Callable
from ipaddress import IPv4Network
from pathlib import Path

import pytest
import pytest_asyncio

from tests.integration.edge.answer_pages.partner import Post
from tests.support.services.both import Both, both_services
from tests.support.services.edge import RunningEdge, running_edge


@pytest.fixture(scope="module")
def public_port() -> int:
    """Where the edge will listen: letters are written before."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest_asyncio.fixture(scope="module")
async def both(
    new_postgres_database: Callable[[], str], rabbitmq_vhost: str, public_port: int
) -> AsyncIterator[Both]:
    """One replica of each, with partners' stubs; letters lead to the edge."""
    async with both_services(
        new_postgres_database(),
        new_postgres_database(),
        rabbitmq_vhost,
        public_url=f"http://127.0.0.1:{public_port}",
    ) as running:
        yield running


@pytest_asyncio.fixture(scope="module")
async def edge(
    both: Both,
    rabbitmq_vhost: str,
    public_port: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[RunningEdge]:
    """A replica of the edge; whoever says that it comes from another address is believed."""
    folder: Path = tmp_path_factory.mktemp("edge")
    proxies = (IPv4Network("127.0.0.0/8"),)
    async with running_edge(
        rabbitmq_vhost, folder, http_port=public_port, trusted_proxies=proxies
    ) as running:
        yield running


@pytest.fixture
def post(both: Both, edge: RunningEdge) -> Post:
    """Letters of an org of this test's own."""
    return Post(both, edge, both.referrals.org())
