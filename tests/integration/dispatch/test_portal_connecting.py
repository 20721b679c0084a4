"""The portal sender against real sockets: everything that can fail before the body leaves."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path

import pytest
import trustme

from messaging.egress.policy import EgressPolicy
from ops.servers.ports import free_ports
from services.ereferral_dispatch.rules.outcome_codes import HttpCode
from services.ereferral_dispatch.rules.outcomes import (
    Delivered,
    Outcome,
    PermanentFailure,
    TransientFailure,
)
from services.ereferral_dispatch.senders.http_client import tls_context
from services.ereferral_dispatch.senders.portal.sender import PortalSender
from tests.support.certificates import common_name_alone
from tests.support.partners.portal import OK, Portal, answering, reset
from tests.support.partners.sending import BODY, Gate, addressed, portal_sender

NAME = "portal.test"


async def lookup(host: str, port: int) -> list[str]:
    """A name server that knows one name."""
    if host != NAME:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")
    return ["127.0.0.1"]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
async def sender(
    authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[PortalSender]:
    ca_file = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    async with portal_sender(
        ca_file=str(ca_file), lookup=lookup, connect_timeout_seconds=0.3
    ) as opened:
        yield opened


def serving(
    authority: trustme.CA, *names: str, not_after: datetime | None = None
) -> ssl.SSLContext:
    """A server's TLS with a certificate for the names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, not_after=not_after).configure_cert(context)
    return context


async def attempt(sender: PortalSender, url: str) -> Outcome:
    """One attempt that does not reach its point of no return."""
    gate = Gate()
    outcome = await sender.send(addressed(url), BODY, gate)
    assert gate.passed == 0
    return outcome


async def test_a_refused_connection_is_transient(sender: PortalSender) -> None:
    """The partner's server is down."""
    [port] = free_ports(1)
    outcome = await attempt(sender, f"http://127.0.0.1:{port}/")
    assert type(outcome) is TransientFailure
    assert outcome.code == "connect_refused"


async def test_an_unknown_name_is_transient(sender: PortalSender) -> None:
    """Names come back; an unreachable name server looks the same."""
    outcome = await attempt(sender, "https://other.test/")
    assert type(outcome) is TransientFailure
    assert outcome.code == "name_not_resolved"


async def test_a_name_that_is_no_host_name_is_not_resolved() -> None:
    """A label of 64 characters makes the system's resolver raise UnicodeError."""
    async with portal_sender() as sender:
        outcome = await attempt(sender, f"https://{'a' * 64}.test/")
    assert isinstance(outcome, TransientFailure | PermanentFailure)
    assert outcome.code in ("name_not_resolved", "address_blocked")


async def test_a_partner_that_does_not_accept_in_time_is_transient(sender: PortalSender) -> None:
    """The queue of connections is full: nothing answers the SYN."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        try:
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(("127.0.0.1", port))
            await asyncio.sleep(0.05)
            outcome = await attempt(sender, f"http://127.0.0.1:{port}/")
        finally:
            for one in waiting:
                one.close()
    assert type(outcome) is TransientFailure
    assert outcome.code == "connect_timeout"


async def test_a_name_server_that_hangs_is_transient() -> None:
    """The five seconds are for everything up to a standing connection."""

    async def hang(host: str, port: int) -> list[str]:
        await asyncio.sleep(60)
        return []

    async with portal_sender(lookup=hang, connect_timeout_seconds=0.1) as sender:
        outcome = await attempt(sender, "https://portal.test/")
    assert type(outcome) is TransientFailure
    assert outcome.code == "connect_timeout"


async def test_a_network_without_a_way_is_transient() -> None:
    """The broadcast address stands for a network that there is no route to."""

    async def nowhere(host: str, port: int) -> list[str]:
        return ["255.255.255.255"]

    policy = EgressPolicy(allow_networks=(IPv4Network("255.255.255.255/32"),))
    async with portal_sender(lookup=nowhere, policy=policy) as sender:
        outcome = await attempt(sender, "https://portal.test/")
    assert type(outcome) is TransientFailure
    assert outcome.code == "network_unreachable"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_valid_certificate_delivers(
    sender: PortalSender, authority: trustme.CA, version: ssl.TLSVersion
) -> None:
    """TLS 1.2 and 1.3, verified against the authority in the settings."""
    tls = serving(authority, NAME)
    tls.minimum_version = tls.maximum_version = version
    async with Portal(answering(OK), tls=tls) as portal:
        url = f"https://{NAME}:{portal.port}/"
        assert await sender.send(addressed(url), BODY, Gate()) == Delivered(HttpCode(200))


async def test_bad_certificates_are_permanent(sender: PortalSender, authority: trustme.CA) -> None:
    """Expired, of a stranger's authority, or of another name: no retry makes them good."""
    certificates = {
        "expired": serving(authority, NAME, not_after=datetime(2020, 1, 1, tzinfo=UTC)),
        "not trusted": serving(trustme.CA(), NAME),
        "wrong name": serving(authority, "other.test"),
    }
    for what, tls in certificates.items():
        async with Portal(answering(OK), tls=tls) as portal:
            outcome = await attempt(sender, f"https://{NAME}:{portal.port}/")
        assert type(outcome) is PermanentFailure, what
        assert outcome.code == "certificate_invalid", what
        assert portal.requests == [], what


