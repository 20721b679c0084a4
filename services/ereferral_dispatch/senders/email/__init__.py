"""The e-mail channel: the letter as an attachment, through the mail relay."""

from services.ereferral_dispatch.senders.email.sender import EmailSender
from services.ereferral_dispatch.senders.smtp_relay import SmtpRelay, parse_smtp_url

__all__ = ["EmailSender", "SmtpRelay", "parse_smtp_url"]
