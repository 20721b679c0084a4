"""Answer links are on with the address at which partners answer, and off without it."""

from datetime import timedelta

import pytest

from messaging.running.settings import SettingError, load_settings
from services.ereferral_dispatch.rules.answer_links import AnswerLinks
from services.ereferral_dispatch.settings import DispatchSettings

URL = "https://answer.example.org"


@pytest.fixture(autouse=True)
def _needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPATCH_DATABASE_URL", "postgresql+asyncpg://localhost/x")
    monkeypatch.setenv("DISPATCH_RABBITMQ_URL", "amqp://localhost")
    monkeypatch.setenv("DISPATCH_SIGNING_KEY", "key")


def links(monkeypatch: pytest.MonkeyPatch, **variables: str) -> AnswerLinks | None:
    for name, value in variables.items():
        monkeypatch.setenv(f"DISPATCH_{name.upper()}", value)
    return load_settings(DispatchSettings).answer_links()


def test_unset_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anywhere."""
    assert links(monkeypatch) is None


def test_set_they_last_180_days_and_are_made_by_the_signing_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A slash at the address's end would be doubled."""
    assert links(monkeypatch, public_url=f"{URL}/") == AnswerLinks(URL, ("key",), timedelta(180))


def test_the_key_before_is_at_hand_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """For letters of links that it made; an empty one is none."""
    for before, keys in (("old", ("key", "old")), ("", ("key",))):
        made = links(
            monkeypatch,
            public_url=URL,
            signing_key_previous=before,
            answer_link_days="30",
        )
        assert made == AnswerLinks(URL, keys, timedelta(30))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "answer.example.org",
        "ftp://answer.example.org",
        "https://",
        "https://user:secret@answer.example.org",
        "https://answer.example.org/?q=secret",
        "https://answer.example.org/#secret",
        "https://answer.example.org/a b",
        "https://answer.example.org/refer",
        f"https://{'a' * 120}.example.org",
    ],
)
def test_what_cannot_stand_in_a_letter_is_refused(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """At the start, by the variable's name, without the value."""
    with pytest.raises(SettingError, match="DISPATCH_PUBLIC_URL") as raised:
        links(monkeypatch, public_url=url)
    assert "secret" not in str(raised.value)


def test_in_clear_text_it_is_for_development(monkeypatch: pytest.MonkeyPatch) -> None:
    """With DISPATCH_ALLOW_HTTP alone."""
    with pytest.raises(SettingError, match="DISPATCH_PUBLIC_URL must start with https://"):
        links(monkeypatch, public_url="http://127.0.0.1:8080")
    made = links(monkeypatch, public_url="http://127.0.0.1:8080", allow_http="true")
    assert made is not None and made.public_url == "http://127.0.0.1:8080"
