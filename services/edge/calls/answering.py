"""From a service's reply to the answer of HTTP."""

import hashlib
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from contracts.problems import ProblemCode
from contracts.shapes import Resource
from messaging.intake.hints import about_field
from messaging.replies.standing_client import Replied
from services.edge.calls import headers as h
from services.edge.calls.places import place_of
from services.edge.calls.reading import Call, stale
from services.edge.problems import Detail, EdgeCode, HttpProblem, Loc, refusal
from services.edge.routes import ORG_FIELD, VERSION_FIELD, Route, Shown

BROKER_RETRY_AFTER_SECONDS = 5
OVERLOAD_RETRY_AFTER_SECONDS = 1
REPLY_FORGOTTEN = "reply_forgotten"
"""The code of a refusal whose reason is no longer kept: its repeat came after a week."""

_MEMBERS = ("current_version", "updated_in_db_at")
"""What a conflict says of the current state."""
_NOT_FOUND = "_not_found"
_HINT = ": "
"""Stands in what a service says of a field that there is not, before what there is."""
_FIELDS_OF = {
    # Where the field that names the resource is not called like it.
    ProblemCode.REFERRAL_SOURCE_COST_NOT_FOUND: "cost_uuid",
    ProblemCode.REFERRAL_ATTRIBUTION_NOT_FOUND: "attribution_uuid",
    ProblemCode.PRACTICE_NOT_FOUND: ORG_FIELD,
}
_ALSO_NAMED_BY = {ProblemCode.CONTACT_NOT_FOUND: ("referred_to_uuid", "referred_by_uuid")}
"""Fields that name a resource and do not end like it."""
_ABOUT_A_FIELD = {
    ProblemCode.ALREADY_EXISTS: "id",
    ProblemCode.PRIMARY_ATTRIBUTION_EXISTS: "attribution_role",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered. `body` None: there is none."""

    status: int
    body: bytes | None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = Shown.JSON


def answer(call: Call, replied: Replied, headers: h.Headers) -> Answer:
    """The answer to a call that was replied to. Raises HttpProblem where it was refused."""
    if replied.status >= 400:
        raise refused(call, replied)
    if replied.status == 204:
        return Answer(204, None)
    if call.route.shown is Shown.PDF:
        return _pdf(replied)
    etag = etag_of(call.route, replied.data)
    if etag is None:
        return Answer(replied.status, replied.data)
    if not call.route.writes and h.if_none_match(headers, etag):
        return Answer(304, None, {"ETag": etag})
    return Answer(replied.status, replied.data, {"ETag": etag})


def _pdf(replied: Replied) -> Answer:
    """A letter as a browser shows it, called by its reference."""
    letter = orjson.loads(replied.data)
    named = {"Content-Disposition": f'inline; filename="{letter["reference"]}.pdf"'}
    return Answer(replied.status, b64decode(letter["pdf"]), named, Shown.PDF)


def etag_of(route: Route, body: bytes) -> str | None:
    """`"<version>.<12 hex of the body's SHA-256>"`, of a resource alone."""
    if not shows_a_resource(route):
        return None
    shown = orjson.loads(body)
    version = shown.get("version") if isinstance(shown, dict) else None
    if version is None:
        return None  # Null, or what is left of a reply that is no longer kept.
    return f'"{version}.{hashlib.sha256(body).hexdigest()[:12]}"'


def shows_a_resource(route: Route) -> bool:
    """Whether what is answered is a resource with its version."""
    shapes = [shape for shapes in route.operation.replies.values() for shape in shapes]
    return any(shape is not None and issubclass(shape, Resource) for shape in shapes)


def nothing_taken() -> HttpProblem:
    """The broker did not take the message."""
    return refusal(
        EdgeCode.BROKER_UNAVAILABLE,
        ("path",),
        "Nothing was taken, and nothing will happen: ask again.",
        headers={"Retry-After": str(BROKER_RETRY_AFTER_SECONDS)},
    )


def overloaded() -> HttpProblem:
    """Too many requests await their reply already."""
    return refusal(
        EdgeCode.OVERLOADED,
        ("path",),
        "Nothing was taken: too many requests are under way. Ask again.",
        headers={"Retry-After": str(OVERLOAD_RETRY_AFTER_SECONDS)},
    )


def no_reply(call: Call) -> HttpProblem:
    """The message may have been taken."""
    if call.key is None:
        return refusal(EdgeCode.REPLY_TIMEOUT, ("path",), "No reply came in time: ask again.")
    return refusal(
        EdgeCode.REPLY_TIMEOUT,
        ("path",),
        "No reply came in time, and it may have been done, or still be. Ask again with this "
        "idempotency_key: it is then done once.",
        members={"idempotency_key": call.key, "message_id": str(call.message_id)},
    )


def call_headers(call: Call) -> dict[str, str]:
    """What the answer to every write carries."""
    if call.key is None:
        return {}
    return {h.IDEMPOTENCY_KEY: h.quoted_key(call.key), h.MESSAGE_ID: str(call.message_id)}


def refused(call: Call, replied: Replied) -> HttpProblem:
    """The refusal that a service replied."""
    problem = replied.problem
    if problem is None:
        msg = "It was refused when it first came; the reason is no longer kept."
        return HttpProblem(
            replied.status, REPLY_FORGOTTEN, [Detail(_last_of_path(call), REPLY_FORGOTTEN, msg)]
        )
    code = problem["code"]
    members = {name: problem[name] for name in _MEMBERS if name in problem}
    if code == ProblemCode.VERSION_CONFLICT and call.by_if_match:
        return stale(problem["detail"], members)
    status = replied.status
    if code == ProblemCode.MESSAGE_ID_REUSED:
        status = 422
        detail = [
            Detail(("header", h.IDEMPOTENCY_KEY), code, "It was used for another request already.")
        ]
    elif problem["errors"]:
        detail = [_field_detail(call, error) for error in problem["errors"]]
    else:
        detail = [Detail(_place(call, code, problem["detail"]), code, problem["detail"])]
    return HttpProblem(status, code, detail, members)


def _field_detail(call: Call, error: Mapping[str, Any]) -> Detail:
    if not error["loc"]:
        at: Loc = ("query" if call.route.in_query else "body",)
        return Detail(at, error["type"], error["msg"])
    field, *deeper = error["loc"]
    at = (*place_of(call.route, str(field), call.fields), *deeper)
    msg = error["msg"]
    if error["type"] == "extra_forbidden" and not deeper and str(field) not in call.route.in_query:
        # The service names the message's fields; a body has not all of them.
        msg = about_field(str(field), list(call.route.in_body)) if _HINT in msg else msg
    return Detail(at, error["type"], msg)


def _place(call: Call, code: str, detail: str) -> Loc:
    """Which part of the request a refusal without fields is about."""
    route = call.route
    if code == ProblemCode.VERSION_CONFLICT:
        return place_of(route, VERSION_FIELD, call.fields)
    if code.endswith(_NOT_FOUND):
        return _named(call, code, detail)
    about = next((name for known, name in _ABOUT_A_FIELD.items() if known == code), None)
    return _last_of_path(call) if about is None else place_of(route, about, call.fields)


def _named(call: Call, code: str, detail: str) -> Loc:
    """The field that names what does not exist.

    Where two could be meant (a patient, and the one who referred them), the service's words say
    which field it is.
    """
    wanted = next(
        (name for known, name in _FIELDS_OF.items() if known == code),
        f"{code.removesuffix(_NOT_FOUND)}_uuid",
    )
    also = next((names for known, names in _ALSO_NAMED_BY.items() if known == code), ())
    there = [
        name
        for name in (*call.route.in_path, *call.route.in_query, *call.route.in_body)
        if (name.endswith(wanted) or name in also) and call.fields.get(name) is not None
    ]
    if not there:
        return _last_of_path(call)
    meant = next((name for name in there if re.search(rf"\b{name}\b", detail)), there[0])
    return place_of(call.route, meant, call.fields)


def _last_of_path(call: Call) -> Loc:
    return ("path", *call.route.in_path[-1:])
