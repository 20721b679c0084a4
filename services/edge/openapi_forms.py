"""The shapes of the interfaces that have a form of their own, for the OpenAPI document.

Source: docs/contract/http.md#json-api, #external-referrals.
"""

from typing import Any, Final

from contracts.documents.schemas import Schema
from services.edge.calls.headers import FORM_URLENCODED
from services.edge.calls.json_api_answers import SHOWN_TIMES
from services.edge.calls.json_api_requests import CONTACTS, RELATED, TYPE
from services.edge.routes import Route, Shown

ERRORS_NAME: Final = "JsonApiErrors"
_RESOURCE_NAME: Final = "ContactReferralResource"
_SCHEMAS: Final = "#/components/schemas/"
_UUID: Final[Schema] = {"type": "string", "format": "uuid"}
_TIME: Final[Schema] = {"type": "string", "format": "date-time"}
_META: Final[Schema] = {
    "type": "object",
    "properties": {
        "updated_in_db_at": {
            **_TIME,
            "description": "Of a version conflict: the one that is current.",
        },
        "current_version": {"type": "integer"},
        "idempotency_key": {
            "type": "string",
            "description": "Of a write without a reply: the key to ask again with.",
        },
        "message_id": _UUID,
    },
}
_VERSION: Final[Schema] = {"type": "object", "properties": {"version": {"const": "1.1"}}}
LOCATION: Final[Schema] = {
    "description": "The path of the new contact referral.",
    "schema": {"type": "string"},
    "required": True,
}


def _object(properties: Schema, required: tuple[str, ...] = (), **more: Any) -> Schema:
    made: Schema = {"type": "object", "properties": properties, **more}
    return {**made, "required": list(required)} if required else made


def _to_one(identifier: Schema) -> Schema:
    return _object(
        {"data": _object({"type": {"const": CONTACTS}, "id": identifier}, ("type", "id"))},
        ("data",),
    )


SCHEMAS: Final[Schema] = {
    _RESOURCE_NAME: _object(
        {
            "type": {"const": TYPE},
            "id": _UUID,
            "links": _object({"self": {"type": "string"}}, ("self",)),
            "attributes": _object(dict.fromkeys(SHOWN_TIMES, _TIME), SHOWN_TIMES),
            "relationships": _object({name: _to_one(_UUID) for name in RELATED}, RELATED),
        },
        ("type", "id", "links"),
        title="Contact referral (JSON:API)",
        description="Of a write that is asked again after 7 days, its id alone.",
    ),
    ERRORS_NAME: _object(
        {
            "jsonapi": _VERSION,
            "errors": {
                "type": "array",
                "minItems": 1,
                "items": _object(
                    {
                        "status": {"type": "string", "pattern": "^[45][0-9]{2}$"},
                        "code": {"type": "string"},
                        "title": {"type": "string"},
                        "detail": {"type": "string", "minLength": 1},
                        "source": _object(
                            {one: {"type": "string"} for one in ("pointer", "parameter", "header")},
                            description="A JSON Pointer into the document, a parameter or a "
                            "header; absent where the path is meant.",
                        ),
                        "meta": _META,
                    },
                    ("status", "code", "title", "detail"),
                ),
            },
            "meta": _META,
        },
        ("errors",),
        title="Errors (JSON:API)",
        description="What is wrong, and where.",
    ),
}


def document(route: Route) -> Schema:
    """What a client's document says."""
    attributes: Schema = {name: {"description": "Read, and ignored."} for name in SHOWN_TIMES}
    related: Schema = {name: _to_one(_UUID) for name in RELATED}
    creates = route.method == "POST"
    if not creates:
        attributes["updated_in_db_at"] = {
            "anyOf": [_TIME, {"type": "null"}],
            "description": "As it was read. Without it, or where it is not current: 409, but for "
            "`overwrite`.",
        }
        attributes["overwrite"] = {
            "enum": [True, False, None],
            "description": "True: change it whatever others made of it. All else is as left out.",
        }
    resource = _object(
        {
            "type": {"const": TYPE},
            "id": _UUID,
            "attributes": _object(attributes, additionalProperties=False),
            "relationships": _object(
                related, ("referred_to",) if creates else (), additionalProperties=False
            ),
        },
        ("type", "relationships") if creates else ("type",),
    )
    return _object({"data": resource}, ("data",))


def answered(route: Route) -> Schema:
    """The document that a success is answered with."""
    resource: Schema = {"$ref": f"{_SCHEMAS}{_RESOURCE_NAME}"}
    if route.name.endswith(".list"):
        counts = ("page", "per_page", "total", "total_pages")
        pagination = _object({one: {"type": "integer", "minimum": 0} for one in counts}, counts)
        return _object(
            {
                "jsonapi": _VERSION,
                "data": {"type": "array", "items": resource},
                "meta": _object({"pagination": pagination}, ("pagination",)),
            },
            ("data", "meta"),
        )
    return _object({"jsonapi": _VERSION, "data": resource}, ("data",))


def submission(request: Schema, example: Schema) -> Schema:
    """The bodies of an external referral by their media types; the schema is of what they say."""
    rows = request["properties"]["rows"]
    either = {"anyOf": [rows, rows["items"]]}
    return {
        Shown.JSON.value: {"schema": either, "example": example["rows"]},
        FORM_URLENCODED: {
            "schema": {
                "type": "object",
                "description": "One row by its fields; several by keys such as `0[surname]`; or "
                "the JSON itself, alone or as the name or the value of one field.",
                "additionalProperties": {"type": "string"},
            }
        },
    }
