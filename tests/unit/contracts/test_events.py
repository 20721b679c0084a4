"""The names of events, and the schemas that they carry."""

from contracts.catalogue import EVENTS


def test_an_event_is_named_by_its_resource_and_carries_that_schema() -> None:
    """`referral_partner.updated` is about a `referral_partner`, in its first version; what is
    imported is a row."""
    partner = EVENTS["referral_partner.updated"]
    assert partner.dataschema == "urn:handoff:schema:referral_partner:v1"
    assert EVENTS["ereferral.attempt_failed"].dataschema == "urn:handoff:schema:ereferral:v1"
    for name, event in EVENTS.items():
        shape = {"import": "import_row"}.get(resource := name.split(".")[0], resource)
        assert event.dataschema == f"urn:handoff:schema:{shape}:v1"
