"""TLS where nothing is said, and all that may be said."""

import ssl
from pathlib import Path
from typing import Any

import pytest
import structlog
import trustme
from pydantic import SecretStr, ValidationError
from structlog.testing import capture_logs

from messaging.database.engine import connecting
from messaging.running import service
from messaging.running.settings import SettingError, load_settings
from messaging.wire.tls import is_loopback, why_lost
from services.ereferral_dispatch.settings import DispatchSettings
from services.referrals.app import build
from services.referrals.settings import ReferralsSettings

HERE = "postgresql+asyncpg://u:p@127.0.0.1/db"
ELSEWHERE = "postgresql+asyncpg://u:p@db.example/db"


@pytest.fixture(scope="module")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("ca") / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    return path


@pytest.mark.parametrize(
    ("host", "is_here"),
    [
        *((here, True) for here in ("localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]")),
        *((here, True) for here in ("/var/run/postgresql", "", None)),
        *((away, False) for away in ("db", "db.example", "10.0.0.1", "::2", "localhost.example")),
        *((away, False) for away in ("0.0.0.0", "127.0.0.1.example", "128.0.0.1")),
    ],
)
def test_this_machine_is_known_by_its_name(host: str | None, is_here: bool) -> None:
    """A name is not resolved: who answers for it may change."""
    assert is_loopback(host) is is_here


@pytest.mark.parametrize(
    ("url", "verified"),
    [
        (HERE, False),
        (f"{HERE}?ssl=verify-full", True),
        (f"{HERE}?ssl=disable", False),
        (ELSEWHERE, True),
        (f"{ELSEWHERE}?ssl=verify-full", True),
        (f"{ELSEWHERE}?ssl=disable", False),
        ("postgresql+asyncpg://u:p@/db?host=/var/run/postgresql", False),
        ("postgresql+asyncpg://u:p@/db?host=127.0.0.1&host=db.example", True),
        ("postgresql+asyncpg://u:p@localhost/db?host=db.example&port=5432", True),
        ("postgresql+asyncpg://u:p@localhost/db?host=db.example:5432", True),
        ("postgresql+asyncpg://u:p@/db?host=127.0.0.1:5432&host=localhost:5433", False),
        ("postgresql+asyncpg://u:p@/db?host=[::1]:5432", False),
        ("postgresql+asyncpg://u:p@/db?host=::1", False),
    ],
)
def test_postgresql_is_verified_outside_this_machine(url: str, verified: bool) -> None:
    """Unless its URL says otherwise; the driver sees nothing of what says so."""
    address, protection = connecting(url)
    assert "ssl" not in address.query
    if not verified:
        assert protection == {"ssl": False}
        return
    context = protection["ssl"]
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname is True
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.hostname_checks_common_name is False


def test_where_no_host_is_named_the_drivers_own_variable_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """asyncpg asks PGHOST."""
    monkeypatch.setenv("PGHOST", "db.example")
    assert connecting("postgresql+asyncpg:///db")[1]["ssl"] is not False
    monkeypatch.delenv("PGHOST")
    assert connecting("postgresql+asyncpg:///db")[1]["ssl"] is False


def settings(**given: Any) -> ReferralsSettings:
    return ReferralsSettings(**{"database_url": HERE, "rabbitmq_url": "amqp://127.0.0.1", **given})


