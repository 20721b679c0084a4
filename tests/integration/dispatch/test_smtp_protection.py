"""TLS and login: nothing of a message, and no password, goes where it should not."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from contracts.ereferral import FailureCode
from services.ereferral_dispatch.rules.outcome_codes import SmtpCode
from services.ereferral_dispatch.rules.outcomes import (
    Outcome,
    RelayUnusable,
    Sent,
)
from tests.integration.dispatch.smtp_attempts import LETTER, TO, attempt
from tests.support.certificates import common_name_alone
from tests.support.partners.real_relay import real_relay
from tests.support.partners.relay import OFFERED, Do, scripted_relay


class Certificates:
    """An authority that the client trusts, and server certificates good and bad."""

    def __init__(self, folder: Path) -> None:
        self.authority = trustme.CA()
        self.ca_file = folder / "ca.pem"
        self.authority.cert_pem.write_to_path(str(self.ca_file))
        self._folder = folder

    def good(self) -> ssl.SSLContext:
        return self._of(self.authority.issue_cert("127.0.0.1"))

    def expired(self) -> ssl.SSLContext:
        yesterday = datetime.now(UTC) - timedelta(days=1)
        return self._of(self.authority.issue_cert("127.0.0.1", not_after=yesterday))

    def wrong_name(self) -> ssl.SSLContext:
        return self._of(self.authority.issue_cert("other.example"))

    def self_signed(self) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .sign(key, hashes.SHA256())
        )
        pem = self._folder / "self-signed.pem"
        pem.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        return context

    def _of(self, certificate: trustme.LeafCert) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        return context


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
async def test_tls_with_login(certificates: Certificates, scheme: str) -> None:
    """With TLS from the start or by STARTTLS, the login and the message go through it."""
    seen: list[tuple[bytes, bytes]] = []

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        seen.append((data.login, data.password))
        return AuthResult(success=True)

    async with real_relay(
        tls=certificates.good(),
        implicit_tls=scheme == "smtps",
        auth_required=True,
        auth_require_tls=scheme != "smtps",  # aiosmtpd knows of TLS only where it started it
        authenticator=check,
    ) as inbox:
        outcome = await attempt(
            inbox.port, scheme=scheme, ca_file=certificates.ca_file, user_info="clinic:p%40ss%2F@"
        )
    assert outcome == Sent(SmtpCode(250))
    assert inbox.messages == [(TO, LETTER)]
    assert seen == [(b"clinic", b"p@ss/")]


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("expired", "certificate has expired"),
        ("self_signed", "self-signed certificate"),
        ("wrong_name", "IP address mismatch"),
    ],
)
async def test_a_certificate_that_does_not_prove_the_relay(
    certificates: Certificates, scheme: str, kind: str, reason: str
) -> None:
    """It is the relay's, and neither login nor message was offered."""
    tls = getattr(certificates, kind)()
    offered = OFFERED.replace("250-SIZE", "250-STARTTLS\r\n250-SIZE")
    async with scripted_relay({"EHLO": offered}, tls=tls, implicit_tls=scheme == "smtps") as relay:
        outcome = await attempt(
            relay.port, scheme=scheme, ca_file=certificates.ca_file, user_info="clinic:secret@"
        )
    assert isinstance(outcome, RelayUnusable)
    assert outcome.code == "certificate_invalid"
    assert reason in (outcome.detail or "")
    assert set(relay.verbs) <= {"EHLO", "STARTTLS"}


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
async def test_a_relays_name_is_looked_for_in_the_alternative_names_alone(
    certificates: Certificates, scheme: str, tmp_path: Path
) -> None:
    """RFC 9525, section 6.4.4: a certificate with nothing but a common name proves no name."""
    tls = common_name_alone(certificates.authority, "localhost", tmp_path)
    offered = OFFERED.replace("250-SIZE", "250-STARTTLS\r\n250-SIZE")
    async with scripted_relay({"EHLO": offered}, tls=tls, implicit_tls=scheme == "smtps") as relay:
        outcome = await attempt(
            relay.port, host="localhost", scheme=scheme, ca_file=certificates.ca_file
        )
    assert isinstance(outcome, RelayUnusable)
    assert outcome.code is FailureCode.CERTIFICATE_INVALID
    assert set(relay.verbs) <= {"EHLO", "STARTTLS"}


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        ({}, RelayUnusable(FailureCode.TLS_FAILED, "STARTTLS not offered")),
        (
            {"EHLO": "250-relay\r\n250 STARTTLS", "STARTTLS": "454 4.7.0 not now"},
            RelayUnusable(SmtpCode(454), "4.7.0"),
        ),
    ],
)
async def test_without_tls_nothing_goes_out(script: dict[str, str | Do], outcome: Outcome) -> None:
    """Where STARTTLS is wanted and not to be had, neither login nor message goes in the clear."""
    async with scripted_relay(script) as relay:
        assert (
            await attempt(relay.port, scheme="smtp+starttls", user_info="clinic:secret@") == outcome
        )
    assert set(relay.verbs) <= {"EHLO", "STARTTLS", "QUIT"}


async def test_a_relay_that_does_not_speak_tls() -> None:
    """`smtps` at a port that speaks in the clear is no relay: a wrong port can be mended."""
    async with scripted_relay() as relay:
        outcome = await attempt(relay.port, scheme="smtps")
    assert isinstance(outcome, RelayUnusable)
    assert outcome.code == "tls_failed"
    assert relay.verbs in ([], relay.verbs[:1])
    assert relay.heard == b""


async def test_plain_stays_plain(certificates: Certificates) -> None:
    """With `smtp://` an offer of STARTTLS is not taken: what is set is what happens."""
    offered = OFFERED.replace("250-SIZE", "250-STARTTLS\r\n250-SIZE")
    async with scripted_relay({"EHLO": offered}, tls=certificates.good()) as relay:
        assert await attempt(relay.port) == Sent(SmtpCode(250))
    assert "STARTTLS" not in relay.verbs


# ---- Login


async def test_a_refused_login_is_the_relays_and_tried_once() -> None:
    """A wrong password is ours, no partner's; trying more methods with one locks accounts."""
    script = {"EHLO": "250-relay\r\n250 AUTH PLAIN LOGIN CRAM-MD5", "AUTH": "535 5.7.8 no"}
    async with scripted_relay(script) as relay:
        outcome = await attempt(relay.port, user_info="clinic:wrong@")
    assert outcome == RelayUnusable(SmtpCode(535), "5.7.8")
    assert relay.verbs == ["EHLO", "AUTH", "QUIT"]


async def test_a_relay_without_a_login_that_we_know() -> None:
    """It is the relay's configuration, which its operator can mend."""
    async with scripted_relay({"EHLO": "250-relay\r\n250 AUTH GSSAPI"}) as relay:
        outcome = await attempt(relay.port, user_info="clinic:secret@")
    assert isinstance(outcome, RelayUnusable)
    assert outcome.code == "authentication_failed"
    assert "MAIL" not in relay.verbs
