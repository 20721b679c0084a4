"""The interface as an OpenAPI 3.1 document: each row of the table, with the contracts' own schemas.

FastAPI writes the document; what a route takes and answers is said here, from the contracts: no
shape is written a second time. Source: docs/contract/http.md#routes.
"""

from collections.abc import Mapping
from functools import cache
from typing import assert_never

from contracts.documents.examples import EXAMPLES
from contracts.documents.schemas import Schema, Schemas
from contracts.replies import ReplyStatus
from services.edge import openapi_forms as forms
from services.edge.calls.answering import shows_a_resource
from services.edge.calls.headers import (
    ACTOR,
    IDEMPOTENCY_KEY,
    LONGEST_ACTOR,
    LONGEST_KEY,
    MESSAGE_ID,
)
from services.edge.calls.places import PER_PAGE
from services.edge.calls.query import LARGEST_INTEGER
from services.edge.calls.reading import DEFAULT_PER_PAGE
from services.edge.openapi_refusals import PROBLEM, REQUEST_ID, refused_with, responses
from services.edge.routes import ORG_FIELD, Form, Route, Shown

TITLE = "Handoff"
VERSION = "1"
SUMMARY = "Gets a patient's referral from one practice to another without losing it."
_SCHEMAS = "#/components/schemas/"
_TOKEN = "token"  # noqa: S105  # the scheme's name
SECURITY: list[Schema] = [{_TOKEN: []}]
_PDF: Schema = {"type": "string", "format": "binary"}
_KEY_PATTERN = (
    rf"^([!#-~][!-~]{{0,{LONGEST_KEY - 1}}}"
    rf'|"([!#-\[\]-~]|\\["\\]){{1,{LONGEST_KEY}}}")$'
)
_KEY_ANSWERED: Schema = {
    "description": "The key of this write, quoted: with it again, it is done once.",
    "schema": {"type": "string"},
    "required": True,
}
_MESSAGE_ID_ANSWERED: Schema = {
    "description": "The message that the write became.",
    "schema": {"type": "string", "format": "uuid"},
    "required": True,
}
_ETAG: Schema = {
    "description": "The version and the body's hash, for `If-Match` and `If-None-Match`. Absent "
    "where the body has no version: null, or a reply that is no longer kept.",
    "schema": {"type": "string", "pattern": '^"[1-9][0-9]*\\.[0-9a-f]{12}"$'},
}

_ALWAYS = (400, 401, 403, 404, 406, 408, 413, 414, 422, 429, 500, 503, 504)


@cache
def _schemas() -> Schemas:
    """The shapes of all routes, which are described once."""
    return Schemas(lambda name: f"{_SCHEMAS}{name}")


def operation_id(route: Route) -> str:
    """As programs that make clients of the document take it: `referral_partner_get`.

    Of the routes that ask for one operation, all but one say in what they differ.
    """
    differing = ["put"] if route.method == "PUT" and route.form is Form.JSON_API else []
    if route.form is Form.JSON_API and ORG_FIELD not in route.in_path:
        differing.append("of_token")
    return "_".join([route.name.replace(".", "_"), *differing])


def tag(route: Route) -> str:
    """What the operation is about, in words."""
    about = route.name.partition(".")[0]
    return about.replace("_", " ").replace("ereferral", "e-referral").capitalize()


def summary(route: Route) -> str:
    """What the operation does, in a sentence."""
    return EXAMPLES[route.name].does


def operation_of(route: Route) -> Schema:
    """What a route takes and answers, as OpenAPI's operation object has it."""
    request = _schemas().request(route.operation.request)
    made: Schema = {
        "parameters": [*_path_and_query(route, request), *_headers(route)],
        "responses": _responses(route),
        "security": SECURITY,
    }
    if route.in_body:
        made["requestBody"] = {"required": True, "content": _content(route, request)}
    return made


def _content(route: Route, request: Schema) -> Schema:
    """A body by its media types."""
    match route.form:
        case Form.JSON_API:
            return {Shown.JSON_API.value: {"schema": forms.document(route)}}
        case Form.EXTERNAL_REFERRAL:
            return forms.submission(request, EXAMPLES[route.name].body)
        case Form.FIELDS:
            body = {"schema": _body(route, request), "example": _example(route)}
            return {Shown.JSON.value: body}
        case _:
            assert_never(route.form)


