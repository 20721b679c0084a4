"""The message around a letter, as RFC 5322 and MIME have it: e-mail, and fax by mail.

The same arguments give the same bytes.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from uuid import UUID

import email_validator

from contracts.referral_partner import ContactMethod
from services.ereferral_dispatch.consignment import Consignment, Message
from services.ereferral_dispatch.letter.wording import one_line

_DISPLAY_NAME_LENGTH = 78
# Not the contracts' rule for an address: a relay of one's own may well be of @clinic.local.
_EMPTY_FIRST_LINE = re.compile(rb"^([A-Za-z-]+:)\r\n ", re.MULTILINE)
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
    policy = SMTPUTF8 if recipient is None else SMTP
    reply_to = message.reply_to and ascii_address(message.reply_to)
    mime = EmailMessage(policy=policy)
    mime["Date"] = message.written_at
    mime["From"] = _mailbox(message.mail_from, _header_text(message.sender_name))
    if reply_to:
        mime["Reply-To"] = _mailbox(reply_to)
    mime["To"] = _mailbox(recipient or message.recipient)
    mime["Subject"] = _header_text(message.subject)
    mime["Auto-Submitted"] = "auto-generated"
    if message.important:
        mime["Importance"] = "high"
    mime.set_content(message.text, cte="quoted-printable")
    mime.add_attachment(
        message.letter, maintype="application", subtype="pdf", filename=message.letter_name
    )
    # The library's own boundary is random.
    mime.set_boundary(f"=_{message.ereferral_id.hex}")
    # The library would fold a long id, and readers (its own too) take the fold for a part of it.
    return f"Message-ID: {message_id(message)}\r\n".encode("ascii") + _begun(mime.as_bytes())


def _header_text(text: str) -> str:
    """The text on one line, and nothing in it an encoded word (RFC 2047): the library decodes those
    that it finds, and what comes out may hold line breaks."""
    return one_line(text).replace("=?", "= ?")


def _begun(message: bytes) -> bytes:
    """With each header's text beginning on its own line.

    What just fits a line, but not beside its name, the library puts below the name whole, and
    readers (its own too) begin the text with a space.
    """
    headers, end, body = message.partition(b"\r\n\r\n")
    return _EMPTY_FIRST_LINE.sub(rb"\1 ", headers) + end + body


def _mailbox(address: str, name: str = "") -> Address:
    local_part, _, domain = address.rpartition("@")
    return Address(name[:_DISPLAY_NAME_LENGTH], username=local_part, domain=domain)
