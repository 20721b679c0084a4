"""TLS to PostgreSQL and RabbitMQ: what is verified, what is refused, and what is said about it."""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
import trustme
from sqlalchemy.engine import make_url
from yarl import URL

from messaging.running.settings import load_settings
from ops.catalogue import ServiceName
from ops.environment import database_url
from ops.servers import Servers
from services.ereferral_dispatch.app import build as build_dispatch
from services.ereferral_dispatch.settings import DispatchSettings
from services.referrals.app import build as build_referrals
from services.referrals.settings import ReferralsSettings
from tests.support.certificates import common_name_alone
from tests.support.database.urls import plain_url
from tests.support.services.command_line import handoff
from tests.support.tls_front import NAME, TlsFront, named, tls_front
from tests.support.waiting import until

YESTERDAY = datetime.now(UTC) - timedelta(days=1)


@dataclass(frozen=True)
class Certified:
    """An authority, and servers' certificates of it and of others."""

    authority: trustme.CA
    ca_file: Path

    folder: Path

    def good(self) -> ssl.SSLContext:
        return _serving(self.authority.issue_cert(NAME, "127.0.0.1"))

    def bad(self) -> dict[str, tuple[ssl.SSLContext, str]]:
        """What may be wrong with a certificate, and how OpenSSL says it."""
        alone = trustme.CA()
        itself = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with alone.cert_pem.tempfile() as chain, alone.private_key_pem.tempfile() as key:
            itself.load_cert_chain(chain, key)
        unknown = trustme.CA().issue_cert(NAME)
        other_name = self.authority.issue_cert("elsewhere.handoff.example")
        expired = self.authority.issue_cert(NAME, not_after=YESTERDAY)
        return {
            "not trusted": (_serving(unknown), "unable to get local issuer certificate"),
            "self-signed": (itself, "self-signed certificate"),
            "wrong name": (
                _serving(other_name),
                f"Hostname mismatch, certificate is not valid for '{NAME}'",
            ),
            "name in CN alone": (
                common_name_alone(self.authority, NAME, self.folder),
                f"Hostname mismatch, certificate is not valid for '{NAME}'",
            ),
            "expired": (_serving(expired), "certificate has expired"),
        }


BAD = ("not trusted", "self-signed", "wrong name", "name in CN alone", "expired")


