"""Contact referrals as JSON:API documents: what a client says, and what is answered."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from messaging.replies.standing_client import Replied
from services.edge.calls.headers import Headers, check_accepts_json_api, check_is_json_api
from services.edge.calls.json_api_answers import answer, errors
from services.edge.calls.json_api_requests import read_document
from services.edge.calls.query import parameters_of
from services.edge.calls.reading import Call, current_of, read_call
from services.edge.problems import Detail, HttpProblem
from services.edge.routes import JSON_API_ROUTES, Route

BY, TO, ID = "0193a000-0000-7000-8000-00000000000b", "to", "0193a000-0000-7000-8000-00000000000d"
HEADERS = {"content-type": "application/vnd.api+json"}
PATH = {"org_id": "org_1", "contact_uuid": BY}
LINKED = {"data": {"type": "contacts", "id": TO}}


def row(method: str, *, of_one: bool, root: str = "/api/v1") -> Route:
    """The row of a method."""
    (found,) = [
        route
        for route in JSON_API_ROUTES
        if (route.method, route.path.endswith("_uuid}")) == (method, of_one)
        and route.path.startswith(root)
    ]
    return found


def fields(method: str, resource: dict[str, Any]) -> dict[str, Any]:
    """What a document with this resource says."""
    creates = method == "POST"
    path = PATH if creates else {**PATH, "contact_referral_uuid": ID}
    said = {"data": {"type": "contact_referrals", **resource}}
    return read_document(row(method, of_one=not creates), HEADERS, json.dumps(said).encode(), path)


def call(method: str, *, of_one: bool, query: bytes = b"", root: str = "/api/v1") -> Call:
    """A call without a document."""
    route = row(method, of_one=of_one, root=root)
    path = {**PATH, "contact_referral_uuid": ID} if of_one else PATH
    return read_call(
        *(route, parameters_of(route), path, query, HEADERS, b""), client="desk", person=None
    )


def status_of(check: Callable[[Headers], None], headers: Headers) -> int | None:
    """The status that a check refuses these headers with; None where it does not."""
    try:
        check(headers)
    except HttpProblem as problem:
        return problem.status
    return None


def test_what_a_document_says_as_fields() -> None:
    """Of a new one both contacts and its id; of a change what it is based on."""
    related = {"relationships": {"referred_to": LINKED}}
    times = {"created_at": 5, "updated_at": None, "updated_in_db_at": "T"}
    assert fields("POST", {**related, "id": ID, "attributes": times, "lid": "x", "meta": {}}) == {
        "id": ID,
        "referred_to_uuid": TO,
    }
    by = {"data": {"type": "contacts", "id": BY.upper()}}
    by_the_path = {"relationships": {"referred_by": by, "referred_to": LINKED}}
    assert fields("POST", by_the_path) == {"referred_to_uuid": TO}
    for method in ("PUT", "PATCH"):
        moved = {"relationships": {"referred_by": LINKED}, "attributes": times, "id": ID}
        assert fields(method, moved) == {"updated_in_db_at": "T", "referred_by_uuid": TO}


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"overwrite": True}, {"overwrite": True}),
        ({"overwrite": False}, {}),
        ({"overwrite": None}, {}),
        ({"overwrite": 0}, {"overwrite": 0}),
        ({"overwrite": "true"}, {"overwrite": "true"}),
        ({"updated_in_db_at": None}, {"updated_in_db_at": None}),
    ],
)
def test_overwrite_of_null_or_false_is_as_absent(
    attributes: dict[str, Any], said: dict[str, Any]
) -> None:
    """Anything else goes on to the service, which takes true alone."""
    assert fields("PUT", {"attributes": attributes}) == said


def test_a_document_is_not_looked_at_where_none_is_meant() -> None:
    """Client libraries send one with a DELETE."""
    route = row("DELETE", of_one=True)
    assert read_document(route, {}, b"whatever", {**PATH, "contact_referral_uuid": ID}) == {}


def test_a_list_has_pages_of_25() -> None:
    """Unless `per_page` says otherwise."""
    assert call("GET", of_one=False).fields == {**PATH, "page_size": 25}
    asked = call("GET", of_one=False, query=b"page=3&per_page=7")
    assert asked.fields == {**PATH, "page": 3, "page_size": 7}


@pytest.mark.parametrize(
    ("header", "fine"),
    [
        ("application/vnd.api+json", True),
        ('Application/VND.api+json; profile="http://example.com/p"', True),
        ("application/vnd.api+json; charset=utf-8", False),
        ('application/vnd.api+json; ext="http://example.com/e"', False),
        ("application/json", False),
        ("", False),
    ],
)
def test_which_bodies_are_json_api(header: str, fine: bool) -> None:
    """Without a parameter but `profile`."""
    refused_with = None if fine else 415
    assert status_of(check_is_json_api, {"content-type": header}) == refused_with


@pytest.mark.parametrize(
    ("header", "fine"),
    [
        (None, True),
        ("*/*", True),
        ("text/html, application/vnd.api+json;q=0.1", True),
        ('application/vnd.api+json;ext="x", application/vnd.api+json', True),
        ('application/vnd.api+json;ext="x", */*', False),
        ("application/vnd.api+json;q=0", False),
        ("application/json", False),
    ],
)
def test_who_accepts_json_api(header: str | None, fine: bool) -> None:
    """Whoever names it with an extension alone does not, as JSON:API has it."""
    headers = {} if header is None else {"accept": header}
    assert status_of(check_accepts_json_api, headers) == (None if fine else 406)


def test_of_a_reply_that_is_no_longer_kept_the_id_is_shown() -> None:
    """After a week a repeat is answered with it alone, and its place."""
    made = call("GET", of_one=True, root="/api/v2")
    shown = answer(made, Replied(200, json.dumps({"id": ID}).encode()), {})
    assert shown.body is not None
    link = {"self": f"/api/v2/contacts/{BY}/referrals/{ID}"}
    data = {"type": "contact_referrals", "id": ID, "links": link}
    assert json.loads(shown.body) == {"jsonapi": {"version": "1.1"}, "data": data}
    assert "ETag" not in shown.headers


def test_what_is_current_is_asked_of_the_same_contact_referral() -> None:
    """A query, by nobody's key."""
    asked = current_of(call("DELETE", of_one=True))
    assert asked.route.name == "contact_referral.get"
    assert json.loads(asked.body) == {**PATH, "contact_referral_uuid": ID}
    assert (asked.key, asked.message_id) == (None, None)


def test_where_a_refusal_is() -> None:
    """A JSON Pointer, escaped (RFC 6901); a parameter; a header; nothing for the path. What else
    it tells is in `meta`, at each error too."""
    places: list[tuple[tuple[str | int, ...], Any]] = [
        (("body",), {"pointer": ""}),
        (("body", "data", "a/b~c", 0), {"pointer": "/data/a~1b~0c/0"}),
        (("query", "page"), {"parameter": "page"}),
        (("query",), None),
        (("header", "Accept"), {"header": "Accept"}),
        (("path", "contact_uuid"), None),
    ]
    problem = HttpProblem(
        409,
        "version_conflict",
        [Detail(loc, "version_conflict", "Stale") for loc, _ in places],
        {"updated_in_db_at": "T"},
    )
    said = json.loads(errors(problem))
    assert [one.get("source") for one in said["errors"]] == [source for _, source in places]
    first = said["errors"][0]
    assert first == {
        "status": "409",
        "code": "version_conflict",
        "title": "Version conflict",
        "detail": "Stale",
        "source": {"pointer": ""},
        "meta": {"updated_in_db_at": "T"},
    }
    assert said["meta"] == {"updated_in_db_at": "T"}
