"""Fax by mail: a fax service takes the letter as an attachment, the number as the mailbox."""

from pathlib import Path

from contracts.referral_partner import ContactMethod
from services.ereferral_dispatch.consignment import Consignment
from services.ereferral_dispatch.rules.outcomes import Outcome
from services.ereferral_dispatch.senders.base import PointOfNoReturn
from services.ereferral_dispatch.senders.email.text import email_subject
from services.ereferral_dispatch.senders.fax.number import NO_NUMBER, fax_number
from services.ereferral_dispatch.senders.letter_mail import letter_mail
from services.ereferral_dispatch.senders.mail_message import sender_address
from services.ereferral_dispatch.senders.smtp import Envelope, SmtpTransport
from services.ereferral_dispatch.senders.smtp_relay import SmtpRelay
from services.ereferral_dispatch.senders.smtp_session import SmtpTimeouts


class FaxMailSender:
    """Sends the letter to `<E.164 digits>@<mail_domain>` through the mail relay.

    The fax service knows its customer by `mail_from`, which also gets its reports: there is no
    Reply-To. Raises ValueError where `mail_from` is no address.
    """

    channel = ContactMethod.FAX

    def __init__(
        self,
        relay: SmtpRelay,
        mail_from: str,
        mail_domain: str,
        *,
        timeouts: SmtpTimeouts | None = None,
        ca_file: Path | None = None,
    ) -> None:
        self._mail_from = sender_address(mail_from)
        self._mail_domain = mail_domain
        self._transport = SmtpTransport(relay, timeouts=timeouts, ca_file=ca_file)

    def compose(self, consignment: Consignment) -> bytes:
        """The MIME message with the letter attached; the same consignment gives the same bytes.

        Its text may become a cover page, so it holds no more than the letter's envelope would.
        """
        return letter_mail(
            consignment,
            mail_from=self._mail_from,
            reply_to=None,
            recipient=self._recipient(consignment) or f"unknown@{self._mail_domain}",
            text=f"{email_subject(consignment)}.\nThe letter is attached (PDF).\n",
        )

    async def send(
        self, consignment: Consignment, content: bytes, point_of_no_return: PointOfNoReturn
    ) -> Outcome:
        """One attempt, as SmtpTransport makes it."""
        recipient = self._recipient(consignment)
        if recipient is None:
            return NO_NUMBER
        envelope = Envelope(self._mail_from, recipient)
        return await self._transport.send(envelope, content, point_of_no_return)

    def _recipient(self, consignment: Consignment) -> str | None:
        number = fax_number(consignment)
        return None if number is None else f"{number.removeprefix('+')}@{self._mail_domain}"
