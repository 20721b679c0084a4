"""Outcomes of a message that is handed to an SMTP relay: the table, row by row."""

import asyncio
import socket
import time
from typing import Any

import pytest

from contracts.ereferral import FailureCode
from ops.servers.ports import free_ports
from services.ereferral_dispatch.rules.outcome_codes import SmtpCode
from services.ereferral_dispatch.rules.outcomes import (
    Outcome,
    OutcomeUnknown,
    PermanentFailure,
    RelayUnusable,
    Sent,
    TransientFailure,
)
from services.ereferral_dispatch.senders.base import AttemptWithdrawn
from services.ereferral_dispatch.senders.email import EmailSender, parse_smtp_url
from services.ereferral_dispatch.senders.smtp import Envelope, SmtpTransport
from services.ereferral_dispatch.senders.smtp_session import SmtpTimeouts
from tests.integration.dispatch.smtp_attempts import (
    BEFORE_DATA,
    BEFORE_MAIL,
    FROM,
    LETTER,
    QUICK,
    TO,
    attempt,
    go,
)
from tests.support.partners.real_relay import real_relay
from tests.support.partners.relay import Do, scripted_relay
from tests.support.samples.packages import sample_consignment, sample_package, sample_practice

# ---- Sent


async def test_a_real_relay_gets_the_message_once_and_byte_for_byte() -> None:
    """250 after DATA is `sent`, and what was composed is what arrives, lines with dots included."""
    async with real_relay() as inbox:
        assert await attempt(inbox.port) == Sent(SmtpCode(250))
    assert inbox.messages == [(TO, LETTER)]


async def test_the_email_sender_sends_what_it_composed() -> None:
    """The sender adds nothing to its content and sends it to the consignment's address."""
    consignment = sample_consignment()
    async with real_relay() as inbox:
        sender = EmailSender(parse_smtp_url(f"smtp://127.0.0.1:{inbox.port}"), FROM)
        content = sender.compose(consignment)
        assert await sender.send(consignment, content, go) == Sent(SmtpCode(250))
    assert inbox.messages == [("referrals@example.org", content)]


async def test_the_size_is_announced_where_the_relay_wants_it() -> None:
    """A relay that says SIZE can refuse a letter that is too long before it is sent (RFC 1870)."""
    async with scripted_relay() as relay:
        assert await attempt(relay.port) == Sent(SmtpCode(250))
    assert f"SIZE={len(LETTER)}" in relay.commands[1]


async def test_a_relay_that_never_answers_quit_costs_no_time() -> None:
    """The outcome is known before QUIT and nothing after it delays or changes it."""
    async with scripted_relay({"QUIT": Do.HANG}) as relay:
        started = time.monotonic()
        assert await attempt(relay.port, timeouts=SmtpTimeouts()) == Sent(SmtpCode(250))
        assert time.monotonic() - started < 1
        await asyncio.wait_for(relay.waiting.wait(), 1)
    assert relay.verbs[-1] == "QUIT"


# ---- Replies


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "end"])
@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ("451 4.3.0 Sample Patient? later", TransientFailure(SmtpCode(451), "4.3.0")),
        ("421 closing", TransientFailure(SmtpCode(421))),
        ("550 5.1.1 <desk@partner.example> no", PermanentFailure(SmtpCode(550), "5.1.1")),
        ("554-5.7.1 several\r\n554 5.7.1 lines", PermanentFailure(SmtpCode(554), "5.7.1")),
    ],
)
async def test_a_reply_decides(step: str, reply: str, outcome: Outcome) -> None:
    """4xx is transient and 5xx permanent from MAIL on; of the reply's text only its code stays."""
    async with scripted_relay({step: reply}) as relay:
        assert await attempt(relay.port) == outcome
    assert relay.connections == 1
    assert len(relay.mails) == (1 if step == "end" else 0)


