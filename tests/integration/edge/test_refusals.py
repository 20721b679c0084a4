"""Refusals by their status and code, and by the part of the request that they are about."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest
from yarl import URL

from tests.support.services.edge import Answered, Caller, RunningEdge

VALUE = "Zebulon-Quackenbush"
"""Whatever a client sends: no refusal quotes it."""
UNKNOWN = str(uuid4())


async def test_a_third_decimal_is_refused(caller: Caller) -> None:
    """Nothing is rounded: 422 about `body.amount`, however the number is written."""
    source = await caller.source()
    days = {"period_start": "2025-01-01", "period_end": "2025-01-31"}
    for amount in (b"1.005", b"1.500", b'"1.005"'):
        body = json.dumps(days).encode()[:-1] + b', "amount": ' + amount + b"}"
        answered = await caller.ask("POST", f"/referral-sources/{source['id']}/costs", data=body)
        assert answered.refusal == (422, "validation_error", [["body", "amount"]])


async def test_what_the_path_says_is_not_said_in_the_body(caller: Caller) -> None:
    """422 for the org and for every other field of the path, even where they are equal."""
    partner = await caller.partner()
    names = {"org_id": caller.org_id, "referral_partner_uuid": partner["id"]}
    answered = await caller.ask(
        "PATCH", f"/referral-partners/{partner['id']}", {"base_version": 1, **names}
    )
    assert answered.refusal == (
        422,
        "validation_error",
        [["body", "org_id"], ["body", "referral_partner_uuid"]],
    )


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("serach=x", ["serach"]),
        ("page=1&page=2", ["page"]),
        ("page=-1", ["page"]),
        ("page=1.0", ["page"]),
        ("page=", ["page"]),
        ("page=1234567890", ["page"]),
        ("is_active=True", ["is_active"]),
        ("is_active=1&page=x", ["is_active", "page"]),
        ("page=0", ["page"]),
        ("page_size=201", ["page_size"]),
        ("contact_type=string", ["contact_type"]),
        ("search=", ["search"]),
        ("org_id=org_1", ["org_id"]),
    ],
)
async def test_a_query_that_is_not_understood_lists_nothing(
    caller: Caller, query: str, named: list[str]
) -> None:
    """422 about each parameter, by whomever it is refused."""
    answered = await caller.ask("GET", f"/referral-partners?{query}")
    assert answered.refusal == (422, "validation_error", [["query", name] for name in named])


async def test_a_query_is_what_it_says(caller: Caller) -> None:
    """Escapes, a plus sign and booleans are read as forms write them."""
    await caller.partner(first_name="Änne", last_name="O'Hara Smith", is_active=False)
    await caller.partner()
    for query in ("search=%C3%84nne", "search=O%27Hara+Smith", "is_active=false&page=1"):
        answered = await caller.ask("GET", f"/referral-partners?{query}")
        assert answered.data["total"] == 1, query


REFUSED: dict[str, tuple[str, str, Any, tuple[int, str, list[list[Any]]]]] = {
    "no JSON": ("POST", "/referral-partners", b"{", (400, "malformed_request", [["body"]])),
    "no object": ("POST", "/referral-partners", b"[]", (400, "malformed_request", [["body"]])),
    "nothing": ("POST", "/referral-partners", b"", (400, "malformed_request", [["body"]])),
    "no UTF-8": ("POST", "/referral-partners", b'"\xff"', (400, "malformed_request", [["body"]])),
    "NaN": ("POST", "/referral-partners", b'{"a":NaN}', (400, "malformed_request", [["body"]])),
    "too deep": (
        "POST",
        "/referral-partners",
        b'{"a":' * 33 + b"1" + b"}" * 33,
        (400, "malformed_request", [["body"]]),
    ),
    "no such field": (
        "POST",
        "/referral-partners",
        {"first_name": VALUE, "last_name": VALUE, "shoe_size": VALUE},
        (422, "validation_error", [["body", "shoe_size"]]),
    ),
    "wrong values": (
        "POST",
        "/referral-partners",
        {"first_name": 7, "last_name": VALUE, "npi": VALUE, "email": VALUE},
        (422, "validation_error", [["body", "first_name"], ["body", "npi"], ["body", "email"]]),
    ),
    "a lone surrogate": (
        "POST",
        "/referral-partners",
        b'{"first_name":"\\ud800","last_name":"x"}',
        (422, "validation_error", [["body", "first_name"]]),
    ),
    "no name": (
        "POST",
        "/referral-partners",
        {"contact_type": "lab"},
        (422, "validation_error", [["body", "practice_name"]]),
    ),
    "an id that is none": (
        "GET",
        f"/referral-partners/{VALUE}",
        None,
        (422, "validation_error", [["path", "referral_partner_uuid"]]),
    ),
    "no such partner": (
        "GET",
        f"/referral-partners/{UNKNOWN}",
        None,
        (404, "referral_partner_not_found", [["path", "referral_partner_uuid"]]),
    ),
    "no such source of a cost": (
        "GET",
        f"/referral-sources/{UNKNOWN}/costs",
        None,
        (404, "referral_source_not_found", [["path", "referral_source_uuid"]]),
    ),
    "no such patient": (
        "GET",
        f"/patients/{UNKNOWN}/referral-attributions",
        None,
        (404, "patient_not_found", [["path", "patient_uuid"]]),
    ),
    "no such linked patient": (
        "POST",
        "/referral-sources",
        {"name": VALUE, "category": "walk_in", "linked_patient_uuid": UNKNOWN},
        (404, "patient_not_found", [["body", "linked_patient_uuid"]]),
    ),
    "no practice": ("GET", "/practice", None, (404, "practice_not_found", [["path", "org_id"]])),
    "a body where none is read": (
        "POST",
        f"/referral-partners/{UNKNOWN}/archive?base_version=1",
        {"base_version": 1},
        (422, "validation_error", [["body"]]),
    ),
    "no such route": ("GET", "/partners", None, (404, "no_such_route", [["path"]])),
    "a slash too many": ("GET", "/practice/", None, (404, "no_such_route", [["path"]])),
    "no such method": (
        "DELETE",
        f"/referral-partners/{UNKNOWN}",
        None,
        (405, "method_not_allowed", [["path"]]),
    ),
    "a query that is no UTF-8": (
        "GET",
        "/referral-partners?search=%FF",
        None,
        (400, "malformed_request", [["query"]]),
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
async def test_every_refusal_has_one_shape_and_quotes_no_value(
    caller: Caller, case: tuple[str, str, Any, tuple[int, str, list[list[Any]]]]
) -> None:
    """problem+json with a `detail` that is not empty and says where; nothing that was sent."""
    method, path, body, expected = case
    sent = {"data": body} if isinstance(body, bytes) else {"body": body}
    answered = await caller.ask(method, path, **sent)
    assert answered.refusal == expected
    assert VALUE.lower() not in answered.body.decode().lower()
    assert UNKNOWN not in answered.body.decode()


async def test_the_patient_who_is_not_there_is_named_by_the_right_field(caller: Caller) -> None:
    """A patient's path, and in the body the one who referred them: each is told from the other."""
    patient, seen = str(uuid4()), {"observed_at": "2026-01-05T08:00:00Z"}
    await caller.ask("PUT", f"/patients/{patient}", {"name": "Paul Pace", **seen})
    body = {"referring_patient_uuid": UNKNOWN}
    answered = await caller.ask("POST", f"/patients/{patient}/referral-attributions", body)
    assert answered.refusal == (404, "patient_not_found", [["body", "referring_patient_uuid"]])
    body = {"referring_patient_uuid": patient}
    answered = await caller.ask("POST", f"/patients/{UNKNOWN}/referral-attributions", body)
    assert answered.refusal == (404, "patient_not_found", [["path", "patient_uuid"]])


