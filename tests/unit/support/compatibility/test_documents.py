"""Changes of a published document: what a client of the old version misses."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.compatibility.documents import breaks

STRING = {"type": "string"}
DOCUMENTS: dict[str, Any] = {
    "schemas/shapes/contact.json": {"$id": "urn:contact", "properties": {"name": STRING}},
    "schemas/contact.get.request.json": {
        "properties": {"contact_uuid": STRING},
        "additionalProperties": False,
    },
    "schemas/contact.get.reply.json": {"properties": {"data": {"$ref": "urn:contact"}}},
    "asyncapi/referrals.json": {
        "channels": {
            "contact.get": {
                "address": "contact.get",
                "bindings": {"amqp": {"exchange": {"name": "referrals.queries"}}},
            }
        },
        "operations": {"contact.get": {"action": "receive"}},
        "components": {
            "messages": {
                "contact.get.request": {
                    "contentType": "application/json",
                    "payload": {"$ref": "#/components/schemas/Get"},
                },
                "contact.put.event": {"payload": {"properties": {"type": {"const": "a"}}}},
            },
            "schemas": {"Get": {"properties": {"a": STRING}, "additionalProperties": False}},
        },
    },
    "openapi/edge.json": {
        "paths": {
            "/contacts": {
                "get": {
                    "parameters": [{"in": "query", "name": "page", "schema": {"type": "integer"}}],
                    "responses": {
                        "200": {"content": {"application/json": {"schema": {"enum": ["a", "b"]}}}},
                        "404": {"$ref": "#/components/responses/Gone"},
                    },
                },
                "post": {"requestBody": {"content": {"application/json": {"schema": STRING}}}},
            }
        },
        "components": {
            "responses": {"Gone": {"content": {"application/problem+json": {"schema": STRING}}}}
        },
    },
}
EDGE, ASYNC = "openapi/edge.json", "asyncapi/referrals.json"
GET = (EDGE, "paths", "/contacts", "get")
POST = (EDGE, "paths", "/contacts", "post")
MESSAGES = (ASYNC, "components", "messages")


def put(*path: Any) -> Callable[[Any], None]:
    """A change: the last part is put at the place of the others."""

    def change(documents: Any) -> None:
        for part in path[:-2]:
            documents = documents[part]
        documents[path[-2]] = path[-1]

    return change


def take(*path: Any) -> Callable[[Any], None]:
    """A change: what stands at this place is taken away."""

    def change(documents: Any) -> None:
        for part in path[:-1]:
            documents = documents[part]
        del documents[path[-1]]

    return change


PAGE = {"in": "query", "name": "page", "required": True, "schema": {"type": "integer"}}


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (put("schemas/new.json", {}), []),
        (
            take("schemas/contact.get.reply.json"),
            ["schemas/contact.get.reply.json: removed"],
        ),
        (
            take("schemas/shapes/contact.json", "properties", "name"),
            ["schemas/contact.get.reply.json.data.name: removed"],
        ),
        (
            put("schemas/contact.get.request.json", "required", ["contact_uuid"]),
            ["schemas/contact.get.request.json.contact_uuid: required now"],
        ),
        (take(ASYNC), [f"{ASYNC}: removed"]),
        (take(ASYNC, "operations", "contact.get"), [f"{ASYNC} operations contact.get: removed"]),
        (
            put(ASYNC, "operations", "contact.get", "action", "send"),
            [f"{ASYNC} operations contact.get: is elsewhere, or goes the other way"],
        ),
        (
            put(ASYNC, "channels", "contact.get", "address", "contact.read"),
            [f"{ASYNC} channels contact.get: is elsewhere, or goes the other way"],
        ),
        (take(*MESSAGES, "contact.put.event"), [f"{ASYNC} messages contact.put.event: removed"]),
        (
            put(*MESSAGES, "contact.put.event", "payload", "properties", "type", {"const": "b"}),
            [f"{ASYNC} messages contact.put.event payload.type: const may be b now"],
        ),
        (
            put(*MESSAGES, "contact.get.request", "contentType", "text/plain"),
            [f"{ASYNC} messages contact.get.request: has another content type"],
        ),
        (
            take(ASYNC, "components", "schemas", "Get", "properties", "a"),
            [f"{ASYNC} messages contact.get.request payload.a: removed"],
        ),
        (take(*GET), [f"{EDGE} GET /contacts: removed"]),
        (
            take(EDGE, "paths", "/contacts"),
            [f"{EDGE} {x} /contacts: removed" for x in ("GET", "POST")],
        ),
        (put(*GET, "parameters", []), [f"{EDGE} GET /contacts query page: removed"]),
        (put(*GET, "parameters", [PAGE]), [f"{EDGE} GET /contacts query page: required now"]),
        (
            put(*GET, "parameters", 0, "schema", {"type": "integer", "maximum": 9}),
            [f"{EDGE} GET /contacts query page: maximum is 9, and was None"],
        ),
        (take(*GET, "responses", "200"), [f"{EDGE} GET /contacts 200: removed"]),
        (take(*GET, "responses", "404"), []),
        (
            put(EDGE, "components", "responses", "Gone", {"content": {}}),
            [f"{EDGE} GET /contacts 404 application/problem+json: removed"],
        ),
        (
            put(*GET, "responses", "200", "content", "application/json", "schema", {"enum": ["a"]}),
            [f"{EDGE} GET /contacts 200: enum is never b any more"],
        ),
        (
            put(*POST, "requestBody", "required", True),
            [f"{EDGE} POST /contacts body: required now"],
        ),
        (
            put(*POST, "requestBody", "content", {}),
            [f"{EDGE} POST /contacts body application/json: removed"],
        ),
    ],
)
def test_a_change_breaks_what_it_breaks(change: Callable[[Any], None], broken: list[str]) -> None:
    """Each alone, told with its place."""
    new = copy.deepcopy(DOCUMENTS)
    change(new)
    assert [str(one) for one in breaks(DOCUMENTS, new)] == broken


def test_the_same_documents_break_nothing() -> None:
    """Else nothing above says anything."""
    assert breaks(DOCUMENTS, copy.deepcopy(DOCUMENTS)) == []