def test_a_ca_file_goes_with_the_url(ca_file: Path) -> None:
    """It alone is trusted then, and PostgreSQL is verified on this machine too."""
    ours = settings(
        database_ca_file=ca_file, rabbitmq_url="amqps://127.0.0.1/v", rabbitmq_ca_file=ca_file
    )
    _, protection = connecting(ours.database)
    assert len(protection["ssl"].get_ca_certs()) == 1
    assert ours.broker == f"amqps://127.0.0.1/v?cafile={ca_file}"


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        (
            {"REFERRALS_DATABASE_CA_FILE": "/nowhere.pem"},
            "REFERRALS_DATABASE_CA_FILE: holds no certificate that can be read (FileNotFoundError)",
        ),
        (
            {"REFERRALS_RABBITMQ_CA_FILE": __file__},
            "REFERRALS_RABBITMQ_CA_FILE: holds no certificate that can be read (SSLError)",
        ),
        (
            {"REFERRALS_DATABASE_URL": f"{ELSEWHERE}?ssl=require"},
            "REFERRALS_DATABASE_URL: its TLS is chosen by ssl=verify-full or ssl=disable "
            "and no other way",
        ),
        (
            {"REFERRALS_DATABASE_URL": f"{ELSEWHERE}?sslmode=disable"},
            "REFERRALS_DATABASE_URL: its TLS is chosen by ssl=verify-full or ssl=disable "
            "and no other way",
        ),
        (
            {"REFERRALS_RABBITMQ_URL": "amqps://mq.example/?no_verify_ssl=1"},
            "REFERRALS_RABBITMQ_URL: amqps:// is always verified: no_verify_ssl cannot be",
        ),
    ],
)
def test_what_cannot_be_ends_the_start(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], says: str
) -> None:
    """One line that names the variable and quotes nothing of a URL."""
    monkeypatch.setenv("REFERRALS_DATABASE_URL", HERE)
    monkeypatch.setenv("REFERRALS_RABBITMQ_URL", "amqps://127.0.0.1")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingError) as refused:
        load_settings(ReferralsSettings)
    assert str(refused.value) == says


@pytest.mark.parametrize("field", ["database", "rabbitmq"])
def test_a_ca_file_for_nothing_is_refused(ca_file: Path, field: str) -> None:
    """Whoever names one expects that something is verified with it."""
    urls = {"database": f"{HERE}?ssl=disable", "rabbitmq": "amqp://127.0.0.1"}
    with pytest.raises(ValidationError) as refused:
        settings(**{f"{field}_ca_file": ca_file, f"{field}_url": urls[field]})
    [error] = refused.value.errors()
    name = f"REFERRALS_{field.upper()}"
    assert error["msg"] == (
        f"Value error, {name}_CA_FILE is set, and by {name}_URL nothing is encrypted"
    )


def test_what_leaves_this_machine_in_the_clear_is_told_once_at_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """PostgreSQL, RabbitMQ and the mail relay, each by its variable."""
    dispatch = DispatchSettings(
        database_url=f"{ELSEWHERE}?ssl=disable",
        rabbitmq_url="amqp://mq.example",
        smtp_url="smtp://mail.example",
        mail_from="a@handoff.example",
        signing_key=SecretStr("sample"),
    )
    assert dispatch.clear_text() == [
        *("DISPATCH_DATABASE_URL", "DISPATCH_RABBITMQ_URL", "DISPATCH_SMTP_URL")
    ]
    # One that was used before in this process keeps what it was configured with.
    monkeypatch.setattr(service, "log", structlog.get_logger())
    with capture_logs() as told:
        build(settings(rabbitmq_url="amqp://mq.example"))
    assert [(line["event"], line["detail"]) for line in told if "detail" in line] == [
        ("not encrypted, and it leaves this machine", "REFERRALS_RABBITMQ_URL")
    ]


def test_what_stays_here_or_is_encrypted_is_not_told() -> None:
    """No warning is worth anything that is always there."""
    dispatch = DispatchSettings(
        database_url=ELSEWHERE,
        rabbitmq_url="amqps://mq.example",
        smtp_url="smtp+starttls://mail.example",
        mail_from="a@handoff.example",
        signing_key=SecretStr("sample"),
    )
    assert dispatch.clear_text() == []
    assert settings().clear_text() == []


def test_why_a_connection_was_lost_quotes_nothing() -> None:
    """A certificate's fault in OpenSSL's words, TLS's by its reason, else the class alone."""
    certificate = ssl.SSLCertVerificationError(1, "secret")
    certificate.verify_message = "certificate has expired"
    wrapped = ConnectionError("secret")
    wrapped.__cause__ = certificate
    assert why_lost(wrapped) == "its certificate is not accepted: certificate has expired"
    assert why_lost(ConnectionResetError("secret")) == "ConnectionResetError"
