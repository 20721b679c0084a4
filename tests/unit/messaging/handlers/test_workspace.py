"""A handler's workspace: the rows of its own org, and a place to say what happened."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from contracts.directory import (
    PATIENT_ARCHIVED,
    PATIENT_PUT,
    PUT_PATIENT,
    Patient,
    PatientPut,
    Provider,
)
from contracts.events import EventSource
from messaging.handlers.workspace import Publishing, Rows, Workspace, changed_fields

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
EARLIER = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
MESSAGE_ID = UUID("0192d4e0-7b1a-7c3d-8e4f-123456789abc")
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
KEY = UUID(int=1)


@dataclass
class Row:
    """A row of some table."""

    name: str


def workspace(rows: Rows, org_id: str = "a", **said: Any) -> Workspace:
    return Workspace(
        rows, Publishing(EventSource.REFERRALS, "referrals.events"), org_id=org_id, now=NOW, **said
    )


def patient(**changes: Any) -> Patient:
    return Patient.model_validate(
        {
            "id": KEY,
            "version": 3,
            "created_at": EARLIER,
            "updated_at": NOW,
            "name": "Paul Pace",
            "observed_at": EARLIER,
            **changes,
        }
    )


def test_a_workspace_shows_its_own_orgs_rows_alone() -> None:
    """Two messages of one batch, two orgs, one id: each sees the row of its org."""
    rows = Rows({(Row, ("a", KEY)): Row("of a"), (Row, ("b", KEY)): Row("of b")})
    assert workspace(rows, "a").get(Row, KEY).name == "of a"
    assert workspace(rows, "b").get(Row, KEY).name == "of b"


def test_a_row_of_another_org_cannot_be_named() -> None:
    """What was loaded for another org is not there, and asking for it is our own mistake."""
    rows = Rows({(Row, ("b", KEY)): Row("of b")})
    for ask in (workspace(rows, "a").find, workspace(rows, "a").get):
        with pytest.raises(LookupError):
            ask(Row, KEY)
        with pytest.raises(LookupError):
            ask(Row, "b", KEY)


def test_a_row_that_was_asked_for_and_is_not_there_is_none() -> None:
    """`find` says so; `get` is for rows that were made sure of."""
    rows = Rows({(Row, ("a", KEY)): None})
    assert workspace(rows).find(Row, KEY) is None
    with pytest.raises(LookupError):
        workspace(rows).get(Row, KEY)


def test_a_new_row_is_found_by_later_messages_of_its_org_alone() -> None:
    """The same transaction sees what it has made, each org its own."""
    rows = Rows({(Row, ("a", KEY)): None, (Row, ("b", KEY)): None})
    workspace(rows, "a").add(Row, KEY, row=Row("new"))
    assert workspace(rows, "a").get(Row, KEY).name == "new"
    assert workspace(rows, "b").find(Row, KEY) is None


def test_an_event_has_every_attribute_and_its_message_says_the_same() -> None:
    """The CloudEvents envelope, to the letter."""
    place = workspace(Rows(), message_id=MESSAGE_ID, actor="user-17", traceparent=TRACEPARENT)
    place.publish(PATIENT_PUT, patient(), changed=["phone", "email", "name"])
    [outgoing] = place.outgoing
    body = json.loads(outgoing.body)
    event_id = body.pop("id")
    data = body.pop("data")
    assert body == {
        "specversion": "1.0",
        "source": "/referrals",
        "type": "patient.put",
        "subject": "00000000-0000-0000-0000-000000000001",
        "time": "2026-11-22T04:00:00Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:handoff:schema:patient:v1",
        "orgid": "a",
        "aggregateversion": 3,
        "causationid": "0192d4e0-7b1a-7c3d-8e4f-123456789abc",
        "traceparent": TRACEPARENT,
        "changed": "email,name,phone",
    }
    assert data == {
        "id": "00000000-0000-0000-0000-000000000001",
        "version": 3,
        "created_at": "2026-11-21T04:00:00Z",
        "updated_at": "2026-11-22T04:00:00Z",
        "name": "Paul Pace",
        "date_of_birth": None,
        "phone": None,
        "phone_as_given": None,
        "warnings": [],
        "email": None,
        "observed_at": "2026-11-21T04:00:00Z",
    }
    assert (outgoing.exchange, outgoing.routing_key) == ("referrals.events", "patient.put")
    assert outgoing.content_type == "application/cloudevents+json"
    assert str(outgoing.message_id) == event_id and outgoing.message_id.version == 7
    assert outgoing.subject == "00000000-0000-0000-0000-000000000001"
    assert outgoing.headers == {"traceparent": TRACEPARENT}


def test_an_event_without_a_cause_names_none() -> None:
    """`causationid`, `traceparent` and `changed` are left out, not null."""
    place = workspace(Rows())
    place.publish(PATIENT_ARCHIVED, patient())
    body = json.loads(place.outgoing[0].body)
    assert not {"causationid", "traceparent", "changed"} & set(body)
    assert place.outgoing[0].headers == {}


@pytest.mark.parametrize("overwrote", [True, False])
def test_an_event_says_that_its_client_wanted_no_check_where_it_is_asked(overwrote: bool) -> None:
    """True or false, as JSON has them; every other event leaves it out."""
    place = workspace(Rows())
    place.publish(PATIENT_PUT, patient(), changed=["name"], overwrote=overwrote)
    place.publish(PATIENT_PUT, patient(), changed=["name"])
    said, unsaid = (json.loads(outgoing.body) for outgoing in place.outgoing)
    assert said["overwrote"] is overwrote
    assert "overwrote" not in unsaid


def test_a_message_is_audited_under_its_own_name_unless_its_handler_says_another() -> None:
    """None stands for its own."""
    place = workspace(Rows())
    assert place.audited_as is None
    place.audit_as("contact_referral.overwrite")
    assert place.audited_as == "contact_referral.overwrite"


def test_a_command_to_another_service_carries_actor_and_trace() -> None:
    """Its message id is made once and is no other message's."""
    place = workspace(Rows(), message_id=MESSAGE_ID, actor="user-17", traceparent=TRACEPARENT)
    command = PatientPut(org_id="a", patient_uuid=KEY, name="Paul Pace", observed_at=NOW)
    place.send(PUT_PATIENT, command, subject=KEY)
    [outgoing] = place.outgoing
    assert (outgoing.exchange, outgoing.routing_key) == ("referrals.commands", "patient.put")
    assert outgoing.content_type == "application/json"
    assert outgoing.headers == {"traceparent": TRACEPARENT, "actor": "user-17"}
    assert outgoing.message_id != MESSAGE_ID
    assert json.loads(outgoing.body)["org_id"] == "a"


def test_no_value_is_shown_where_an_outgoing_message_is_printed() -> None:
    """Its body is patient data."""
    place = workspace(Rows())
    place.publish(PATIENT_PUT, patient(), changed=["name"])
    assert "Pace" not in repr(place.outgoing)


def test_changed_names_the_fields_whose_value_differs_sorted() -> None:
    """Without `version` and `updated_at`, which differ with every change."""
    before = patient(phone="+12025550143")
    after = patient(
        phone=None, name="Paula Pace", email="p@example.com", version=4, updated_at=EARLIER
    )
    assert list(changed_fields(before, after)) == ["email", "name", "phone"]
    assert list(changed_fields(before, patient(phone="+12025550143", version=9))) == []


def test_changed_is_about_the_fields_of_what_is_shown_now() -> None:
    """A shape of its own, its own fields."""
    fields: dict[str, Any] = {
        "id": KEY,
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
        "observed_at": NOW,
    }
    before = Provider(**fields, name="Rose", npi=None)
    after = Provider(**fields, name="Rose", npi="1234567893")
    assert list(changed_fields(before, after)) == ["npi"]
