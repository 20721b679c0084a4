"""The letter and the mails that tell a partner that a referral is cancelled."""

import email
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest

from contracts.referral import Priority
from contracts.referral_partner import ContactMethod
from services.ereferral_dispatch.consignment import Consignment, Message
from services.ereferral_dispatch.letter import render_letter
from services.ereferral_dispatch.senders.base import Sender
from services.ereferral_dispatch.senders.email import EmailSender, parse_smtp_url
from services.ereferral_dispatch.senders.fax import FaxMailSender
from tests.support.samples.letters import read, words_of
from tests.support.samples.packages import (
    EREFERRAL_ID,
    sample_consignment,
    sample_package,
    sample_referral,
)

FROM = "referrals@handoff.example"
REASON = "The patient Sample Patient has moved away."
RELAY = parse_smtp_url("smtp://relay.example")
SENDERS: dict[ContactMethod, Sender] = {
    ContactMethod.EMAIL: EmailSender(RELAY, FROM),
    ContactMethod.FAX: FaxMailSender(RELAY, FROM, "fax.example"),
}
ADDRESSES = {ContactMethod.EMAIL: "referrals@example.org", ContactMethod.FAX: "+12025550112"}


def cancellation(**changes: Any) -> Consignment:
    return sample_consignment(
        **{
            "message": Message.CANCELLATION,
            "cancel_reason": REASON,
            "cancelled_at": datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
            **changes,
        }
    )


def mailed(channel: ContactMethod, **changes: Any) -> EmailMessage:
    consignment = cancellation(channel=channel, address=ADDRESSES[channel], **changes)
    content = SENDERS[channel].compose(consignment)
    message = email.message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def test_the_letter_says_what_is_cancelled_and_why() -> None:
    """One page: cancelled, the reference, the patient, what was referred and when, how to ask."""
    pdf = render_letter(cancellation())
    words = words_of(pdf)
    for said in (
        "Cancelled referral CANCELLED This referral is no longer wanted.",
        "Referred on November 20, 2026 Reference 0123-4567-89AB Cancelled on November 24, 2026",
        "Alex Example Example Endodontics",
        "Dear Alex Example, We have cancelled the referral below",
        "Please do not book the patient because of it.",
        "Sample Patient Date of birth March 9, 1984",
        f"Why cancelled {REASON}",
        "Referred for Root canal evaluation, lower right first molar.",
        "How to ask",
        "name the reference 0123-4567-89AB. Phone (202) 555-0101",
    ):
        assert said in words
    assert len(read(pdf).pages) == 1
    metadata = read(pdf).metadata
    assert metadata is not None and metadata.title == "Cancelled referral 0123-4567-89AB"


def test_the_letter_asks_for_nothing_that_is_over() -> None:
    """No thanks, no answer by a day, no urgency and no warning of a repeat."""
    package = sample_package(referral=sample_referral(priority=Priority.STAT))
    words = words_of(render_letter(cancellation(package=package, possible_repeat=True)))
    for said in ("Thank you", "let us know", "December 4", "STAT", "repeat", "Priority"):
        assert said not in words


def test_a_cancellation_without_a_reason_has_no_label_for_it() -> None:
    """What was not said is left out."""
    assert "Why cancelled" not in words_of(render_letter(cancellation(cancel_reason=None)))


def test_the_same_cancellation_gives_the_same_bytes() -> None:
    """As for a referral: a retry sends what the first attempt sent."""
    assert render_letter(cancellation()) == render_letter(cancellation())
    assert render_letter(cancellation()) != render_letter(sample_consignment())


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
    assert attachment.get_content() == render_letter(cancellation())


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
