"""The schemas that are shipped, and what does not keep to them."""

import json
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from client.errors import Forgotten, Refused
from client.reading import read_event, read_reply
from contracts.catalogue import OPERATIONS
from contracts.events import EventSource
from messaging.replies.client import Reply
from tests.support.services.process import REPOSITORY

SCHEMAS = REPOSITORY / "docs" / "schemas"
ASYNCAPI = REPOSITORY / "docs" / "asyncapi"


@cache
def shipped() -> Registry[Any]:
    """All of them by their `$id`."""
    contents = [json.loads(path.read_text()) for path in sorted(SCHEMAS.rglob("*.json"))]
    return Registry().with_resources(
        [(content["$id"], Resource.from_contents(content)) for content in contents]
    )


def faults(path: str, document: Any) -> list[str]:
    """What in a document is not as a shipped schema (`events/patient.put`) says; places alone."""
    return _told(_validator(path), document)


def as_shipped(operation: str, answered: Reply) -> Reply:
    """The reply, which has to keep to the schema of the operation's replies, and which the client
    library has to read. Raises UnreadableReply."""
    told: dict[str, Any] = {"status": answered.status, "data": answered.data}
    if answered.problem is not None:
        told = {"status": answered.status, "problem": answered.problem}
    known = operation in OPERATIONS
    assert faults(f"{operation}.reply" if known else "reply", told) == [], operation
    if known:
        with suppress(Refused, Forgotten):
            read_reply(OPERATIONS[operation], json.dumps(told).encode())
    return answered


def event_as_shipped(event: dict[str, Any]) -> dict[str, Any]:
    """The event, which has to keep to the schema of its type, and which the client library has to
    read. Raises UnreadableEvent."""
    assert faults(f"events/{event['type']}", event) == [], event["type"]
    read_event(json.dumps(event).encode())
    return event


def faults_in_asyncapi(service: str, message: str, document: Any) -> list[str]:
    """The same of a message of a service's AsyncAPI document, such as `patient.put.event`."""
    uri = f"urn:asyncapi:{service}"
    resource = DRAFT202012.create_resource(_asyncapi(ASYNCAPI / f"{service}.json"))
    registry: Registry[Any] = Registry().with_resource(uri, resource)
    pointed = {"$ref": f"{uri}#/components/messages/{message}/payload"}
    validator = Draft202012Validator(pointed, registry=registry, format_checker=FormatChecker())
    return _told(validator, document)


def service_of(event: dict[str, Any]) -> str:
    """Who published it, as its document is called."""
    return EventSource(event["source"]).removeprefix("/")


@cache
def _asyncapi(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text())
    return document


@cache
def _validator(path: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{path}.json").read_text())
    return Draft202012Validator(schema, registry=shipped(), format_checker=FormatChecker())


def _told(validator: Draft202012Validator, document: Any) -> list[str]:
    return [f"{error.json_path}: {error.validator}" for error in validator.iter_errors(document)]