@pytest.mark.parametrize("step", BEFORE_MAIL)
@pytest.mark.parametrize(
    ("reply", "code", "detail"),
    [
        ("451 4.3.0 Sample Patient? later", SmtpCode(451), "4.3.0"),
        ("421 closing", SmtpCode(421), None),
        ("554 5.7.1 not you", SmtpCode(554), "5.7.1"),
        ("hello there", FailureCode.NO_ANSWER, "not a reply of SMTP"),
        (Do.LOSE, FailureCode.CONNECTION_LOST, None),
        (Do.HANG, FailureCode.TIMED_OUT, None),
    ],
)
async def test_what_the_relay_refuses_before_mail_is_no_partners_failure(
    step: str, reply: str | Do, code: SmtpCode | FailureCode, detail: str | None
) -> None:
    """It has heard of no recipient: its own fault or ours (docs/contract/dispatch.md#the-relay),
    whatever the reply says of how long."""
    async with scripted_relay({step: reply}) as relay:
        assert await attempt(relay.port) == RelayUnusable(code, detail)
        await asyncio.wait_for(relay.ended.wait(), 1)
    assert "MAIL" not in relay.verbs
    assert relay.heard == b""


@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        ("530 5.7.0 Must issue a STARTTLS command first", "5.7.0"),
        ("530-5.5.1 Authentication Required. Learn more at\r\n530 5.5.1 example.com", "5.5.1"),
        ("530 log in first", None),
    ],
)
async def test_a_relay_that_wants_something_first_is_no_partners_failure(
    step: str, reply: str, detail: str | None
) -> None:
    """RFC 3207, section 4, and RFC 4954, section 6: 530 to a command says that STARTTLS or AUTH has
    to come before it. A probe of the relay finds the same, and what is over is over."""
    async with scripted_relay({step: reply}) as relay:
        unusable = RelayUnusable(SmtpCode(530), detail)
        assert await attempt(relay.port) == unusable
        probed = SmtpTransport(parse_smtp_url(relay.url))
        assert await probed.probe("referrals@handoff.example") == unusable
        relay.everybody = {}
        assert await probed.probe("referrals@handoff.example") is None
    assert [verb for verb in relay.verbs if verb != "QUIT"][-3:] == ["MAIL", "RCPT", "RSET"]
    assert relay.heard == b""


@pytest.mark.parametrize("reply", ["550 5.1.1 no such mailbox", "451 4.7.1 greylisted", "354 ?"])
@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
async def test_a_probe_is_not_told_about_our_own_address(step: str, reply: str) -> None:
    """What a relay says of an address that nothing is sent to does not keep it held."""
    async with scripted_relay({step: reply}) as relay:
        assert await SmtpTransport(parse_smtp_url(relay.url)).probe("a@handoff.example") is None


async def test_a_refusal_in_the_middle_of_the_message_counts() -> None:
    """A relay that says 552 and hangs up before the end has refused; nothing is unknown."""
    async with scripted_relay({"half": "552 5.3.4 too long", "end": Do.LOSE}) as relay:
        assert await attempt(relay.port) == PermanentFailure(SmtpCode(552), "5.3.4")


@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
async def test_what_is_no_reply_is_transient_before_data(step: str) -> None:
    """A server that does not speak SMTP got nothing and may be mended."""
    async with scripted_relay({step: "hello there"}) as relay:
        outcome = await attempt(relay.port)
    assert outcome == TransientFailure(FailureCode.NO_ANSWER, "not a reply of SMTP")
    assert relay.heard == b""


# ---- Lost before DATA


@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
async def test_lost_before_data_is_transient(step: str) -> None:
    """A connection that breaks before DATA has carried nothing: the same channel is tried again."""
    async with scripted_relay({step: Do.LOSE}) as relay:
        assert await attempt(relay.port) == TransientFailure(FailureCode.CONNECTION_LOST)
    assert relay.connections == 1


@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
async def test_silence_before_data_is_transient(step: str) -> None:
    """A relay that is silent before DATA is left, and the connection closed."""
    async with scripted_relay({step: Do.HANG}) as relay:
        assert await attempt(relay.port) == TransientFailure(FailureCode.TIMED_OUT)
        await asyncio.wait_for(relay.ended.wait(), 1)


