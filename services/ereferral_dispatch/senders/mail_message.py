"""The message around a letter, as RFC 5322 and MIME have it: e-mail, and fax by mail.

The same arguments give the same bytes.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from uuid import UUID

import email_validator

from contracts.referral_partner import ContactMethod
from letters.letter import Message
from letters.wording import one_line
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.senders.mail_headers import (
    mailbox_header,
    text_header,
    unanswerable_header,
)

_REPLY_TO = "Reply-To"
# Not the contracts' rule for an address: a relay of one's own may well be of @clinic.local.
_SENDER_ADDRESS = re.compile(r"[\w.+-]+@[\w.-]*\w", re.ASCII)


@dataclass(frozen=True, slots=True)
class MailMessage:
    """What a message says and carries. `sender_name` and `subject` may be any text: they are put
    on one line, so that nothing in them can begin a header of its own."""

    ereferral_id: UUID
    channel: ContactMethod
    mail_from: str
    sender_name: str
    reply_to: str | None
    recipient: str
    subject: str
    text: str
    written_at: datetime
    important: bool
    letter: bytes
    letter_name: str
    message: Message = Message.REFERRAL


def sender_address(mail_from: str) -> str:
    """The address that mail is sent from. Raises ValueError where it is none."""
    if not _SENDER_ADDRESS.fullmatch(mail_from):
        raise ValueError("The sender's address must be one e-mail address in ASCII")
    return mail_from


def letter_name(consignment: Consignment) -> str:
    """What the attached letter is called: `referral-<reference>.pdf`, `cancellation-…`."""
    return f"{consignment.message}-{consignment.reference}.pdf"


def ascii_address(address: str) -> str | None:
    """The address in ASCII, its domain in A-labels; None where its local part needs SMTPUTF8."""
    if address.isascii():
        return address
    try:
        checked = email_validator.validate_email(address, check_deliverability=False)
    except email_validator.EmailNotValidError:
        return None
    return checked.ascii_email


def message_id(message: MailMessage) -> str:
    """`<ereferral-uuid.channel@domain>`: the same in every attempt, so that relays see a repeat.

    A cancellation's is `<ereferral-uuid.cancel.channel@domain>`: no repeat of the referral.
    """
    kind = ".cancel" if message.message is Message.CANCELLATION else ""
    domain = message.mail_from.rpartition("@")[2]
    return f"<{message.ereferral_id}{kind}.{message.channel}@{domain}>"


def build_message(message: MailMessage) -> bytes:
    """The message in CR LF lines, 7-bit unless its recipient needs SMTPUTF8 (RFC 6532)."""
    recipient = ascii_address(message.recipient)
    headers = [
        # Not folded: readers (the library's own too) take a fold for a part of the id.
        f"Message-ID: {message_id(message)}\r\n".encode("ascii"),
        f"Date: {format_datetime(message.written_at)}\r\n".encode("ascii"),
        mailbox_header("From", message.mail_from, _header_text(message.sender_name)),
        *_reply_to(message.reply_to, utf8=recipient is None),
        mailbox_header("To", recipient or message.recipient),
        text_header("Subject", _header_text(message.subject)),
        b"Auto-Submitted: auto-generated\r\n",
    ]
    if message.important:
        headers.append(b"Importance: high\r\n")
    mime = EmailMessage(policy=SMTP)
    mime.set_content(message.text, cte="quoted-printable")
    mime.add_attachment(
        message.letter, maintype="application", subtype="pdf", filename=message.letter_name
    )
    # The library's own boundary is random.
    mime.set_boundary(f"=_{message.ereferral_id.hex}")
    return b"".join(headers) + mime.as_bytes()


def with_utf8_reply_to(content: bytes, reply_to: str) -> bytes | None:
    """The message as a relay with SMTPUTF8 may have it, with a `Reply-To` outside ASCII that can be
    answered; None where `content` has no such address."""
    shown = unanswerable_header(_REPLY_TO, reply_to)
    headers, end, body = content.partition(b"\r\n\r\n")
    before, found, after = (headers + b"\r\n").partition(b"\r\n" + shown)
    if not found:
        return None
    answerable = mailbox_header(_REPLY_TO, reply_to)
    return (before + b"\r\n" + answerable + after).removesuffix(b"\r\n") + end + body


def _reply_to(address: str | None, *, utf8: bool) -> list[bytes]:
    if not address:
        return []
    in_ascii = ascii_address(address)
    if in_ascii is None and not utf8:
        return [unanswerable_header(_REPLY_TO, address)]
    return [mailbox_header(_REPLY_TO, in_ascii or address)]


def _header_text(text: str) -> str:
    """The text on one line, and nothing in it an encoded word (RFC 2047): some readers decode what
    they have decoded once more, and what then comes out may hold line breaks."""
    return one_line(text).replace("=?", "= ?")