def completed(document: Schema) -> Schema:
    """FastAPI's document with what the routes point to."""
    components = {
        "schemas": {"Problem": PROBLEM, **forms.SCHEMAS, **_schemas().shapes},
        "responses": responses(_SCHEMAS),
        "securitySchemes": {
            _TOKEN: {
                "type": "http",
                "scheme": "bearer",
                "description": "A token as `handoff token create` shows it.",
            }
        },
    }
    return {**document, "components": components}


def _path_and_query(route: Route, request: Schema) -> list[Schema]:
    properties, required = request["properties"], request.get("required", [])
    in_query = route.in_query
    if route.form is Form.JSON_API and in_query:
        size = {**properties["page_size"], "default": DEFAULT_PER_PAGE}
        properties, in_query = {**properties, PER_PAGE: size}, ("page", PER_PAGE)
    return [
        {
            "name": name,
            "in": place,
            "required": name in required,
            "schema": _written_in_a_url(properties[name]),
        }
        for place, names in (("path", route.in_path), ("query", in_query))
        for name in names
    ]


def _headers(route: Route) -> list[Schema]:
    made = [
        (
            ACTOR,
            "The person behind the request, an opaque id, for the audit trail.",
            {"type": "string", "pattern": f"^[!-~]{{1,{LONGEST_ACTOR}}}$"},
        )
    ]
    if route.writes:
        made.append(
            (
                IDEMPOTENCY_KEY,
                "The same key with the same request again is done once; 1 to 255 visible ASCII "
                "characters, quoted or bare. Without it one is made and answered.",
                {"type": "string", "pattern": _KEY_PATTERN},
            )
        )
    if route.versioned:
        made.append(
            (
                "If-Match",
                "An ETag as an answer gave it; `base_version` may then be left out.",
                {"type": "string", "pattern": '^"[1-9][0-9]{0,8}\\.[0-9a-f]{12}"$'},
            )
        )
    if not route.writes and shows_a_resource(route):
        made.append(
            ("If-None-Match", "ETags that are known already: 304 for one.", {"type": "string"})
        )
    return [
        {"name": name, "in": "header", "required": False, "description": words, "schema": schema}
        for name, words, schema in made
    ]


def _body(route: Route, request: Schema) -> Schema:
    """The request's schema less what the path says."""
    required = [name for name in request.get("required", []) if name in route.in_body]
    kept = {name: request["properties"][name] for name in route.in_body}
    body = {**request, "properties": kept, "required": required}
    if not required:
        del body["required"]
    return body


def _example(route: Route) -> Schema:
    said = EXAMPLES[route.name].body
    return {name: said[name] for name in route.in_body if name in said}


def _responses(route: Route) -> Schema:
    headers: Schema = {"Handoff-Request-Id": REQUEST_ID}
    if route.writes:
        headers |= {IDEMPOTENCY_KEY: _KEY_ANSWERED, MESSAGE_ID: _MESSAGE_ID_ANSWERED}
    made: Schema = {}
    for status, data in _shown(route).items():
        located = {"Location": forms.LOCATION} if _is_located(route) else {}
        made[str(int(status))] = (
            {"description": "Done; there is nothing to show.", "headers": headers}
            if status is ReplyStatus.ARCHIVED
            else {
                "description": "Done.",
                "headers": {
                    **headers,
                    **({"ETag": _ETAG} if shows_a_resource(route) else {}),
                    **located,
                },
                "content": {
                    route.shown.value: {"schema": _PDF if route.shown is Shown.PDF else data}
                },
            }
        )
    if not route.writes and shows_a_resource(route):
        made["304"] = {
            "description": "It is known already.",
            "headers": {"Handoff-Request-Id": REQUEST_ID, "ETag": _ETAG},
        }
    refusals = [
        *_ALWAYS,
        *([409] if route.writes else []),
        *([412] if route.versioned else []),
        *([415] if route.in_body else []),
    ]
    return made | refused_with(refusals, route.form)


def _shown(route: Route) -> Mapping[ReplyStatus, Schema]:
    """What a success shows, by its status."""
    replies = _schemas().data(route.operation)
    if route.form is Form.JSON_API:
        return dict.fromkeys(replies, forms.answered(route))
    return replies


def _is_located(route: Route) -> bool:
    return route.form is Form.JSON_API and route.method == "POST"


def _written_in_a_url(schema: Schema) -> Schema:
    """A parameter cannot be null: it is left out. An integer has at most nine digits."""
    kinds = [kind for kind in schema.get("anyOf", [{}]) if kind != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    made = {**kinds[0], **rest} if len(kinds) == 1 else {**rest, "anyOf": kinds}
    return {"maximum": LARGEST_INTEGER, **made} if made.get("type") == "integer" else made
