"""The relay's URL: what it means, and that its password is never told."""

import pytest

from services.ereferral_dispatch.senders.smtp_relay import SmtpRelay, SmtpSecurity, parse_smtp_url


@pytest.mark.parametrize(
    ("url", "relay"),
    [
        ("smtp://relay", SmtpRelay("relay", 25, SmtpSecurity.PLAIN)),
        ("smtp://127.0.0.1:2525/", SmtpRelay("127.0.0.1", 2525, SmtpSecurity.PLAIN)),
        ("smtp+starttls://relay", SmtpRelay("relay", 587, SmtpSecurity.STARTTLS)),
        ("smtps://[::1]", SmtpRelay("::1", 465, SmtpSecurity.TLS)),
        (
            "smtps://clinic%40relay:p%2F%40%3Ass@relay:4465",
            SmtpRelay("relay", 4465, SmtpSecurity.TLS, "clinic@relay", "p/@:ss"),
        ),
        ("smtp://clinic:@relay", SmtpRelay("relay", 25, SmtpSecurity.PLAIN, "clinic", "")),
    ],
)
def test_a_url_names_a_relay(url: str, relay: SmtpRelay) -> None:
    """Scheme, host, port or the scheme's own, and user information, percent-decoded."""
    assert parse_smtp_url(url) == relay


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("", "must start with"),
        ("https://relay", "must start with"),
        ("smtp+tls://relay", "must start with"),
        ("smtp://", "name a host"),
        ("smtp://:25", "name a host"),
        ("smtp://relay:0", "port must be"),
        ("smtp://relay:99999", "no valid host and port"),
        ("smtp://relay..example", "no valid host and port"),
        ("smtp://relay/mail", "end after the host"),
        ("smtp://relay?tls=1", "end after the host"),
        ("smtp://clinic@relay", "both a user and a password"),
        ("smtp://:secret@relay", "both a user and a password"),
        ("smtps://clinic:se/cret@relay", "no valid host and port"),
        ("smtps://clinic:secret#1@relay", "no valid host and port"),
    ],
)
def test_a_wrong_url_says_what_is_wrong_and_no_more(url: str, wrong: str) -> None:
    """The text names the fault and quotes nothing of the URL."""
    with pytest.raises(ValueError, match=wrong) as error:
        parse_smtp_url(url)
    assert "cret" not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__ or error.value.__context__ is None


def test_a_relay_hides_its_password() -> None:
    """A settings object that is logged does not tell it."""
    assert "secret" not in repr(parse_smtp_url("smtps://clinic:secret@relay"))