async def test_a_second_primary_and_a_known_id_are_conflicts(caller: Caller) -> None:
    """409, about the field that collides."""
    patient, seen = str(uuid4()), {"observed_at": "2026-01-05T08:00:00Z"}
    await caller.ask("PUT", f"/patients/{patient}", {"name": "Paul Pace", **seen})
    source = await caller.source()
    path, body = (
        f"/patients/{patient}/referral-attributions",
        {"referral_source_uuid": source["id"]},
    )
    await caller.made(path, body)
    answered = await caller.ask("POST", path, body)
    assert answered.refusal == (409, "primary_attribution_exists", [["body", "attribution_role"]])
    again = {"id": source["id"], "name": "Sign", "category": "signage"}
    answered = await caller.ask("POST", "/referral-sources", again)
    assert answered.refusal == (409, "already_exists", [["body", "id"]])


async def test_405_names_what_the_path_takes(caller: Caller) -> None:
    """All the methods of its rows, not only of the first; of `report`, which a source's id could
    be taken for, its own alone."""
    partners = await caller.ask("DELETE", "/referral-partners")
    assert (partners.status, partners.headers["allow"]) == (405, "GET, HEAD, POST")
    report = await caller.ask("DELETE", "/referral-sources/report")
    assert (report.status, report.headers["allow"]) == (405, "GET, HEAD")
    patched = await caller.ask("PATCH", "/referral-sources/report", {"base_version": 1})
    assert patched.refusal[0] == 405
    archive = await caller.ask("GET", f"/patients/{UNKNOWN}/archive")
    assert archive.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json; charset=latin-1"},
    ],
)
async def test_a_body_that_is_not_json_is_415(caller: Caller, headers: dict[str, str]) -> None:
    """Its content type says so."""
    answered = await caller.ask("POST", "/referral-partners", {}, headers=headers)
    assert answered.refusal == (415, "unsupported_media_type", [["header", "Content-Type"]])


async def test_a_body_that_is_packed_is_415(caller: Caller) -> None:
    """The header that says so is meant, and the answer says what is taken (RFC 9110, 15.5.16)."""
    packed = {"Content-Encoding": "gzip"}
    answered = await caller.ask("POST", "/referral-partners", {}, headers=packed)
    assert answered.refusal == (415, "unsupported_media_type", [["header", "Content-Encoding"]])
    assert answered.headers["accept-encoding"] == "identity"


