"""Fax by mail, through a real relay: to whom it goes, and what never leaves."""

import email
from email.policy import default

from contracts.referral_partner import ContactMethod
from services.ereferral_dispatch.rules.outcome_codes import SmtpCode
from services.ereferral_dispatch.rules.outcomes import PermanentFailure, Sent
from services.ereferral_dispatch.senders.email import parse_smtp_url
from services.ereferral_dispatch.senders.fax import FaxMailSender
from tests.integration.dispatch.smtp_attempts import FROM
from tests.support.partners.real_relay import real_relay
from tests.support.partners.sending import Gate
from tests.support.samples.packages import EREFERRAL_ID, sample_consignment


async def test_the_number_is_the_mailbox() -> None:
    """The digits of E.164 at the fax service's domain; a relay has it, which is `sent`."""
    consignment = sample_consignment(channel=ContactMethod.FAX, address="+12025550112")
    async with real_relay() as inbox:
        sender = FaxMailSender(
            parse_smtp_url(f"smtp://127.0.0.1:{inbox.port}"), FROM, "fax.example"
        )
        content = sender.compose(consignment)
        assert await sender.send(consignment, content, Gate()) == Sent(SmtpCode(250))
    assert inbox.messages == [("12025550112@fax.example", content)]
    message = email.message_from_bytes(content, policy=default)
    assert message["To"] == "12025550112@fax.example"
    assert message["Message-ID"] == f"<{EREFERRAL_ID}.fax@handoff.example>"


async def test_a_number_that_is_none_is_not_sent() -> None:
    """Permanent at once: the relay is not even connected to."""
    consignment, gate = sample_consignment(channel=ContactMethod.FAX, address="12"), Gate()
    async with real_relay() as inbox:
        sender = FaxMailSender(
            parse_smtp_url(f"smtp://127.0.0.1:{inbox.port}"), FROM, "fax.example"
        )
        outcome = await sender.send(consignment, sender.compose(consignment), gate)
    assert isinstance(outcome, PermanentFailure) and outcome.code == "bad_number"
    assert (inbox.messages, gate.passed) == ([], 0)