def _serving(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    authority = trustme.CA()
    ca_file: Path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    return Certified(authority, ca_file, ca_file.parent)


@pytest.fixture(scope="module", autouse=True)
def _name_of_the_servers() -> Iterator[None]:
    with named():
        yield


@dataclass(frozen=True)
class Plain:
    """The servers as they are on 127.0.0.1: a database for each service, one vhost."""

    databases: dict[str, str]
    broker: str

    def variables(self, *, database_port: int, broker_port: int, ca_file: Path) -> dict[str, str]:
        """What both services and every command need to come to those ports by NAME."""
        broker = URL(self.broker).with_scheme("amqps").with_host(NAME).with_port(broker_port)
        variables = {"DISPATCH_SIGNING_KEY": "sample-signing-key"}
        for prefix, url in self.databases.items():
            address = make_url(url).set(host=NAME, port=database_port)
            variables |= {
                f"{prefix}DATABASE_URL": address.render_as_string(hide_password=False),
                f"{prefix}DATABASE_CA_FILE": str(ca_file),
                f"{prefix}RABBITMQ_URL": str(broker),
                f"{prefix}RABBITMQ_CA_FILE": str(ca_file),
                f"{prefix}HTTP_PORT": "0",
            }
        return variables

    @property
    def database_port(self) -> int:
        return make_url(self.databases["REFERRALS_"]).port or 5432

    @property
    def broker_port(self) -> int:
        return URL(self.broker).port or 5672


@pytest.fixture(scope="module")
def plain(new_postgres_database: Callable[[], str], rabbitmq_vhost: str) -> Plain:
    databases = {prefix: new_postgres_database() for prefix in ("REFERRALS_", "DISPATCH_")}
    return Plain(databases, rabbitmq_vhost)


@pytest_asyncio.fixture(scope="module")
async def ports(
    servers: Servers, plain: Plain, certified: Certified
) -> AsyncIterator[tuple[int, int]]:
    """Where PostgreSQL and RabbitMQ offer TLS with a good certificate.

    They do it themselves where they are ours and were built with TLS; else a front does.
    """
    leaf = certified.authority.issue_cert(NAME)
    pems = (
        b"".join(pem.bytes() for pem in leaf.cert_chain_pems).decode(),
        leaf.private_key_pem.bytes().decode(),
    )
    async with AsyncExitStack() as stack:
        database, broker = plain.database_port, 0
        if servers.postgres is not None and await _shows(plain, "ssl_library"):
            servers.postgres.offer_tls(*pems)

            async def offers_tls() -> bool:
                return await _shows(plain, "ssl") == "on"

            await until(offers_tls)
        else:
            front = tls_front(database, certified.good(), asked=True)
            database = (await stack.enter_async_context(front)).port
        if servers.rabbitmq is not None:
            broker = servers.rabbitmq.listen_with_tls(*pems)
        else:
            front = tls_front(plain.broker_port, certified.good(), asked=False)
            broker = (await stack.enter_async_context(front)).port
        yield database, broker


async def _shows(plain: Plain, setting: str) -> str:
    connection = await asyncpg.connect(plain_url(plain.databases["REFERRALS_"]), ssl=False)
    shown = await connection.fetchval(f"SHOW {setting}")
    await connection.close()
    return str(shown)


@pytest.fixture
def variables(
    plain: Plain, ports: tuple[int, int], certified: Certified, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Set: both services' variables, with the good certificates."""
    database, broker = ports
    found = plain.variables(database_port=database, broker_port=broker, ca_file=certified.ca_file)
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    return found


async def command(*arguments: str) -> tuple[int, str, str]:
    """A command of `handoff`: its status and what it said."""
    ended = await asyncio.to_thread(handoff, *arguments)
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return ended.exit_code, ended.stdout, ended.stderr


async def running(stack: AsyncExitStack, build: Callable[[], Any]) -> Any:
    """A replica of this process, until the stack is left."""
    service, stop = build(), asyncio.Event()
    task = asyncio.create_task(service.run(stop))

    async def end() -> None:
        stop.set()
        await task

    stack.push_async_callback(end)
    return service


async def test_everything_works_verified(variables: dict[str, str], plain: Plain) -> None:
    """Migrations, both services, and each command; not one connection is in the clear."""
    assert (await command("migrate"))[0] == 0
    async with AsyncExitStack() as stack:
        services = [
            await running(stack, lambda: build_referrals(load_settings(ReferralsSettings))),
            await running(stack, lambda: build_dispatch(load_settings(DispatchSettings))),
        ]
        await until(lambda: all(service.health.ready for service in services), 60)
        for operation in ("referral_partner.list", "ereferral.list"):
            status, said, _ = await command("call", operation, '{"org_id": "org_a"}')
            assert (status, '"status": 200' in said) == (0, True)
        _, told, _ = await command("doctor")
        assert told.count("fine   PostgreSQL") == told.count("fine   RabbitMQ") == 2
        assert "encrypted" not in told
        assert (await command("dead-letters", "list", "referrals.commands"))[0] == 0
        admin = await asyncpg.connect(plain_url(plain.databases["REFERRALS_"]), ssl=False)
        if await admin.fetchval("SHOW ssl") == "on":
            clear = await admin.fetch(
                "SELECT application_name, ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
                "WHERE application_name ~ '^(referrals|ereferral_dispatch)'"
            )
            assert {row["ssl"] for row in clear} == {True}
        await admin.close()


@pytest.fixture
async def fronts(
    plain: Plain, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, certified: Certified
) -> AsyncIterator[tuple[TlsFront, TlsFront]]:
    """Fronts of PostgreSQL and RabbitMQ, to which the variables now lead."""
    async with (
        tls_front(plain.database_port, certified.good(), asked=True) as database,
        tls_front(plain.broker_port, certified.good(), asked=False) as broker,
    ):
        found = plain.variables(
            database_port=database.port, broker_port=broker.port, ca_file=certified.ca_file
        )
        for name, value in found.items():
            monkeypatch.setenv(name, value)
        yield database, broker


@pytest.mark.parametrize("wrong", BAD)
async def test_a_bad_certificate_is_refused_in_one_line(
    fronts: tuple[TlsFront, TlsFront], certified: Certified, wrong: str
) -> None:
    """By every command; the line names the variable, the place and what is wrong."""
    context, words = certified.bad()[wrong]
    database, broker = fronts
    database.context = broker.context = context
    refused = f"(its certificate is not accepted: {words})"
    at_database = f"{NAME}:{database.port}/{make_url(database_url(ServiceName.REFERRALS)).database}"
    assert await command("migrate", "referrals") == (
        *(1, ""),
        f"REFERRALS_DATABASE_URL: no PostgreSQL to be used at {at_database} {refused}\n",
    )
    for arguments in (
        ("call", "referral_partner.list", '{"org_id": "org_a"}'),
        ("dead-letters", "list", "referrals.commands"),
        ("events",),
    ):
        status, _, said = await command(*arguments)
        assert status == 1
        assert said.startswith(f"REFERRALS_RABBITMQ_URL: no RabbitMQ to be used at {NAME}:")
        assert said.endswith(f"{refused}\n") and said.count("\n") == 1
    status, told, _ = await command("doctor")
    assert status == 1
    assert told.count(refused) == 4


async def test_a_service_waits_for_a_good_certificate_and_says_so(
    fronts: tuple[TlsFront, TlsFront], certified: Certified
) -> None:
    """Certificates are renewed at the servers: the service need not be started again."""
    expired, _ = certified.bad()["expired"]
    refused = "its certificate is not accepted: certificate has expired"
    assert (await command("migrate", "referrals"))[0] == 0
    database, broker = fronts
    database.context = broker.context = expired
    async with AsyncExitStack() as stack:
        service = await running(stack, lambda: build_referrals(load_settings(ReferralsSettings)))
        await until(lambda: service.health.report()["database"] == f"away ({refused})")
        database.context = certified.good()
        consumer = "consumer referrals.commands"
        await until(lambda: service.health.report()[consumer] == f"broker: {refused}")
        broker.context = certified.good()
        await until(lambda: service.health.ready, 60)


async def test_a_database_elsewhere_without_tls_is_refused_unless_that_is_said(
    fronts: tuple[TlsFront, TlsFront], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No setting at all means verified; `?ssl=disable` is a choice, and the doctor names it."""
    database, _ = fronts
    database.context = None
    monkeypatch.delenv("REFERRALS_DATABASE_CA_FILE")
    status, _, said = await command("migrate", "referrals")
    assert status == 1
    assert said.endswith("(it offers no TLS; say ssl=disable in the URL to do without)\n")
    url = database_url(ServiceName.REFERRALS)
    monkeypatch.setenv("REFERRALS_DATABASE_URL", f"{url}?ssl=disable")
    assert (await command("migrate", "referrals"))[0] == 0
    _, told, _ = await command("doctor")
    assert (
        "TLS: REFERRALS_DATABASE_URL: nothing to it is encrypted, and it leaves this machine"
        in told
    )


async def test_the_system_authorities_are_asked_where_no_file_is_named(
    fronts: tuple[TlsFront, TlsFront], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They do not know ours."""
    for name in ("DATABASE_CA_FILE", "RABBITMQ_CA_FILE"):
        monkeypatch.delenv(f"REFERRALS_{name}")
    refused = "its certificate is not accepted: unable to get local issuer certificate"
    assert refused in (await command("migrate", "referrals"))[2]
    assert refused in (await command("call", "referral_partner.list", '{"org_id": "a"}'))[2]


async def test_amqps_is_verified_on_this_machine_too(
    fronts: tuple[TlsFront, TlsFront], certified: Certified, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its scheme asks for it; a CA file asks for it from PostgreSQL."""
    database, broker = fronts
    database.context = broker.context = certified.bad()["not trusted"][0]
    for name in ("DATABASE_URL", "RABBITMQ_URL"):
        variable = f"REFERRALS_{name}"
        monkeypatch.setenv(variable, os.environ[variable].replace(NAME, "127.0.0.1"))
    refused = "its certificate is not accepted: unable to get local issuer certificate"
    assert refused in (await command("migrate", "referrals"))[2]
    assert refused in (await command("call", "referral_partner.list", '{"org_id": "a"}'))[2]
