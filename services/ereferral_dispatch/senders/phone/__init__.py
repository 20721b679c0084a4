"""The phone channel: a person calls, with a script and the letter."""

from services.ereferral_dispatch.senders.phone.sender import PhoneSender

__all__ = ["PhoneSender"]
