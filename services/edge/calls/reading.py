"""From an HTTP request to the message that it stands for.

What the services decide is not decided here: whether a field is known, typed and filled right is
their contract's, and their refusal is passed on. The edge looks at what only it can see: the form
of the body, the query, the headers, and fields that are said in two places.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid5

import orjson

from contracts.problems import Refusal
from messaging.wire.envelope import MAX_BODY_BYTES, read_body
from services.edge.calls import headers as h
from services.edge.calls.canonical import canonical_json
from services.edge.calls.external_referrals import Submission
from services.edge.calls.json_api_requests import read_document
from services.edge.calls.places import PER_PAGE
from services.edge.calls.query import Parameter, read_query
from services.edge.problems import Detail, EdgeCode, HttpProblem, invalid, refusal
from services.edge.routes import ORG_FIELD, VERSION_FIELD, Form, Route

BODY_LIMIT_BYTES = MAX_BODY_BYTES - 4 * 1024
"""A request's body; the path's fields join it in the message, which may have 1 MiB."""

DEFAULT_PER_PAGE = 25
"""How many contact referrals a page of a JSON:API list has."""

CURRENT = "contact_referral.get"
_NO_OBJECT = "The body must be one JSON object, not a list or a value."
_FINGERPRINT_IN_KEY = 16
_NAMESPACE = UUID("74f2dc85-14be-4a48-bb9b-d93a5700c188")
"""Made once for `message_id_of`; another one would make new messages of all repeats."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request as the message that it becomes.

    `fields` is what the message says. `key` and `message_id` are None for a read. `by_if_match`:
    the version came from `If-Match` and not from `base_version` alone.
    """

    route: Route
    fields: Mapping[str, Any]
    body: bytes
    actor: str
    traceparent: str | None
    key: str | None
    message_id: UUID | None
    by_if_match: bool

    @property
    def message_headers(self) -> dict[str, str]:
        """The AMQP headers."""
        found = {"actor": self.actor, "traceparent": self.traceparent}
        return {name: value for name, value in found.items() if value is not None}


def message_id_of(client: str, org_id: str, key: str) -> UUID:
    """One client, org and key are one message, whichever token the client holds."""
    return uuid5(_NAMESPACE, orjson.dumps([client, org_id, key]).decode())


def read_call(
    route: Route,
    parameters: Mapping[str, Parameter],
    path: Mapping[str, str],
    query: bytes,
    headers: h.Headers,
    body: bytes,
    *,
    client: str,
    person: str | None,
) -> Call:
    """The message that a request stands for. Raises HttpProblem.

    `path` are the values of the path's parameters, `client` the token's, `person` whom it is of.
    """
    asked = read_query(query, parameters)
    if route.form is Form.JSON_API:
        said = read_document(route, headers, body, path)
        asked = _paged(route, asked)
    else:
        said = _body_fields(route, headers, body)
    fields = {**said, **asked, **path}
    by_if_match = _take_version(route, headers, fields)
    key = h.idempotency_key(headers) if route.writes else None
    return _call(route, fields, headers, key, client, person, by_if_match=by_if_match)


def read_submission(
    route: Route,
    path: Mapping[str, str],
    query: bytes,
    headers: h.Headers,
    body: bytes,
    submission: Submission,
    *,
    client: str,
    person: str | None,
) -> Call:
    """The message that a submission of external referrals stands for. Raises HttpProblem.

    Where the sender gave no key, the service knows the same bytes again by their fingerprint. The
    key that is made then says so itself, by its end: whoever asks again with it asks the same.
    """
    fields: dict[str, Any] = {"rows": submission.rows, **read_query(query, {}), **path}
    if submission.suspected_spam:
        fields["suspected_spam"] = True
    _take_version(route, headers, fields)
    fingerprint = hashlib.sha256(client.encode() + b"\0" + body).hexdigest()
    made_end = f".{fingerprint[:_FINGERPRINT_IN_KEY]}"
    key = h.idempotency_key(headers)
    if h.IDEMPOTENCY_KEY.lower() not in headers:
        key += made_end
    if key.endswith(made_end):
        fields["fingerprint"] = fingerprint
    return _call(route, fields, headers, key, client, person, by_if_match=False)


def call_of_page(
    route: Route,
    fields: Mapping[str, Any],
    key: str | None,
    headers: h.Headers,
    *,
    client: str,
    person: str | None,
) -> Call:
    """The message that a page of ours sends for a person. Raises HttpProblem.

    `key` of a write: the one that its form carries, so that a double click is one message.
    `headers`: the request's, of which the message carries on the trace context alone.
    """
    traced = h.traceparent(headers)
    said = {} if traced is None else {h.TRACEPARENT: traced}
    if key is not None:
        said[h.IDEMPOTENCY_KEY.lower()] = key
    read_key = h.idempotency_key(said) if route.writes else None
    return _call(route, fields, said, read_key, client, person, by_if_match=False)


def current_of(call: Call) -> Call:
    """The query for the contact referral that a change was about."""
    route = replace(call.route, method="GET", name=CURRENT)
    named = {name: call.fields[name] for name in (ORG_FIELD, *route.in_path)}
    body = canonical_json(named)
    return replace(
        call, route=route, fields=named, body=body, key=None, message_id=None, by_if_match=False
    )


def too_large(limit_bytes: int = BODY_LIMIT_BYTES) -> HttpProblem:
    """The refusal of a body that is too long."""
    return refusal(EdgeCode.CONTENT_TOO_LARGE, ("body",), f"The body may have {limit_bytes} bytes.")


def _call(
    route: Route,
    fields: Mapping[str, Any],
    headers: h.Headers,
    key: str | None,
    client: str,
    person: str | None,
    *,
    by_if_match: bool,
) -> Call:
    message = canonical_json(fields)
    if len(message) > MAX_BODY_BYTES:
        raise too_large()
    return Call(
        route=route,
        fields=fields,
        body=message,
        actor=h.actor(headers, client, person),
        traceparent=h.traceparent(headers),
        key=key,
        message_id=None if key is None else message_id_of(client, fields[ORG_FIELD], key),
        by_if_match=by_if_match,
    )


def _paged(route: Route, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The query of a JSON:API list by the operation's names."""
    if not route.in_query:
        return {}
    rest = {name: value for name, value in asked.items() if name != PER_PAGE}
    return {"page_size": asked.get(PER_PAGE, DEFAULT_PER_PAGE), **rest}


