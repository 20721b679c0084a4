"""Refusals in the OpenAPI document: their shape, and a response with an example for each status."""

from collections.abc import Iterable, Mapping

import orjson

from contracts.documents.schemas import Schema
from services.edge import openapi_forms as forms
from services.edge.calls.json_api_answers import errors
from services.edge.problems import PROBLEM_CONTENT_TYPE, Detail, EdgeCode, HttpProblem, Loc
from services.edge.routes import Form, Shown

REQUEST_ID: Schema = {
    "description": "The request in the edge's log.",
    "schema": {"type": "string", "format": "uuid"},
    "required": True,
}
_RETRY_AFTER: Schema = {
    "description": "Seconds until another try makes sense.",
    "schema": {"type": "integer", "minimum": 1},
    "required": True,
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
_EXAMPLES: dict[int, tuple[str, Loc]] = {
    **{code.status: (code.value, ("path",)) for code in EdgeCode},
    400: ("malformed_request", ("body",)),
    401: ("unauthenticated", ("header", "Authorization")),
    404: ("patient_not_found", ("path", "patient_uuid")),
    409: ("version_conflict", ("query", "base_version")),
    412: ("version_conflict", ("header", "If-Match")),
    422: ("validation_error", ("body", "amount")),
    503: ("broker_unavailable", ("path",)),
}
"""A code of each status, and what of a request it may be about."""


def responses(schemas: str) -> Schema:
    """Every refusal, by the name that `refused_with` points to; shapes are below `schemas`."""
    shapes = {
        Form.FIELDS: (PROBLEM_CONTENT_TYPE, "Problem"),
        Form.JSON_API: (Shown.JSON_API.value, forms.ERRORS_NAME),
    }
    return {
        _name(status, form): {
            "description": description,
            "headers": {"Handoff-Request-Id": REQUEST_ID, **headers},
            "content": {
                content_type: {
                    "schema": {"$ref": f"{schemas}{shape}"},
                    "example": _example(status, form),
                }
            },
        }
        for form, (content_type, shape) in shapes.items()
        for status, (description, headers) in _REFUSALS.items()
    }


def refused_with(statuses: Iterable[int], form: Form = Form.FIELDS) -> Schema:
    """The responses of refusals, by status."""
    return {
        str(status): {"$ref": f"#/components/responses/{_name(status, form)}"}
        for status in sorted(statuses)
    }


def _example(status: int, form: Form) -> Schema:
    """What a refusal of this status may look like."""
    code, loc = _EXAMPLES[status]
    members = {"current_version": 4} if code == "version_conflict" else {}
    told = HttpProblem(status, code, [Detail(loc, code, _REFUSALS[status][0])], members)
    made: Schema = orjson.loads(errors(told) if form is Form.JSON_API else told.body())
    return made


def _name(status: int, form: Form) -> str:
    return f"{'JsonApi' if form is Form.JSON_API else ''}Refused{status}"
