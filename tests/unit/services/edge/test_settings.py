"""The settings of the edge."""

from ipaddress import IPv4Network, IPv6Network

import pytest

from messaging.running.settings import SettingError, load_settings
from services.edge.settings import EdgeSettings

BROKER = "amqp://edge:secret@broker.example/v"


def test_what_is_listed_is_listed_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks and origins."""
    monkeypatch.setenv("EDGE_RABBITMQ_URL", BROKER)
    monkeypatch.setenv("EDGE_TRUSTED_PROXIES", "10.1.2.3/8,2001:db8::/32")
    monkeypatch.setenv("EDGE_CORS_ORIGINS", "https://desk.example.com,http://localhost:3000")
    settings = load_settings(EdgeSettings)
    assert settings.trusted_proxies == (IPv4Network("10.0.0.0/8"), IPv6Network("2001:db8::/32"))
    assert settings.cors_origins == ("https://desk.example.com", "http://localhost:3000")
    assert settings.clear_text() == ["EDGE_RABBITMQ_URL"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("EDGE_RABBITMQ_URL", "http://broker"),
        ("EDGE_TRUSTED_PROXIES", "proxy.example"),
        ("EDGE_CORS_ORIGINS", "*"),
        ("EDGE_CORS_ORIGINS", "https://desk.example.com/"),
        ("EDGE_MAX_IN_FLIGHT", "0"),
        ("EDGE_REPLY_TIMEOUT_SECONDS", "0"),
        ("EDGE_HTTP_PORT", "65536"),
    ],
)
def test_a_wrong_one_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    """One line, which does not quote it."""
    monkeypatch.setenv("EDGE_RABBITMQ_URL", BROKER)
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingError, match=variable) as wrong:
        load_settings(EdgeSettings)
    assert value == "0" or value not in str(wrong.value)


def test_a_ca_file_that_nothing_is_verified_with_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    """It would be a false comfort."""
    monkeypatch.setenv("EDGE_RABBITMQ_URL", BROKER)
    monkeypatch.setenv("EDGE_RABBITMQ_CA_FILE", __file__)
    with pytest.raises(SettingError, match="EDGE_RABBITMQ_CA_FILE"):
        load_settings(EdgeSettings)
