"""The e-mail around the letter: what it says, what it must not say, and that it never changes."""

import email
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest

from contracts.referral import Priority
from letters.letter import Message
from letters.render import render_letter
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.senders.base import Sender
from services.ereferral_dispatch.senders.email import EmailSender, parse_smtp_url
from services.ereferral_dispatch.senders.mail_message import MailMessage, build_message
from tests.support.samples.packages import (
    EREFERRAL_ID,
    SENT_AT,
    sample_consignment,
    sample_package,
    sample_practice,
    sample_referral,
)

FROM = "referrals@handoff.example"
HEADERS = [
    "Message-ID",
    "Date",
    "From",
    "Reply-To",
    "To",
    "Subject",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
]


def compose(consignment: Consignment) -> bytes:
    sender: Sender = EmailSender(parse_smtp_url("smtp://relay.example"), FROM)
    return sender.compose(consignment)


def composed(**changes: Any) -> EmailMessage:
    return parsed(compose(sample_consignment(**changes)))


def parsed(message: bytes) -> EmailMessage:
    read = email.message_from_bytes(message, policy=default)
    assert isinstance(read, EmailMessage)
    return read


def text_of(message: EmailMessage) -> str:
    body = message.get_body()
    assert body is not None
    text: str = body.get_content()
    return text.replace("\r\n", "\n")


def message_of(sender_name: str, subject: str) -> bytes:
    return build_message(
        MailMessage(
            ereferral_id=EREFERRAL_ID,
            channel=sample_consignment().channel,
            mail_from=FROM,
            sender_name=sender_name,
            reply_to="office@example.com",
            recipient="desk@partner.example",
            subject=subject,
            text="text",
            written_at=SENT_AT,
            important=False,
            letter=b"%PDF",
            letter_name="letter.pdf",
        )
    )


def addresses(header: Any) -> Sequence[tuple[str, str]]:
    return [(address.display_name, address.addr_spec) for address in header.addresses]


def test_the_whole_message() -> None:
    """Headers, text and attachment of an ordinary referral."""
    message = composed()
    assert message.keys() == HEADERS
    assert message["Date"] == "Fri, 20 Nov 2026 15:30:00 +0000"
    assert addresses(message["From"]) == [("Sample Family Dental", FROM)]
    assert addresses(message["Reply-To"]) == [("", "office@example.com")]
    assert addresses(message["To"]) == [("", "referrals@example.org")]
    assert message["Subject"] == "Referral from Sample Family Dental, reference 0123-4567-89AB"
    assert message["Message-ID"] == f"<{EREFERRAL_ID}.email@handoff.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert text_of(message) == (
        "Sample Family Dental refers a patient to you. "
        "The attached letter (PDF) says who and why.\n"
        "\n"
        "Reference: 0123-4567-89AB\n"
        "Priority:  Routine. Normal priority.\n"
        "\n"
        "Please let Sample Family Dental know by December 4, 2026 whether you can see the patient, "
        "and name the reference:\n"
        "  Phone: (202) 555-0101\n"
        "  Fax: (202) 555-0102\n"
        "  Email: office@example.com\n"
        "\n"
        "The letter is confidential. If it reached you by mistake, please tell the practice "
        "and delete it.\n"
    )
    [attachment] = message.iter_attachments()
    assert attachment.get_content_type() == "application/pdf"
    assert attachment.get_filename() == "referral-0123-4567-89AB.pdf"
    assert attachment.get_content() == render_letter(sample_consignment())


def test_nothing_about_the_patient_but_in_the_letter() -> None:
    """Subject and text are read by relays and shown on locked screens."""
    message = composed()
    said = message["Subject"] + text_of(message)
    for secret in ("Sample Patient", "1984", "0143", "patient@", "Root canal", "K04", "Cold"):
        assert secret not in said


@pytest.mark.parametrize(
    ("priority", "opening"),
    [(Priority.URGENT, "URGENT: "), (Priority.ASAP, "ASAP: "), (Priority.STAT, "STAT: ")],
)
def test_urgency_opens_the_subject(priority: Priority, opening: str) -> None:
    """What is urgent is seen in a list of messages, and marked for those that sort by it."""
    message = composed(package=sample_package(referral=sample_referral(priority=priority)))
    assert message["Subject"].startswith(f"{opening}Referral from")
    assert message["Importance"] == "high"
    assert "Please act on this" in text_of(message)


def test_a_possible_repeat_says_so() -> None:
    """Subject and text of a declared repeat say what it may be, and of what."""
    message = composed(possible_repeat=True)
    assert message["Subject"] == (
        "Possible repeat of a referral from Sample Family Dental, reference 0123-4567-89AB"
    )
    assert text_of(message).startswith("THIS MAY BE A REPEAT. You may already have received")
    assert "with the same reference 0123-4567-89AB" in text_of(message)


def test_the_same_consignment_gives_the_same_bytes() -> None:
    """Boundary, date and id included: a retry sends what the first attempt sent."""
    assert compose(sample_consignment()) == compose(sample_consignment())


