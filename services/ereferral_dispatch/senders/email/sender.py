"""The sender of the e-mail channel."""

from pathlib import Path

from contracts.referral_partner import ContactMethod
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.rules.outcomes import Outcome
from services.ereferral_dispatch.senders.base import PointOfNoReturn
from services.ereferral_dispatch.senders.email.text import email_text
from services.ereferral_dispatch.senders.letter_mail import letter_mail
from services.ereferral_dispatch.senders.mail_message import sender_address, with_utf8_reply_to
from services.ereferral_dispatch.senders.smtp import Envelope, SmtpTransport
from services.ereferral_dispatch.senders.smtp_relay import SmtpRelay
from services.ereferral_dispatch.senders.smtp_session import SmtpTimeouts


class EmailSender:
    """Sends the letter, of a referral or of its cancellation, to the partner's e-mail address.

    `mail_from` is the envelope's sender and the message's `From`, under the
    practice's name; answers go to the practice's own address. Where that is outside ASCII and the
    relay has no SMTPUTF8, `Reply-To` only shows it. Raises ValueError where `mail_from` is none.
    """

    channel = ContactMethod.EMAIL

    def __init__(
        self,
        relay: SmtpRelay,
        mail_from: str,
        *,
        timeouts: SmtpTimeouts | None = None,
        ca_file: Path | None = None,
    ) -> None:
        self._mail_from = sender_address(mail_from)
        self._transport = SmtpTransport(relay, timeouts=timeouts, ca_file=ca_file)

    def compose(self, consignment: Consignment) -> bytes:
        """The MIME message with the letter attached; the same consignment gives the same bytes."""
        return letter_mail(
            consignment,
            mail_from=self._mail_from,
            reply_to=consignment.package.practice.email,
            recipient=consignment.address,
            text=email_text(consignment),
        )

    async def send(
        self, consignment: Consignment, content: bytes, point_of_no_return: PointOfNoReturn
    ) -> Outcome:
        """One attempt, as SmtpTransport makes it."""
        envelope = Envelope(self._mail_from, consignment.address)
        reply_to = consignment.package.practice.email
        return await self._transport.send(
            envelope,
            content,
            point_of_no_return,
            utf8_content=with_utf8_reply_to(content, reply_to) if reply_to else None,
        )
