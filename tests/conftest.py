"""Real servers for every test that asks for one; a test that asks for none starts none."""

import asyncio
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext

import aiormq
import pytest

from ops.servers import Servers, backing_servers, create_database, drop_database
from tests.support.database import migrated

# What a broker that is given by URL is cleared of (docs/contract/wire.md#topology).
_SERVICE_QUEUES = (
    "referrals.commands",
    "referrals.queries",
    "referrals.ereferral_events",
    "ereferral_dispatch.commands",
    "ereferral_dispatch.queries",
    "connectors.commands",
    "connectors.queries",
    "connectors.referral_events",
)
_EXCHANGES = (
    "referrals.commands",
    "referrals.queries",
    "referrals.events",
    "ereferral_dispatch.commands",
    "ereferral_dispatch.queries",
    "ereferral_dispatch.events",
    "connectors.commands",
    "connectors.queries",
    "connectors.events",
    "dead_letters",
)


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Iterator[Servers]:
    """PostgreSQL and RabbitMQ, started for the first test that needs one of them.

    Where there is neither a server nor a way to get one, every such test fails with what to
    install: a suite that skips them says nothing.
    """
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    shown = nullcontext() if capture is None else capture.global_and_fixture_disabled()
    with ExitStack() as stack:
        with shown:
            print()
            found = stack.enter_context(
                backing_servers(_say, pytestconfig.rootpath / ".handoff", durable=False)
            )
        stack.callback(migrated.forget)
        yield found


@pytest.fixture(scope="module")
def new_postgres_database(servers: Servers) -> Iterator[Callable[[], str]]:
    """Makes an empty database at each call and returns its `postgresql+asyncpg://` URL.

    All are dropped after the module, with whatever connections they still have.
    """
    names: list[str] = []

    def create() -> str:
        names.append(f"test_{secrets.token_hex(8)}")
        return create_database(servers.postgres_url, names[-1])

    yield create
    for name in names:
        drop_database(servers.postgres_url, name)


@pytest.fixture(scope="module")
def postgres_database(new_postgres_database: Callable[[], str]) -> str:
    """The `postgresql+asyncpg://` URL of an empty database, one for each test module."""
    return new_postgres_database()


@pytest.fixture(scope="module")
def another_database(new_postgres_database: Callable[[], str]) -> str:
    """A second empty database of the module, for a service beside the first."""
    return new_postgres_database()


@pytest.fixture(scope="module")
def new_rabbitmq_vhost(servers: Servers) -> Iterator[Callable[[], str]]:
    """Makes an empty vhost at each call and returns its `amqp://` URL; all go after the module.

    A broker that is not ours to administer keeps its one vhost: each call clears that of the
    services' queues and exchanges, so that a module may then use one at a time.
    """
    names: list[str] = []
    private = servers.rabbitmq

    def create() -> str:
        if private is None:
            _clear(servers.rabbitmq_url)
            return servers.rabbitmq_url
        names.append(f"test_{secrets.token_hex(8)}")
        return private.add_vhost(names[-1])

    yield create
    if private is None:
        _clear(servers.rabbitmq_url)
        return
    for name in names:
        private.delete_vhost(name)


@pytest.fixture(scope="module")
def rabbitmq_vhost(new_rabbitmq_vhost: Callable[[], str]) -> str:
    """The `amqp://` URL of an empty vhost, one for each test module."""
    return new_rabbitmq_vhost()


def _say(line: str) -> None:
    print(f"  {line}", flush=True)


def _clear(url: str) -> None:
    async def delete() -> None:
        connection = await aiormq.connect(url)
        channel = await connection.channel()
        for name in _SERVICE_QUEUES:
            for queue in (name, f"{name}.dead_letters"):
                await channel.queue_delete(queue)
        for exchange in _EXCHANGES:
            await channel.exchange_delete(exchange)
        await connection.close()

    # A thread of its own: a session-wide event loop may be running in this one.
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, delete()).result()
