"""Channels and their traits, for senders, rules and statements alike."""

from dataclasses import dataclass
from typing import assert_never

from contracts.referral_partner import ContactMethod


@dataclass(frozen=True, slots=True)
class Traits:
    """What sets a channel apart.

    `recognises_repeats`: whoever receives there knows a repeat by its id, so that another attempt
    is harmless, and what it carries need not say that it may be one. `needs_person`: no machine
    delivers there, a person is asked to.
    """

    recognises_repeats: bool = False
    needs_person: bool = False


CALLS = ContactMethod.PHONE
"""The channel of calls, which are a person's: a partner whose number nobody knows can still be
called once it is found."""


def traits_of(channel: ContactMethod) -> Traits:
    """What sets this channel apart."""
    match channel:
        case ContactMethod.PORTAL:
            return Traits(recognises_repeats=True)
        case ContactMethod.EMAIL | ContactMethod.FAX:
            return Traits()
        case ContactMethod.PHONE:
            return Traits(needs_person=True)
    assert_never(channel)


def recognising_repeats() -> list[ContactMethod]:
    """The channels that recognise repeats, for a statement that asks for them."""
    return [channel for channel in ContactMethod if traits_of(channel).recognises_repeats]
