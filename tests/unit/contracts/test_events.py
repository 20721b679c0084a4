"""The names of events, and the schemas that they carry."""

from contracts.events import EventType


def test_an_event_is_named_by_its_resource_and_carries_that_schema() -> None:
    """`referral_partner.updated` is about a `referral_partner`, in its first version."""
    partner = EventType("referral_partner.updated")
    assert partner.dataschema == "urn:handoff:schema:referral_partner:v1"
    assert EventType("ereferral.attempt_failed").dataschema == "urn:handoff:schema:ereferral:v1"
    for event in EventType:
        assert event.dataschema == f"urn:handoff:schema:{event.value.split('.')[0]}:v1"
