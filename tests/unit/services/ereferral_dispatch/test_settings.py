"""The fax transport is decided at the service's start, and what is missing is named then."""

import pytest

from messaging.running.settings import SettingError, load_settings
from services.ereferral_dispatch.settings import DispatchSettings, FaxProvider

SINCH = {
    "DISPATCH_FAX_PROVIDER": "sinch",
    "DISPATCH_SINCH_PROJECT_ID": "project",
    "DISPATCH_SINCH_KEY_ID": "key",
    "DISPATCH_SINCH_KEY_SECRET": "s3cret",
}


@pytest.fixture(autouse=True)
def _needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPATCH_DATABASE_URL", "postgresql+asyncpg://localhost/x")
    monkeypatch.setenv("DISPATCH_RABBITMQ_URL", "amqp://localhost")
    monkeypatch.setenv("DISPATCH_SIGNING_KEY", "key")


def settings(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> DispatchSettings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load_settings(DispatchSettings)


def test_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing set: by mail, once a domain is there."""
    loaded = settings(monkeypatch, {})
    assert (loaded.fax_provider, loaded.fax_mail_domain) == (FaxProvider.MAIL, None)
    assert loaded.fax_deadline_seconds == 900
    assert loaded.sinch_url == "https://fax.api.sinch.com"


def test_sinch_with_all_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The secret is not shown."""
    loaded = settings(monkeypatch, SINCH)
    assert loaded.fax_provider is FaxProvider.SINCH
    assert "s3cret" not in repr(loaded)


@pytest.mark.parametrize("missing", list(SINCH)[1:])
@pytest.mark.parametrize("value", [None, ""])
def test_what_sinch_lacks_is_named(
    monkeypatch: pytest.MonkeyPatch, missing: str, value: str | None
) -> None:
    """Unset or empty: the start fails with the variable's name, and no value is quoted."""
    variables = {name: set_to for name, set_to in SINCH.items() if name != missing}
    if value is not None:
        variables[missing] = value
    with pytest.raises(SettingError, match=f"{missing} is not set") as raised:
        settings(monkeypatch, variables)
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({**SINCH, "DISPATCH_SINCH_URL": "http://fax.example"}, "DISPATCH_SINCH_URL must start"),
        ({"DISPATCH_FAX_MAIL_DOMAIN": "fax.example"}, "DISPATCH_SMTP_URL is not set"),
        ({"DISPATCH_FAX_MAIL_DOMAIN": "fax.example\nX"}, "DISPATCH_FAX_MAIL_DOMAIN"),
        ({"DISPATCH_FAX_PROVIDER": "pigeon"}, "DISPATCH_FAX_PROVIDER"),
    ],
)
def test_what_cannot_be(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str
) -> None:
    """The key never goes out in the clear; a domain is one, and needs a relay."""
    with pytest.raises(SettingError, match=said):
        settings(monkeypatch, variables)
