"""The page for whoever runs it: what the replicas tell, and why messages were parked."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from messaging.wire.connection import connection
from ops.servers.ports import free_ports
from tests.support.services.both import both_services
from tests.support.services.desk import at_the_desk
from tests.support.services.edge import RunningEdge, running_edge
from tests.support.waiting import until

FIGURES_WITHIN_SECONDS = 15.0


@dataclass
class Watched:
    """An edge that is told where dispatch is, and a place where nobody is."""

    edge: RunningEdge
    rabbitmq_url: str
    silent: str


@pytest_asyncio.fixture(scope="module")
async def watched(
    new_postgres_database: Callable[[], str],
    rabbitmq_vhost: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Watched]:
    """Both services in this process, whose figures are one register's."""
    folder: Path = tmp_path_factory.mktemp("edge")
    port, nobody = free_ports(2)
    async with (
        both_services(
            new_postgres_database(), new_postgres_database(), rabbitmq_vhost, http_port=port
        ),
        running_edge(
            rabbitmq_vhost,
            folder,
            watched=f"http://127.0.0.1:{port},http://127.0.0.1:{nobody}",
            operator_rabbitmq_url=rabbitmq_vhost,
        ) as edge,
    ):
        yield Watched(edge, rabbitmq_vhost, f"127.0.0.1:{nobody}")


async def test_it_tells_what_waits_and_why_it_was_parked(watched: Watched) -> None:
    """The replica that answers with its version, the one that does not, the queues, the outbox, the
    lanes, and the dead letters by what they asked for and why."""
    async with connection(watched.rabbitmq_url, "test") as opened:
        channel = await opened.channel(publisher_confirms=True)
        for _ in range(2):
            await channel.basic_publish(
                b'{"org_id": "org_1"}', exchange="referrals.commands", routing_key="referral.juggle"
            )
    visitor = await at_the_desk(watched.edge, "org_1")
    said = ""

    async def counted() -> bool:
        nonlocal said
        page = await visitor.open("/activity")
        assert page.status == 200
        said = page.text
        # The queues are counted one after another.
        return "referrals.commands 2" in said and "referrals.ereferral_events 0 – 0" in said

    await until(counted, FIGURES_WITHIN_SECONDS)
    assert "✓ Ready" in said and f"{watched.silent} – ✕ No answer" in said
    assert "2 referral.juggle Not readable malformed_message" in said
    assert "Waiting to be published" in said and "Portal 0 0" in said
    assert any(link.endswith("/activity") for link in (await visitor.open()).links)


async def test_who_may_not_do_everything_is_refused(watched: Watched) -> None:
    """It is of all orgs: no link, and 403."""
    visitor = await at_the_desk(watched.edge, "org_1", operations=["*.list", "*.get"])
    assert not any(link.endswith("/activity") for link in (await visitor.open()).links)
    assert (await visitor.open("/activity")).status == 403


async def test_without_a_place_to_ask_it_says_what_to_set(watched: Watched, tmp_path: Path) -> None:
    """Not an empty page that looks as if all were well."""
    async with running_edge(watched.rabbitmq_url, tmp_path) as edge:
        visitor = await at_the_desk(edge, "org_1")
        assert "Set EDGE_WATCHED to where" in (await visitor.open("/activity")).text
