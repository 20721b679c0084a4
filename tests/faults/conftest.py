"""The referrals service on real servers, as for the integration tests; and servers of one's own."""

from collections.abc import Iterator

import pytest

from ops.servers import Servers, backing_servers
from tests.integration.conftest import referrals

__all__ = ["referrals"]

URLS = (
    *("REFERRALS_DATABASE_URL", "REFERRALS_RABBITMQ_URL"),
    *("DISPATCH_DATABASE_URL", "DISPATCH_RABBITMQ_URL"),
)


@pytest.fixture(scope="module")
def own_servers(pytestconfig: pytest.Config) -> Iterator[Servers]:
    """A PostgreSQL and a RabbitMQ that nobody else uses: to be killed, or for their logs."""
    with pytest.MonkeyPatch.context() as environment:
        for name in URLS:
            environment.delenv(name, raising=False)
        with backing_servers(print, pytestconfig.rootpath / ".handoff", durable=False) as servers:
            yield servers