def _body_fields(route: Route, headers: h.Headers, body: bytes) -> dict[str, Any]:
    if not route.in_body:
        if body.strip() not in (b"", b"{}"):
            raise refusal(
                EdgeCode.VALIDATION_ERROR, ("body",), "This route takes its fields in the query."
            )
        return {}
    h.check_is_json(headers)
    try:
        said = read_body(body)
    except Refusal as malformed:
        # A message's body says its org; here the path does.
        said_of_messages = ORG_FIELD in malformed.problem.detail
        msg = _NO_OBJECT if said_of_messages else malformed.problem.detail
        raise refusal(EdgeCode.MALFORMED_REQUEST, ("body",), msg) from None
    if twice := [name for name in route.in_path if name in said]:
        raise invalid(
            [Detail(("body", name), "extra_forbidden", "The path says it") for name in twice]
        )
    return said


def _take_version(route: Route, headers: h.Headers, fields: dict[str, Any]) -> bool:
    """Let `If-Match` stand for `base_version`; whether it does."""
    if not route.versioned:
        if route.writes and (unheard := {"if-match", "if-none-match"} & headers.keys()):
            name = "If-Match" if "if-match" in unheard else "If-None-Match"
            raise refusal(
                EdgeCode.MALFORMED_REQUEST,
                ("header", name),
                "Nothing here is done under that condition.",
            )
        return False
    try:
        version = h.if_match(headers)
    except h.NeverMatches:
        raise stale(
            "It was changed since it was read, or this ETag never was one of its."
        ) from None
    if version is None:
        return False
    if VERSION_FIELD in fields and fields[VERSION_FIELD] != version:
        raise refusal(
            EdgeCode.MALFORMED_REQUEST,
            ("header", "If-Match"),
            "It names another version than base_version.",
        )
    fields[VERSION_FIELD] = version
    return True


def stale(msg: str, members: Mapping[str, Any] | None = None) -> HttpProblem:
    """The refusal of an `If-Match` that is not of the current version."""
    detail = [Detail(("header", "If-Match"), "version_conflict", msg)]
    return HttpProblem(412, "version_conflict", detail, members or {})