async def test_a_name_in_the_common_name_alone_is_no_valid_certificate(
    sender: PortalSender, authority: trustme.CA, tmp_path: Path
) -> None:
    """RFC 9525, section 6.4.4: the common name is not looked at."""
    tls = common_name_alone(authority, NAME, tmp_path)
    async with Portal(answering(OK), tls=tls) as portal:
        outcome = await attempt(sender, f"https://{NAME}:{portal.port}/")
    assert type(outcome) is PermanentFailure
    assert outcome.code == "certificate_invalid"
    assert portal.requests == []


async def test_a_trailing_dot_of_a_host_is_no_part_of_the_certificates_name(
    sender: PortalSender, authority: trustme.CA
) -> None:
    """RFC 6066, section 3: the server's name goes without it."""
    async with Portal(answering(OK), tls=serving(authority, NAME)) as portal:
        url = f"https://{NAME}.:{portal.port}/"
        assert await sender.send(addressed(url), BODY, Gate()) == Delivered(HttpCode(200))


async def test_the_request_line_holds_the_endpoint_byte_for_byte(sender: PortalSender) -> None:
    """On the wire, dot behind the address and empty query included."""
    for given in ("/hook?", "/a/%2E%2E/b?sig=%2f%3D", "/h?x=%7E%27%28"):
        async with Portal(answering(OK)) as portal:
            url = f"http://127.0.0.1.:{portal.port}{given}"
            assert await sender.send(addressed(url), BODY, Gate()) == Delivered(HttpCode(200))
        assert portal.requests[0].request_line == f"POST {given} HTTP/1.1"


def test_an_old_version_of_tls_is_not_spoken() -> None:
    """TLS 1.2 is the oldest, and a certificate of the right name is asked for."""
    context = tls_context()
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


@pytest.mark.parametrize("how", ["reset", "end", "nonsense"])
async def test_a_handshake_broken_off_is_transient(sender: PortalSender, how: str) -> None:
    """The partner's server restarts, or something else listens there."""

    async def script(
        portal: Portal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.read(5)
        if how == "reset":
            reset(writer)
        elif how == "nonsense":
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with Portal(script) as portal:
        outcome = await attempt(sender, f"https://{NAME}:{portal.port}/")
    assert type(outcome) is TransientFailure
    assert outcome.code == "tls_failed"


async def test_a_handshake_that_hangs_is_transient(sender: PortalSender) -> None:
    """It is within the five seconds for connecting."""

    async def script(
        portal: Portal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await portal.until_left(reader)

    async with Portal(script) as portal:
        outcome = await attempt(sender, f"https://{NAME}:{portal.port}/")
    assert type(outcome) is TransientFailure
    assert outcome.code == "connect_timeout"


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://{name}:{port}/",
        "https://127.0.0.1:{port}/",
        "https://{name}:80/",
        "https://[::ffff:127.0.0.1]:{port}/",
        "https://localhost:{port}/",
        "https://127.1:{port}/",
        "https://0x7f000001:{port}/",
    ],
)
async def test_a_blocked_address_is_not_connected_to(endpoint: str) -> None:
    """In production's policy no spelling of loopback is reached, and http is not spoken."""

    async def local(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async with (
        portal_sender(policy=EgressPolicy(), lookup=local) as sender,
        Portal(answering(OK)) as portal,
    ):
        outcome = await attempt(sender, endpoint.format(name=NAME, port=portal.port))
        assert type(outcome) is PermanentFailure
        assert outcome.code == "address_blocked"
        assert portal.connections == 0


async def test_one_bad_address_among_good_ones_blocks_the_name() -> None:
    """Which of them would be used is chance, so none is."""

    async def mixed(host: str, port: int) -> list[str]:
        return ["127.0.0.1", "10.0.0.1"]

    async with portal_sender(lookup=mixed) as sender, Portal(answering(OK)) as portal:
        outcome = await attempt(sender, f"http://{NAME}:{portal.port}/")
        assert type(outcome) is PermanentFailure
        assert portal.connections == 0


async def test_the_environments_proxy_is_not_used(
    sender: PortalSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy would see the referral, and would connect where we may not."""
    async with Portal(answering(OK)) as proxy, Portal(answering(OK)) as portal:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        await sender.send(addressed(portal.url), BODY, Gate())
        assert proxy.connections == 0
        assert len(portal.requests) == 1


async def test_a_hanging_partner_does_not_hold_back_another(sender: PortalSender) -> None:
    """With connections to spare, 50 attempts that hang let another through at once."""

    async def hang(
        portal: Portal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await portal.until_left(reader)

    async with Portal(hang) as stuck, Portal(answering(OK)) as portal:
        attempts = [
            asyncio.create_task(sender.send(addressed(stuck.url), BODY, Gate())) for _ in range(50)
        ]
        await asyncio.sleep(0.05)
        async with asyncio.timeout(0.5):
            assert await sender.send(addressed(portal.url), BODY, Gate()) == Delivered(
                HttpCode(200)
            )
        for one in attempts:
            one.cancel()
        await asyncio.gather(*attempts, return_exceptions=True)


def test_the_authority_file_is_read_when_the_sender_is_made(tmp_path: Path) -> None:
    """A wrong setting ends the service at its start, not at the first attempt."""
    with pytest.raises(FileNotFoundError):
        portal_sender(ca_file=str(tmp_path / "missing.pem"))