def test_lines_are_as_smtp_wants_them() -> None:
    """7-bit, CR LF, none longer than 998 characters (RFC 5322, 2.1.1)."""
    name = "Zahnärzte " * 20
    message = compose(
        sample_consignment(package=sample_package(practice=sample_practice(name=name)))
    )
    assert message.isascii()
    assert b"\n" not in message.replace(b"\r\n", b"")
    assert max(map(len, message.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    "name",
    [
        "Zahnärzte am Ring, Köln",
        'Dr. "Tooth" <a@b.example>, c@d.example',
        "示例口腔诊所",
        "عيادة العينة",
        "Practice; comment (not one) \\ backslash",
        "=?utf-8?b?QmNj?=",
    ],
)
def test_a_name_is_only_a_name(name: str) -> None:
    """Whatever a practice is called, From has one address, and the name comes out as it went in;
    what would be an encoded word has a space in it."""
    message = composed(package=sample_package(practice=sample_practice(name=name)))
    assert addresses(message["From"]) == [(name.replace("=?", "= ?"), FROM)]


@pytest.mark.parametrize("end", ["\r\n", "\x0b", "\x1c", "\x85", "\u2028", "\u2029"])
def test_no_line_end_can_add_a_header_or_a_recipient(end: str) -> None:
    """Every kind of line end in a name or subject stays within its own header."""
    message = parsed(
        message_of(f"x{end}Bcc: a@example.org", f"y{end}Bcc: a@example.org{end}{end}z")
    )
    assert message.keys() == HEADERS
    assert [spec for _, spec in addresses(message["From"])] == [FROM]
    assert [spec for _, spec in addresses(message["To"])] == ["desk@partner.example"]
    assert text_of(message) == "text\n"


@pytest.mark.parametrize("end", ["=0D=0A", "=0D=0A=0D=0A", "=0A", "=E2=80=A8"])
def test_no_encoded_word_can_add_a_header_or_a_body(end: str) -> None:
    """Python decodes one that it finds in a header's text (RFC 2047), line ends and all."""
    word = f"=?utf-8?q?a{end}Bcc:_x@evil.example?="
    built = message_of(word, f"Referral from {word}")
    message = parsed(built)
    assert message.keys() == HEADERS
    assert b"\nBcc" not in built and [spec for _, spec in addresses(message["From"])] == [FROM]
    assert text_of(message) == "text\n"


def test_an_international_domain_is_written_in_ascii() -> None:
    """Every relay takes a domain's ASCII form (RFC 5890)."""
    message = compose(sample_consignment(address="desk@zahnärzte.example"))
    assert b"\r\nTo: desk@xn--zahnrzte-3za.example\r\n" in message


def test_an_international_mailbox_is_written_as_it_is() -> None:
    """Its message is one for relays with SMTPUTF8 alone, so its headers may be UTF-8 (RFC 6532)."""
    message = compose(sample_consignment(address="приём@partner.example"))
    assert "\r\nTo: приём@partner.example\r\n".encode() in message


def test_a_practice_outside_ascii_is_shown_and_its_text_says_how_to_answer() -> None:
    """Answers hold patients' data: where `Reply-To` can hold no address it names the practice's and
    leads to nobody else, and the text asks to write anew."""
    practice = sample_practice(email="jörg@praxis.example.com")
    message = compose(sample_consignment(package=sample_package(practice=practice)))
    assert message.isascii()
    reply_to = parsed(message)["Reply-To"]
    assert addresses(reply_to) == []
    assert [group.display_name for group in reply_to.groups] == ["jörg@praxis.example.com"]
    assert (
        "  Email: jörg@praxis.example.com\n"
        "If you answer by e-mail, please write to that address yourself: a reply to this message "
        "may not reach the practice.\n"
    ) in text_of(parsed(message))
    cancellation = sample_consignment(
        package=sample_package(practice=practice),
        message=Message.CANCELLATION,
        cancel_reason="Moved away",
        cancelled_at=SENT_AT,
    )
    assert "please write to that address yourself" in text_of(parsed(compose(cancellation)))


def test_a_practice_with_an_address_in_ascii_is_simply_answered() -> None:
    """Nothing more is said of it, its domain in A-labels (RFC 5890) where it has none in ASCII."""
    practice = sample_practice(email="office@zahnärzte.example")
    message = compose(sample_consignment(package=sample_package(practice=practice)))
    assert b"\r\nReply-To: office@xn--zahnrzte-3za.example\r\n" in message
    assert "write to that address" not in text_of(parsed(message))


def test_what_needs_smtputf8_anyhow_has_the_practice_as_it_is() -> None:
    """A recipient outside ASCII is reached by relays with SMTPUTF8 alone."""
    practice = sample_practice(email="jörg@praxis.example.com")
    message = compose(
        sample_consignment(
            package=sample_package(practice=practice), address="приём@partner.example"
        )
    )
    assert "\r\nReply-To: jörg@praxis.example.com\r\n".encode() in message


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@b@c", "a b@c.example", "ä@c.example", "a@b\n"]
)
def test_a_sender_needs_an_address_of_its_own(address: str) -> None:
    """A wrong DISPATCH_MAIL_FROM is found when the service starts."""
    with pytest.raises(ValueError, match="one e-mail address in ASCII"):
        EmailSender(parse_smtp_url("smtp://relay.example"), address)


@pytest.mark.parametrize(
    "practice", ["Pine Dental", "Pine Street Dental", "P" * 60, "Zahnärzte Ulm"]
)
def test_a_subject_begins_beside_its_name(practice: str) -> None:
    """However long it is: a reader shows it as it was written, with no space before it."""
    consignment = sample_consignment(
        package=sample_package(
            practice=sample_practice(name=practice),
            referral=sample_referral(priority=Priority.ROUTINE),
        ),
        possible_repeat=True,
    )
    message = compose(consignment)
    assert b"\r\nSubject: " in message
    assert parsed(message)["Subject"] == (
        f"Possible repeat of a referral from {practice}, reference {consignment.reference}"
    )
