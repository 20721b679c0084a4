"""The mail relay of the demo and of `handoff up`."""

import asyncio
import smtplib
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest

from contracts.directory import PracticePut
from ops.demo.mail_sink import mail_sink
from ops.demo.sample import ORG_ID, PRACTICE, REFUSED_MAILBOX
from ops.demo.stage import refused_mailboxes


async def test_one_mailbox_is_refused_and_every_other_mail_is_kept() -> None:
    """As a mail server refuses a mailbox that it does not have: a failure to look at."""
    assert REFUSED_MAILBOX == "nobody@refused.example.com"
    async with mail_sink(refused_mailboxes()) as sink:
        port = urlsplit(sink.url).port
        assert port is not None

        def send(recipient: str) -> None:
            mail = EmailMessage()
            mail["To"] = recipient
            mail.set_content("A letter.")
            with smtplib.SMTP("127.0.0.1", port) as relay:
                relay.send_message(mail, "office@practice.example.com", [recipient])

        await asyncio.to_thread(send, "lab@partner.example.com")
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            await asyncio.to_thread(send, REFUSED_MAILBOX)
        code, why = refused.value.recipients[REFUSED_MAILBOX]
        assert (code, why.split()[0]) == (550, b"5.1.1")
        assert [recipient for recipient, _ in sink.mails] == ["lab@partner.example.com"]


def test_the_demos_practice_has_a_time_zone() -> None:
    """Its desk shows times, which are the practice's own."""
    put = {"org_id": ORG_ID, **PRACTICE, "observed_at": "2026-11-29T12:00:00Z"}
    assert PracticePut.model_validate(put).time_zone == "America/Chicago"