async def test_a_slow_greeting_is_waited_for() -> None:
    """The limit of the connection does not bind the greeting: some relays delay it on purpose."""
    async with scripted_relay(greeting_delay_seconds=0.5) as relay:
        timeouts = SmtpTimeouts(connect_seconds=0.3)
        assert await attempt(relay.port, timeouts=timeouts) == Sent(SmtpCode(250))
    assert [mail.content for mail in relay.mails] == [LETTER]


async def test_nobody_listens() -> None:
    """A refused connection is the relay's."""
    assert await attempt(*free_ports(1)) == RelayUnusable(FailureCode.CONNECT_REFUSED)


async def test_a_name_that_does_not_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name may resolve later."""

    async def no_such_name(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", no_such_name)
    assert await attempt(25) == RelayUnusable(FailureCode.NAME_NOT_RESOLVED)


async def test_a_connection_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that is neither taken nor refused is given up after its own limit."""

    async def hang(*_: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", hang)
    assert await attempt(25) == RelayUnusable(FailureCode.CONNECT_TIMEOUT)


# ---- After DATA began


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ({"DATA": Do.LOSE}, "connection_lost"),
        ({"DATA": Do.HANG}, "no_answer"),
        ({"half": Do.LOSE}, "connection_lost"),
        ({"end": Do.LOSE}, "connection_lost"),
        ({"end": Do.HANG}, "no_answer"),
        ({"end": "hello there"}, "no_answer"),
        ({"end": "354 once more"}, "no_answer"),
        ({"DATA": "250 what?"}, "no_answer"),
    ],
)
async def test_no_reply_after_data_began_is_unknown(script: dict[str, str | Do], code: str) -> None:
    """From DATA on, a reply of 250, 4xx or 5xx decides; without one nobody knows."""
    async with scripted_relay(script) as relay:
        outcome = await attempt(relay.port)
        await asyncio.wait_for(relay.ended.wait(), 1)
    assert isinstance(outcome, OutcomeUnknown)
    assert outcome.code == code
    assert relay.connections == 1
    assert len(relay.mails) <= 1


async def test_a_relay_that_stops_reading_is_cut_off() -> None:
    """A letter that the relay does not take ends as unknown in time, and leaves no connection."""
    huge = b"x" * 70 + b"\r\n"
    async with scripted_relay({"half": Do.HANG}) as relay:
        transport = SmtpTransport(parse_smtp_url(f"smtp://127.0.0.1:{relay.port}"), timeouts=QUICK)
        outcome = await transport.send(Envelope(FROM, TO), huge * 100_000, go)
        assert outcome == OutcomeUnknown(FailureCode.NO_ANSWER)
        await asyncio.wait_for(relay.ended.wait(), 1)


# ---- The point of no return


async def test_nothing_of_the_letter_leaves_before_the_point_of_no_return() -> None:
    """It is awaited once, with the recipient accepted and before DATA."""
    async with scripted_relay() as relay:
        seen: list[tuple[list[str], bytes]] = []

        async def note() -> None:
            await asyncio.sleep(0.05)
            seen.append((relay.verbs, relay.heard))

        assert await attempt(relay.port, point_of_no_return=note) == Sent(SmtpCode(250))
    assert seen == [(["EHLO", "MAIL", "RCPT"], b"")]


async def test_a_withdrawn_attempt_sends_nothing() -> None:
    """AttemptWithdrawn goes through to the caller, with the connection closed."""

    async def withdraw() -> None:
        raise AttemptWithdrawn

    async with scripted_relay() as relay:
        with pytest.raises(AttemptWithdrawn):
            await attempt(relay.port, point_of_no_return=withdraw)
        await asyncio.wait_for(relay.ended.wait(), 1)
    assert relay.verbs == ["EHLO", "MAIL", "RCPT"]
    assert relay.heard == b""


