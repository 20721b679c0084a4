"""Schemas for other programs: their own tools read them, and every event keeps to them."""

import json
from typing import Any

import pytest
from cloudevents.core.bindings.rabbitmq import RabbitMQMessage, from_structured
from cloudevents.core.formats.json import JSONFormat
from jsonschema import Draft202012Validator

from contracts.catalogue import EVENTS as DECLARED
from contracts.catalogue import OPERATIONS
from tests.support import node
from tests.support.samples.resources import one_of_each
from tests.support.schemas import ASYNCAPI, SCHEMAS, faults, faults_in_asyncapi, service_of, shipped

EVENTS = one_of_each()


def test_there_is_one_of_each_event() -> None:
    """What follows looks at every type."""
    assert set(EVENTS) == set(DECLARED)


@pytest.mark.parametrize("event", DECLARED)
def test_an_event_keeps_to_its_schema_and_to_asyncapi(event: str) -> None:
    """Envelope and `data` alike."""
    body = json.loads(EVENTS[event])
    assert faults(f"events/{event}", body) == []
    assert faults_in_asyncapi(service_of(body), f"{event}.event", body) == []


@pytest.mark.parametrize("event", DECLARED)
def test_a_schema_refuses_data_that_lacks_a_field(event: str) -> None:
    """`data` is described, down to what every resource has."""
    body = json.loads(EVENTS[event])
    del body["data"]["updated_at"]
    assert faults(f"events/{event}", body) == ["$.data: required"]
    assert faults_in_asyncapi(service_of(body), f"{event}.event", body) == ["$.data: required"]


@pytest.mark.parametrize("event", DECLARED)
def test_a_field_that_is_new_is_no_fault(event: str) -> None:
    """New optional fields may appear in `data`: a subscriber's validator must let them pass."""
    body = json.loads(EVENTS[event])
    body["data"]["added_later"] = "x"
    assert faults(f"events/{event}", body) == []


def test_only_what_may_be_overwritten_says_whether_it_was() -> None:
    """There it is always said; the schemas of all other events do not know the word."""
    knowing = {
        event
        for event in DECLARED
        if "overwrote"
        in json.loads((SCHEMAS / "events" / f"{event}.json").read_text())["properties"]
    }
    assert knowing == {"contact_referral.updated"}
    body = json.loads(EVENTS["contact_referral.updated"])
    del body["overwrote"]
    assert faults("events/contact_referral.updated", body) == ["$: required"]


def test_dataschema_is_the_id_of_the_shipped_schema_of_the_data() -> None:
    """CloudEvents 1.0.2: an absolute URI; here it leads to a file."""
    for event, body in EVENTS.items():
        read = json.loads(body)
        schema = shipped()[read["dataschema"]].contents
        assert read["dataschema"] == DECLARED[event].dataschema
        assert set(read["data"]) <= set(schema["properties"])


def test_the_official_sdk_of_javascript_reads_every_event_strictly() -> None:
    """It refuses a `dataschema` that is no absolute URI, and attributes of other types."""
    typed = "".join(body.decode() + "\n" for body in EVENTS.values())
    read = node.run("judge_events.mjs", typed=typed)
    assert [(one.get("refused"), one.get("type")) for one in read] == [
        (None, str(event)) for event in EVENTS
    ]
    assert [one["data"] for one in read] == [json.loads(body)["data"] for body in EVENTS.values()]


def test_the_official_sdk_of_javascript_refuses_what_is_no_event() -> None:
    """The judge judges: a relative `dataschema` is told."""
    event = json.loads(EVENTS["patient.put"]) | {"dataschema": "patient/v1"}
    (read,) = node.run("judge_events.mjs", typed=json.dumps(event) + "\n")
    assert "refused" in read


@pytest.mark.parametrize("event", DECLARED)
def test_the_official_sdk_of_python_reads_every_event(event: str) -> None:
    """With its attributes and its data."""
    message = RabbitMQMessage({}, "application/cloudevents+json", EVENTS[event])
    read = from_structured(message, JSONFormat())
    assert read.get_type() == str(event)
    assert read.get_dataschema() == DECLARED[event].dataschema
    assert read.get_data() == json.loads(EVENTS[event])["data"]


def test_the_official_parser_finds_nothing_in_asyncapi_but_its_version() -> None:
    """AsyncAPI 3.0.0 is what FastStream's tools take; 3.1.0 is newer."""
    paths = [str(path) for path in sorted(ASYNCAPI.glob("*.json"))]
    (told,) = node.run("judge_asyncapi.mjs", *paths)
    assert len(told) == 3
    for path, judged in told.items():
        assert judged["parsed"], path
        assert [one["code"] for one in judged["diagnostics"]] == ["asyncapi-latest-version"], path


def test_asyncapi_shows_a_client_where_to_publish_and_what_comes_back() -> None:
    """A routing key of a topic exchange, never a queue; a success or a problem to reply_to."""
    document = json.loads((ASYNCAPI / "referrals.json").read_text())
    operation = document["operations"]["referral_partner.create"]
    channel = document["channels"]["referral_partner.create"]
    assert channel["address"] == "referral_partner.create"
    assert channel["bindings"]["amqp"]["is"] == "routingKey"
    assert channel["bindings"]["amqp"]["exchange"]["name"] == "referrals.commands"
    assert operation["bindings"]["amqp"]["deliveryMode"] == 2
    assert operation["bindings"]["amqp"]["mandatory"] is True
    assert operation["reply"]["address"]["location"] == "$message.header#/reply_to"
    assert operation["reply"]["messages"] == [
        {"$ref": "#/channels/replies/messages/referral_partner.create.reply"},
        {"$ref": "#/channels/replies/messages/problem"},
    ]
    event = document["components"]["messages"]["referral_partner.created.event"]
    assert event["contentType"] == "application/cloudevents+json"
    assert event["payload"]["properties"]["specversion"]["const"] == "1.0"


def _files() -> list[Any]:
    return sorted(SCHEMAS.rglob("*.json"))


def test_a_shape_that_messages_share_is_described_once() -> None:
    """So that types made from the schemas hold one `Problem`."""
    titled = [json.loads(path.read_text()).get("title") for path in _files()]
    assert titled.count("Problem") == 1
    bundle = json.loads((SCHEMAS / "handoff.json").read_text())["$defs"]
    assert [one.get("title") for one in bundle.values()].count("Problem") == 1
    for path in _files():
        if path.name != "handoff.json":
            assert "$defs" not in json.loads(path.read_text()), path.name


def test_every_schema_is_one_and_points_to_what_is_there() -> None:
    """Valid by the dialect, its `$id` its own, no reference into the void."""
    ids = []
    for path in _files():
        schema = json.loads(path.read_text())
        Draft202012Validator.check_schema(schema)
        ids.append(schema["$id"])
        list(Draft202012Validator(schema, registry=shipped()).iter_errors({"status": 200}))
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_bundle_points_to_nothing_outside_of_it(operation: str) -> None:
    """One file is enough to make types from: each message of the operation is in it."""
    bundle = (SCHEMAS / "handoff.json").read_text()
    assert f"Reply_to_{operation}" in json.loads(bundle)["$defs"]
    assert '"$ref": "urn:' not in bundle
