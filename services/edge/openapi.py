"""The interface as an OpenAPI 3.1 document: each row of the table, with the contracts' own schemas.

FastAPI writes the document; what a route takes and answers is said here, from the contracts: no
shape is written a second time. Source: docs/contract/http.md#routes.
"""

from collections.abc import Mapping
from functools import cache

from contracts.documents.examples import EXAMPLES
from contracts.documents.schemas import Schema, Schemas
from contracts.replies import ReplyStatus
from services.edge.calls.answering import shows_a_resource
from services.edge.calls.headers import (
    ACTOR,
    IDEMPOTENCY_KEY,
    LONGEST_ACTOR,
    LONGEST_KEY,
    MESSAGE_ID,
)
from services.edge.calls.query import LARGEST_INTEGER
from services.edge.problems import PROBLEM_CONTENT_TYPE
from services.edge.routes import Route, Shown

TITLE = "Handoff"
VERSION = "1"
SUMMARY = "Gets a patient's referral from one practice to another without losing it."
_SCHEMAS = "#/components/schemas/"
_TOKEN = "token"  # noqa: S105  # the scheme's name
_PDF: Schema = {"type": "string", "format": "binary"}
_KEY_PATTERN = (
    rf"^([!#-~][!-~]{{0,{LONGEST_KEY - 1}}}"
    rf'|"([!#-\[\]-~]|\\["\\]){{1,{LONGEST_KEY}}}")$'
)
_RETRY_AFTER: Schema = {
    "description": "Seconds until another try makes sense.",
    "schema": {"type": "integer", "minimum": 1},
    "required": True,
}
_REQUEST_ID: Schema = {
    "description": "The request in the edge's log.",
    "schema": {"type": "string", "format": "uuid"},
    "required": True,
}
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

PROBLEM: Schema = {
    "title": "Problem",
    "description": "Problem details (RFC 9457); `detail` says what is wrong and where.",
    "type": "object",
    "properties": {
        "type": {"type": "string", "pattern": "^urn:handoff:problem:[a-z_]+$"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string"},
        "detail": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {
                    "loc": {
                        "type": "array",
                        "minItems": 1,
                        "description": "Begins with one of the four parts of a request.",
                        "contains": {"enum": ["path", "query", "header", "body"]},
                        "items": {"type": ["string", "integer"]},
                    },
                    "type": {"type": "string"},
                    "msg": {"type": "string", "minLength": 1},
                },
                "required": ["loc", "type", "msg"],
            },
        },
        "current_version": {
            "type": "integer",
            "description": "Of a version conflict: the version that is current.",
        },
        "idempotency_key": {
            "type": "string",
            "description": "Of a write without a reply: the key to ask again with.",
        },
        "message_id": {"type": "string", "format": "uuid"},
    },
    "required": ["type", "title", "status", "code", "detail"],
}

_REFUSALS: dict[int, tuple[str, Mapping[str, Schema]]] = {
    400: ("The request is not well-formed.", {}),
    401: (
        "There is no valid token.",
        {"WWW-Authenticate": {"schema": {"const": "Bearer"}, "required": True}},
    ),
    403: ("The token may not do this in this org; the same where there is no such org.", {}),
    404: ("What is named does not exist in this org, or is archived.", {}),
    406: ("The client does not accept what would be answered.", {}),
    408: ("The body did not come in time.", {}),
    409: ("It was changed meanwhile, exists already, or its state forbids it.", {}),
    412: ("`If-Match` is not of the current version.", {}),
    413: ("The body is too long.", {}),
    414: ("The URL is too long.", {}),
    415: ("The body is not JSON.", {}),
    422: ("A field or parameter breaks a rule; `detail` names each.", {}),
    429: ("Too many requests.", {"Retry-After": _RETRY_AFTER}),
    500: ("A fault of ours; `detail` names the incident.", {}),
    503: (
        "Nothing was taken, and nothing will happen: ask again.",
        {"Retry-After": _RETRY_AFTER},
    ),
    504: ("No reply in time. A write may have been done: ask again with `idempotency_key`.", {}),
}
_ALWAYS = (400, 401, 403, 404, 406, 408, 413, 414, 422, 429, 500, 503, 504)


@cache
def _schemas() -> Schemas:
    """The shapes of all routes, which are described once."""
    return Schemas(lambda name: f"{_SCHEMAS}{name}")


def operation_id(route: Route) -> str:
    """As programs that make clients of the document take it: `referral_partner_get`."""
    return route.name.replace(".", "_")


def summary(route: Route) -> str:
    """What the operation does, in a sentence."""
    return EXAMPLES[route.name].does


def operation_of(route: Route) -> Schema:
    """What a route takes and answers, as OpenAPI's operation object has it."""
    request = _schemas().request(route.operation.request)
    made: Schema = {
        "parameters": [*_path_and_query(route, request), *_headers(route)],
        "responses": _responses(route),
        "security": [{_TOKEN: []}],
    }
    if route.in_body:
        body = {"schema": _body(route, request), "example": _example(route)}
        made["requestBody"] = {"required": True, "content": {Shown.JSON.value: body}}
    return made


def completed(document: Schema) -> Schema:
    """FastAPI's document with what the routes point to."""
    components = {
        "schemas": {"Problem": PROBLEM, **_schemas().shapes},
        "responses": {
            _refusal_name(status): {
                "description": description,
                "headers": {"Handoff-Request-Id": _REQUEST_ID, **headers},
                "content": {PROBLEM_CONTENT_TYPE: {"schema": {"$ref": f"{_SCHEMAS}Problem"}}},
            }
            for status, (description, headers) in _REFUSALS.items()
        },
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
    return [
        {
            "name": name,
            "in": place,
            "required": name in required,
            "schema": _written_in_a_url(properties[name]),
        }
        for place, names in (("path", route.in_path), ("query", route.in_query))
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
    headers: Schema = {"Handoff-Request-Id": _REQUEST_ID}
    if route.writes:
        headers |= {IDEMPOTENCY_KEY: _KEY_ANSWERED, MESSAGE_ID: _MESSAGE_ID_ANSWERED}
    responses: Schema = {}
    for status, data in _schemas().data(route.operation).items():
        responses[str(int(status))] = (
            {"description": "Done; there is nothing to show.", "headers": headers}
            if status is ReplyStatus.ARCHIVED
            else {
                "description": "Done.",
                "headers": {**headers, **({"ETag": _ETAG} if shows_a_resource(route) else {})},
                "content": {
                    route.shown.value: {"schema": data if route.shown is Shown.JSON else _PDF}
                },
            }
        )
    if not route.writes and shows_a_resource(route):
        responses["304"] = {
            "description": "It is known already.",
            "headers": {"Handoff-Request-Id": _REQUEST_ID, "ETag": _ETAG},
        }
    refusals = [
        *_ALWAYS,
        *([409] if route.writes else []),
        *([412] if route.versioned else []),
        *([415] if route.in_body else []),
    ]
    for refused in sorted(refusals):
        responses[str(refused)] = {"$ref": f"#/components/responses/{_refusal_name(refused)}"}
    return responses


def _refusal_name(status: int) -> str:
    return f"Refused{status}"


def _written_in_a_url(schema: Schema) -> Schema:
    """A parameter cannot be null: it is left out. An integer has at most nine digits."""
    kinds = [kind for kind in schema.get("anyOf", [{}]) if kind != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    made = {**kinds[0], **rest} if len(kinds) == 1 else {**rest, "anyOf": kinds}
    return {"maximum": LARGEST_INTEGER, **made} if made.get("type") == "integer" else made