async def test_a_relay_that_hangs_up_meanwhile_got_nothing() -> None:
    """A connection that was lost while the point of no return was recorded is lost before DATA."""
    async with scripted_relay() as relay:

        async def hang_up() -> None:
            relay.hang_up()
            await relay.ended.wait()
            await asyncio.sleep(0.05)

        outcome = await attempt(relay.port, point_of_no_return=hang_up)
    assert outcome == TransientFailure(FailureCode.CONNECTION_LOST, "before DATA")
    assert relay.heard == b""


@pytest.mark.parametrize("step", [*BEFORE_DATA, "DATA", "half", "end"])
async def test_a_cancelled_attempt_leaves_no_connection(step: str) -> None:
    """CancelledError goes through at every step and the relay sees the connection end."""
    async with scripted_relay({step: Do.HANG}) as relay:
        attempting = asyncio.create_task(attempt(relay.port, timeouts=SmtpTimeouts()))
        await asyncio.wait_for(relay.waiting.wait(), 1)
        attempting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempting
        await asyncio.wait_for(relay.ended.wait(), 1)
    assert len(relay.mails) == (1 if step == "end" else 0)


# ---- Addresses


async def test_an_international_address_goes_where_it_is_taken() -> None:
    """SMTPUTF8 is used where the relay offers it (RFC 6531)."""
    async with real_relay(enable_SMTPUTF8=True) as inbox:
        assert await attempt(inbox.port, to="приём@partner.example") == Sent(SmtpCode(250))
    assert inbox.messages == [("приём@partner.example", LETTER)]
    assert "SMTPUTF8" in inbox.options


async def test_an_international_address_is_refused_where_it_is_not() -> None:
    """Without SMTPUTF8 the relay cannot reach it: permanent, and the next channel is tried."""
    async with scripted_relay() as relay:
        outcome = await attempt(relay.port, to="приём@partner.example")
    assert outcome == PermanentFailure(FailureCode.RECIPIENT_REFUSED, "SMTPUTF8 not offered")
    assert "MAIL" not in relay.verbs


@pytest.mark.parametrize("offers", [True, False])
async def test_a_practice_outside_ascii_can_be_answered_where_the_relay_has_smtputf8(
    offers: bool,
) -> None:
    """`Reply-To` is its address there, and the message one of SMTPUTF8 (RFC 6531, 3.4; RFC 6532);
    elsewhere the ASCII message goes, byte for byte as it was composed."""
    practice = sample_practice(email="jörg@praxis.example.com")
    consignment = sample_consignment(package=sample_package(practice=practice))
    async with real_relay(enable_SMTPUTF8=offers) as inbox:
        sender = EmailSender(parse_smtp_url(f"smtp://127.0.0.1:{inbox.port}"), FROM)
        content = sender.compose(consignment)
        assert await sender.send(consignment, content, go) == Sent(SmtpCode(250))
    ((recipient, message),) = inbox.messages
    assert recipient == "referrals@example.org"
    assert ("SMTPUTF8" in inbox.options) is offers
    assert ("\r\nReply-To: jörg@praxis.example.com\r\n".encode() in message) is offers
    assert (message == content) is not offers
    assert message.partition(b"\r\n\r\n")[2] == content.partition(b"\r\n\r\n")[2]
    assert message.count(b"Reply-To:") == 1


async def test_an_international_domain_needs_no_extension() -> None:
    """A domain has an ASCII form (RFC 5890), which every relay takes."""
    async with scripted_relay() as relay:
        assert await attempt(relay.port, to="desk@zahnärzte.example") == Sent(SmtpCode(250))
    assert relay.commands[2] == "RCPT TO:<desk@xn--zahnrzte-3za.example>"


async def test_an_address_cannot_become_a_command() -> None:
    """An address that would break its line is refused before anything is said about it."""
    async with scripted_relay() as relay:
        outcome = await attempt(relay.port, to="a@b.example>\r\nRCPT TO:<c@d.example")
    assert outcome == PermanentFailure(FailureCode.RECIPIENT_REFUSED, "not an e-mail address")
    assert "RCPT" not in relay.verbs