async def test_head_is_get_without_the_body(caller: Caller) -> None:
    """Of what is there and of what is not; of a stream, which has no end, it is refused."""
    path = f"/referral-partners/{(await caller.partner())['id']}"
    got, head = [await caller.ask(method, path) for method in ("GET", "HEAD")]
    assert (head.status, head.body) == (200, b"")
    for name in ("etag", "content-type", "content-length"):
        assert head.headers[name] == got.headers[name]
    assert (await caller.ask("HEAD", f"/referral-partners/{UNKNOWN}")).status == 404
    known = await caller.ask("HEAD", path, headers={"If-None-Match": got.headers["etag"]})
    assert known.status == 304
    refused = await caller.ask("HEAD", "/events")
    assert (refused.status, refused.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize("slash", ["%2F", "%2f"])
async def test_a_slash_that_is_escaped_is_part_of_no_path(caller: Caller, slash: str) -> None:
    """Whoever lets some paths through to the edge, and no others, reads what the edge reads."""
    url = f"{caller.url}/api/v1/{caller.org_id}{slash}referral-partners"
    said = {"Authorization": f"Bearer {caller.token}"}
    async with caller.session.get(URL(url, encoded=True), headers=said) as answer:
        assert answer.status == 404
        assert (await answer.json(content_type=None))["code"] == "no_such_route"


async def test_what_a_body_may_hold_is_told_without_what_the_path_says(caller: Caller) -> None:
    """Of a field that there is not, and of a body that is no object."""
    unknown = await caller.ask("POST", "/referral-sources", {"zzzz": 1})
    told = [one["msg"] for one in unknown.data["detail"] if one["loc"] == ["body", "zzzz"]]
    assert told == [
        "There is no such field: the fields are category, description, id, is_active, "
        "linked_patient_uuid, linked_referral_partner_uuid, name"
    ]
    listed = await caller.ask("POST", "/referral-sources", [])
    assert listed.data["detail"][0]["msg"] == (
        "The body must be one JSON object, not a list or a value."
    )


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("*/*", 200),
        ("text/html, application/*;q=0.1", 200),
        ("text/html", 406),
        ("application/json;q=0, */*", 406),
        ("application/xml", 406),
    ],
)
async def test_json_has_to_be_accepted(caller: Caller, accept: str, status: int) -> None:
    """406 where it is refused (RFC 9110, section 12.5.1: the most specific range counts)."""
    answered = await caller.ask("GET", "/referral-partners", headers={"Accept": accept})
    assert answered.status == status
    if status == 406:
        assert answered.refusal == (406, "not_acceptable", [["header", "Accept"]])


async def test_a_url_of_more_than_8_kib_is_414(caller: Caller) -> None:
    """Before anything else is looked at."""
    answered = await caller.ask("GET", f"/referral-partners?search={'x' * 8192}")
    assert answered.refusal == (414, "uri_too_long", [["path"]])


async def test_what_is_no_http_is_refused_in_the_same_shape(edge: RunningEdge) -> None:
    """400, and the connection ends."""
    answered = await raw(edge.edge.port, b"GIBBERISH\r\n\r\n")
    assert answered.refusal == (400, "malformed_request", [["header"]])


@pytest.mark.parametrize("hosts", ["", "Host: a\r\nHost: b\r\n"])
async def test_a_request_names_its_host_once(edge: RunningEdge, hosts: str) -> None:
    """400, and the connection ends (RFC 9112, section 3.2)."""
    answered = await raw(edge.edge.port, f"GET /docs HTTP/1.1\r\n{hosts}\r\n".encode())
    assert answered.refusal == (400, "malformed_request", [["header"]])
    assert answered.headers["connection"] == "close"


async def test_a_second_token_is_no_token(caller: Caller) -> None:
    """Two headers of which each is right are 401: who looks before the edge may read the other."""
    port = int(caller.url.rpartition(":")[2])
    said = f"Authorization: Bearer {caller.token}\r\n"
    path = f"/api/v1/{caller.org_id}/referral-partners"
    end = "Connection: close\r\n\r\n"
    once, twice = [
        await raw(port, f"GET {path} HTTP/1.1\r\nHost: x\r\n{tokens}{end}".encode())
        for tokens in (said, said * 2)
    ]
    assert once.status == 200
    assert twice.refusal == (401, "unauthenticated", [["header", "Authorization"]])


async def test_the_actor_has_to_be_a_name_that_can_be_kept(caller: Caller) -> None:
    """400 about the header."""
    answered = await caller.ask("GET", "/referral-partners", headers={"Handoff-Actor": "x" * 65})
    assert answered.refusal == (400, "malformed_request", [["header", "Handoff-Actor"]])


async def raw(port: int, request: bytes) -> Answered:
    """What is answered to these bytes, and then the end of the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    said = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    head, _, body = said.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Answered(int(status.split()[1]), headers, body)
