"""Replies that are in nobody's list, and relays that know no EHLO.

RFC 5321, section 4.2: a client that gets a code that it does not know acts by its first digit.
RFC 5321, sections 3.2 and 4.1.4: HELO where EHLO is not known.
"""

import ssl
from pathlib import Path

import pytest
import trustme

from contracts.ereferral import FailureCode
from services.ereferral_dispatch.rules.outcome_codes import SmtpCode
from services.ereferral_dispatch.rules.outcomes import (
    Outcome,
    OutcomeUnknown,
    PermanentFailure,
    Sent,
    TransientFailure,
)
from tests.integration.dispatch.smtp_attempts import LETTER, attempt
from tests.support.partners.relay import Do, Script, scripted_relay

WITH_LOGIN = "250-relay.example\r\n250 AUTH PLAIN"


@pytest.mark.parametrize("code", [200, 211, 220, 235, 251, 252, 259, 299])
@pytest.mark.parametrize("step", ["greeting", "EHLO", "AUTH", "MAIL", "RCPT"])
async def test_any_2yz_lets_an_attempt_go_on(step: str, code: int) -> None:
    """Positive completion, whatever its other digits say, one line or several."""
    said = {"EHLO": WITH_LOGIN, step: f"{code} ok"}
    if step == "EHLO":
        said[step] = f"{code}-relay.example\r\n{code} AUTH PLAIN"
    async with scripted_relay(said) as relay:
        assert await attempt(relay.port, user_info="clinic:secret@") == Sent(SmtpCode(250))
    assert [mail.content for mail in relay.mails] == [LETTER]


@pytest.mark.parametrize("code", [200, 220, 235, 250, 251, 252, 299])
async def test_any_2yz_after_the_message_is_sent(code: int) -> None:
    """The relay has taken it over, and the attempt's code is what it said."""
    async with scripted_relay({"end": f"{code} ok"}) as relay:
        assert await attempt(relay.port) == Sent(SmtpCode(code))
    assert [mail.content for mail in relay.mails] == [LETTER]


@pytest.mark.parametrize("code", [300, 334, 350, 399])
async def test_any_3yz_to_data_lets_the_message_go(code: int) -> None:
    """Positive intermediate: the relay awaits the message."""
    async with scripted_relay({"DATA": f"{code} go"}) as relay:
        assert await attempt(relay.port) == Sent(SmtpCode(250))
    assert [mail.content for mail in relay.mails] == [LETTER]


@pytest.mark.parametrize("reply", ["200 go ahead", "250 go ahead"])
async def test_any_2yz_to_starttls_begins_tls(reply: str, tmp_path: Path) -> None:
    """RFC 3207 has 220; another 2yz says the same."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    tls = _server_context(authority)
    script = {"EHLO": "250-relay.example\r\n250 STARTTLS", "STARTTLS": reply}
    async with scripted_relay(script, tls=tls) as relay:
        outcome = await attempt(relay.port, scheme="smtp+starttls", ca_file=tmp_path / "ca.pem")
    assert outcome == Sent(SmtpCode(250))
    assert relay.verbs[:4] == ["EHLO", "STARTTLS", "EHLO", "MAIL"]


def _server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.mark.parametrize(
    ("step", "reply", "outcome"),
    [
        ("MAIL", "354 what?", TransientFailure(FailureCode.NO_ANSWER, "not a reply of SMTP")),
        ("RCPT", "150 wait", TransientFailure(FailureCode.NO_ANSWER, "not a reply of SMTP")),
        ("RCPT", "600 what?", TransientFailure(FailureCode.NO_ANSWER, "not a reply of SMTP")),
        ("RCPT", "499 4.9.9 odd", TransientFailure(SmtpCode(499), "4.9.9")),
        ("RCPT", "599 5.9.9 odd", PermanentFailure(SmtpCode(599), "5.9.9")),
        ("end", "418 tea", TransientFailure(SmtpCode(418))),
        ("end", "577 no", PermanentFailure(SmtpCode(577))),
        ("end", "150 wait", OutcomeUnknown(FailureCode.NO_ANSWER, "reply 150 to DATA")),
    ],
)
async def test_any_other_first_digit_means_what_it_says(
    step: str, reply: str, outcome: Outcome
) -> None:
    """4yz is transient and 5yz permanent, known or not; where neither completion nor refusal is
    said, nobody knows what became of a message that was handed over."""
    async with scripted_relay({step: reply}) as relay:
        assert await attempt(relay.port) == outcome


@pytest.mark.parametrize("reply", ["500 command unrecognized", "502 5.5.1 not implemented"])
async def test_a_relay_without_ehlo_is_greeted_with_helo(reply: str) -> None:
    """And nothing is asked of it that HELO does not promise: no SIZE, no 8BITMIME."""
    async with scripted_relay({"EHLO": reply}) as relay:
        assert await attempt(relay.port) == Sent(SmtpCode(250))
    assert relay.commands[:3] == [
        "EHLO handoff.example",
        "HELO handoff.example",
        "MAIL FROM:<referrals@handoff.example>",
    ]
    assert [mail.content for mail in relay.mails] == [LETTER]


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ({"EHLO": "550 5.7.1 not you"}, "smtp_550"),
        ({"EHLO": "421 busy"}, "smtp_421"),
        ({"EHLO": "502 what?", "HELO": "554 5.7.1 not you"}, "smtp_554"),
        ({"EHLO": "502 what?", "HELO": Do.LOSE}, "connection_lost"),
    ],
)
async def test_a_relay_that_refuses_us_is_not_asked_again(script: Script, code: str) -> None:
    """Only "not known" (500) and "not implemented" (502) are about the command and not about us."""
    async with scripted_relay(script) as relay:
        outcome = await attempt(relay.port)
    assert not isinstance(outcome, Sent) and str(getattr(outcome, "code", None)) == code
    assert "MAIL" not in relay.verbs


@pytest.mark.parametrize(
    ("scheme", "code"), [("smtp+starttls", "tls_failed"), ("smtp", "authentication_failed")]
)
async def test_helo_offers_neither_tls_nor_login(scheme: str, code: str) -> None:
    """Where the URL wants them nothing goes out, and no password in the clear."""
    async with scripted_relay({"EHLO": "502 5.5.1 not implemented"}) as relay:
        outcome = await attempt(relay.port, scheme=scheme, user_info="clinic:secret@")
    assert str(getattr(outcome, "code", None)) == code
    assert set(relay.verbs) <= {"EHLO", "HELO", "QUIT"}
