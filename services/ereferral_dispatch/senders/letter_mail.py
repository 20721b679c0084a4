"""A mail with a letter: what e-mail and fax by mail have in common."""

from contracts.referral import Priority
from letters.render import render_letter
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.senders.email.text import email_subject
from services.ereferral_dispatch.senders.mail_message import (
    MailMessage,
    build_message,
    letter_name,
)


def letter_mail(
    consignment: Consignment, *, mail_from: str, reply_to: str | None, recipient: str, text: str
) -> bytes:
    """The MIME message with the letter attached, under the practice's name; the same consignment
    gives the same bytes."""
    package = consignment.package
    return build_message(
        MailMessage(
            ereferral_id=consignment.ereferral_id,
            channel=consignment.channel,
            mail_from=mail_from,
            sender_name=package.practice.name,
            reply_to=reply_to,
            recipient=recipient,
            subject=email_subject(consignment),
            text=text,
            written_at=consignment.written_at,
            important=package.referral.priority is not Priority.ROUTINE,
            letter=render_letter(consignment),
            letter_name=letter_name(consignment),
            message=consignment.message,
        )
    )
