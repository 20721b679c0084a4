"""Resources that can be followed, as the contracts have them."""

from client.following import FOLLOWABLE, follow
from contracts.catalogue import EVENTS


def test_every_resource_with_events_can_be_followed() -> None:
    """None has to be entered anywhere."""
    assert FOLLOWABLE.keys() == {event.resource for event in EVENTS.values()}


def test_each_is_read_as_the_contract_has_it() -> None:
    """By its list, within its parent's where it has one; the practice by its get; what has neither
    is only heard of."""
    read = {
        one.resource: (one.reading.name if one.reading else None, one.parent)
        for one in FOLLOWABLE.values()
    }
    assert read["contact"] == ("contact.list", None)
    assert read["contact_referral"] == ("contact_referral.list", "contact")
    assert read["referral_source_cost"] == ("referral_source_cost.list", "referral_source")
    assert read["referral_attribution"] == ("referral_attribution.list", "patient")
    assert read["practice"] == ("practice.get", None)
    assert read["mail_relay"] == (None, None)
    assert FOLLOWABLE["ereferral"].exchange == "ereferral_dispatch.events"


def test_parents_are_read_before_children() -> None:
    """In whichever order they are named."""
    assert list(follow(["contact_referral", "patient", "contact"])) == [
        *("patient", "contact", "contact_referral"),
    ]
