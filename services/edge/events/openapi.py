"""`GET O/events` as OpenAPI's operation object has it."""

from contracts.documents.schemas import Schema
from services.edge.calls.headers import LAST_EVENT_ID
from services.edge.events.answering import CONTENT_TYPE
from services.edge.openapi import SECURITY
from services.edge.openapi_refusals import REQUEST_ID, refused_with
from services.edge.routes import ORG_FIELD

SUMMARY = "Tells what is changed in the org, while it is listened to."
_REFUSALS = (400, 401, 403, 404, 406, 414, 422, 429, 500)

OPERATION: Schema = {
    "parameters": [
        {
            "name": ORG_FIELD,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1},
        },
        {
            "name": LAST_EVENT_ID,
            "in": "header",
            "required": False,
            "description": "The last id that was read: what came since is told first, or `reset`.",
            "schema": {"type": "string"},
        },
    ],
    "responses": {
        "200": {
            "description": "Server-sent events, without an end: `id`, the event's type as `event`, "
            "and as `data` an object of `type`, `subject` and `aggregateversion`. `reset` in the "
            "place of a type: some may be missing, read all again.",
            "headers": {"Handoff-Request-Id": REQUEST_ID},
            "content": {CONTENT_TYPE: {"schema": {"type": "string"}}},
        },
        **refused_with(_REFUSALS),
    },
    "security": SECURITY,
}
