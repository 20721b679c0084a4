"""The traits that set the channels apart."""

from contracts.referral_partner import ContactMethod
from services.ereferral_dispatch.rules.channels import CALLS, recognising_repeats, traits_of


def test_a_portal_alone_recognises_repeats() -> None:
    """It is sent an id with every attempt; a mailbox, a fax machine and a person are not asked."""
    assert recognising_repeats() == [ContactMethod.PORTAL]


def test_a_call_alone_needs_a_person() -> None:
    """No machine calls."""
    needing = [channel for channel in ContactMethod if traits_of(channel).needs_person]
    assert needing == [ContactMethod.PHONE] == [CALLS]
