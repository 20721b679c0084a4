"""The mails that tell a partner that a referral is cancelled."""

import email
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest

from contracts.referral_partner import ContactMethod
from letters.letter import Message
from letters.render import render_letter
from services.ereferral_dispatch.senders.base import Sender
from services.ereferral_dispatch.senders.email import EmailSender, parse_smtp_url
from services.ereferral_dispatch.senders.fax import FaxMailSender
from tests.support.samples.packages import (
    EREFERRAL_ID,
    sample_cancellation,
)

FROM = "referrals@handoff.example"


RELAY = parse_smtp_url("smtp://relay.example")


SENDERS: dict[ContactMethod, Sender] = {
    ContactMethod.EMAIL: EmailSender(RELAY, FROM),
    ContactMethod.FAX: FaxMailSender(RELAY, FROM, "fax.example"),
}


ADDRESSES = {ContactMethod.EMAIL: "referrals@example.org", ContactMethod.FAX: "+12025550112"}


def mailed(channel: ContactMethod, **changes: Any) -> EmailMessage:
    consignment = sample_cancellation(channel=channel, address=ADDRESSES[channel], **changes)
    content = SENDERS[channel].compose(consignment)
    message = email.message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


@pytest.mark.parametrize("channel", SENDERS)
def test_the_message_is_no_repeat_of_the_referral(channel: ContactMethod) -> None:
    """An id of its own, a name of its own for the letter, and it says first what it is."""
    message = mailed(channel)
    assert message["Message-ID"] == f"<{EREFERRAL_ID}.cancel.{channel}@handoff.example>"
    assert message["Subject"].strip() == (
        "Cancelled: referral from Sample Family Dental, reference 0123-4567-89AB"
    )
    [attachment] = message.iter_attachments()
    assert attachment.get_filename() == "cancellation-0123-4567-89AB.pdf"
    assert attachment.get_content() == render_letter(sample_cancellation())


@pytest.mark.parametrize("channel", SENDERS)
@pytest.mark.parametrize("message", Message)
def test_nothing_about_the_patient_but_in_the_letter(
    channel: ContactMethod, message: Message
) -> None:
    """Subject and text pass relays, and a fax service may print them on a cover."""
    mail = mailed(channel, message=message)
    body = mail.get_body()
    assert body is not None
    said = mail["Subject"] + body.get_content()
    for secret in ("Sample Patient", "1984", "0143", "patient@", "Root canal", "moved away"):
        assert secret not in said


def test_the_text_says_how_to_ask() -> None:
    """The e-mail of a cancellation names the reference and the ways to the practice."""
    body = mailed(ContactMethod.EMAIL).get_body()
    assert body is not None
    text = body.get_content()
    assert text.startswith("Sample Family Dental has CANCELLED a referral")
    assert "Reference: 0123-4567-89AB" in text
    assert "  Phone: (202) 555-0101" in text


def test_a_fax_services_reports_go_to_its_customer() -> None:
    """They may show the letter: they go to the sender's address, not to the practice's."""
    assert mailed(ContactMethod.FAX)["Reply-To"] is None
    assert mailed(ContactMethod.FAX)["To"] == "12025550112@fax.example"
