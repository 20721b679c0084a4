"""From a request to its message."""

import json
from typing import Any
from uuid import UUID

import pytest

from services.edge.calls.query import parameters_of
from services.edge.calls.reading import BODY_LIMIT_BYTES, Call, message_id_of, read_call
from services.edge.problems import HttpProblem
from services.edge.routes import ROUTES, Route

JSON = {"content-type": "application/json"}
PARTNER = "0192f0c1-0000-7000-8000-000000000001"


def row(name: str) -> Route:
    """The one row of an operation."""
    (found,) = [route for route in ROUTES if route.name == name]
    return found


def read(name: str, body: bytes = b"", **changed: Any) -> Call:
    """The call of a request to an operation's route, by client `desk`."""
    route = row(name)
    said: dict[str, Any] = {
        "path": {"org_id": "org_1", "referral_partner_uuid": PARTNER},
        "query": b"",
        "headers": JSON,
        "client": "desk",
        "person": None,
        **changed,
    }
    said["path"] = {name: said["path"][name] for name in route.in_path}
    return read_call(route, parameters_of(route), body=body, **said)


def test_a_message_has_the_fields_of_path_query_and_body() -> None:
    """In one object, by name."""
    call = read("referral_partner.update", b'{"city": "Salem", "base_version": 3}')
    assert call.body == (
        b'{"base_version":3,"city":"Salem","org_id":"org_1",'
        b'"referral_partner_uuid":"' + PARTNER.encode() + b'"}'
    )
    listing = read("referral_partner.list", query=b"page=2&is_active=true")
    assert json.loads(listing.body) == {"org_id": "org_1", "page": 2, "is_active": True}
    assert listing.key is None
    assert listing.message_id is None


def test_a_message_id_is_of_client_org_and_key() -> None:
    """The same for ever: stored replies are found by it. Nothing runs into its neighbour."""
    assert message_id_of("desk", "org_1", "key") == UUID("cd2e63e1-ca3f-5a61-86e2-4ca8e5d977ce")
    others = [
        message_id_of(*parts)
        for parts in (
            ("desk", "org_1", "key"),
            ("desk", "org_1", "yek"),
            ("desk", "org_2", "key"),
            ("phone", "org_1", "key"),
            ("desk", "org_1k", "ey"),
            ("deskorg_1", "", "key"),
        )
    ]
    assert len(set(others)) == 6


def test_if_match_is_the_version_in_the_message() -> None:
    """As if the body had said it."""
    etag = {"if-match": '"3.0123456789ab"'}
    by_etag = read("referral_partner.update", b'{"city":"S"}', headers={**JSON, **etag})
    said = read("referral_partner.update", b'{"city":"S","base_version":3}')
    assert by_etag.body == said.body
    assert (by_etag.by_if_match, said.by_if_match) == (True, False)


def test_headers_go_with_the_message() -> None:
    """Who is behind it, and the trace."""
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    call = read("referral_partner.list", headers={"traceparent": trace, "handoff-actor": "kim"})
    assert call.message_headers == {"actor": "desk/kim", "traceparent": trace}
    assert read("referral_partner.list", person="u-17").message_headers == {"actor": "u-17"}


def test_a_body_that_grows_beyond_a_message_is_refused() -> None:
    """What is written anew may be longer than what came."""
    numbers = b",".join([b"1e5"] * (BODY_LIMIT_BYTES // 4 - 10))
    body = b'{"notes":[' + numbers + b"]}"
    assert len(body) < BODY_LIMIT_BYTES
    with pytest.raises(HttpProblem) as refused:
        read("referral_partner.create", body)
    assert refused.value.status == 413
