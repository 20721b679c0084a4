"""From a reply to an answer. What the real services say is looked at in tests/integration/edge."""

import hashlib
from dataclasses import replace
from typing import Any

import orjson
import pytest

from contracts.problems import ProblemCode
from messaging.replies.standing_client import Replied
from services.edge.calls.answering import Answer, answer, call_headers, no_reply
from services.edge.calls.reading import Call
from services.edge.problems import HttpProblem
from services.edge.routes import ROUTES, Shown
from tests.unit.services.edge.calls.test_reading import PARTNER, read

SHOWN = b'{"id":"x","version":3,"total_cost":12345678901234567.10}'


def update() -> Call:
    """A change of a partner, with a key."""
    return read(
        "referral_partner.update",
        b'{"base_version":1}',
        headers={"content-type": "application/json", "idempotency-key": 'a"b'},
    )


def refused(call: Call, status: int, **problem: Any) -> HttpProblem:
    """How a service's refusal is told."""
    said = {"title": "T", "detail": "D", "errors": [], **problem}
    with pytest.raises(HttpProblem) as raised:
        answer(call, Replied(status, b"null", said), {})
    return raised.value


def test_data_is_passed_on_to_the_byte() -> None:
    """Digits that no float has are not lost."""
    etag = f'"3.{hashlib.sha256(SHOWN).hexdigest()[:12]}"'
    assert answer(update(), Replied(200, SHOWN), {}) == Answer(200, SHOWN, {"ETag": etag})


def test_equal_replies_are_equal_answers() -> None:
    """A repeat cannot be told from the first time."""
    first, second = (answer(update(), Replied(201, SHOWN), {}) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("data", [b"null", b'{"id":"x"}'])
def test_without_a_version_there_is_no_etag(data: bytes) -> None:
    """A stale put, and what is left of a reply that is no longer kept."""
    assert answer(update(), Replied(200, data), {}) == Answer(200, data, {})


def test_an_archive_has_no_body() -> None:
    """204."""
    assert answer(update(), Replied(204, b"null"), {}) == Answer(204, None, {})


def test_a_letter_is_shown_as_what_it_is() -> None:
    """The document itself, called by its reference."""
    asked = read("referral_partner.list")
    call = replace(asked, route=replace(asked.route, shown=Shown.PDF))
    letter = b'{"reference":"0123-4567-89AB","pdf":"JVBERi0xLjc="}'
    assert answer(call, Replied(200, letter), {}) == Answer(
        200,
        b"%PDF-1.7",
        {"Content-Disposition": 'inline; filename="0123-4567-89AB.pdf"'},
        "application/pdf",
    )


def test_errors_are_placed_where_their_fields_were_said() -> None:
    """In path, query or body; one about the whole is about the body, of a read about the query."""
    call = update()
    errors = [
        {"loc": ["referral_partner_uuid"], "type": "t", "msg": "m"},
        {"loc": ["reason_codes", 0, "code"], "type": "t", "msg": "m"},
        {"loc": [], "type": "t", "msg": "m"},
    ]
    problem = refused(call, 422, code="validation_error", errors=errors)
    assert [one.loc for one in problem.detail] == [
        ("path", "referral_partner_uuid"),
        ("body", "reason_codes", 0, "code"),
        ("body",),
    ]
    listing = refused(
        read("referral_partner.list"), 422, code="validation_error", errors=errors[2:]
    )
    assert [one.loc for one in listing.detail] == [("query",)]


def test_what_has_no_fields_is_about_the_path() -> None:
    """A state that forbids it is the resource's own."""
    problem = refused(update(), 409, code="invalid_transition")
    assert [one.loc for one in problem.detail] == [("path", "referral_partner_uuid")]
    assert orjson.loads(problem.body()) == {
        "type": "urn:handoff:problem:invalid_transition",
        "title": "Invalid transition",
        "status": 409,
        "code": "invalid_transition",
        "detail": [
            {"loc": ["path", "referral_partner_uuid"], "type": "invalid_transition", "msg": "D"}
        ],
    }


def test_a_reused_key_is_422() -> None:
    """As draft-ietf-httpapi-idempotency-key-header-07 wants it."""
    problem = refused(update(), 409, code="message_id_reused")
    assert (problem.status, problem.detail[0].loc) == (422, ("header", "Idempotency-Key"))


def test_a_code_that_is_new_to_the_edge_is_passed_on() -> None:
    """A service may be newer."""
    problem = refused(update(), 404, code="moon_not_found", detail="No moon.")
    assert (problem.status, problem.detail[0].msg) == (404, "No moon.")


def test_a_refusal_whose_reason_is_no_longer_kept() -> None:
    """Its status is what is left of it."""
    with pytest.raises(HttpProblem) as raised:
        answer(update(), Replied(409, b"null"), {})
    assert (raised.value.status, raised.value.code) == (409, "reply_forgotten")


def test_how_to_ask_again_is_said_for_writes_alone() -> None:
    """By the key, as it is written in JSON and in a header."""
    call = update()
    assert no_reply(call).members == {
        "idempotency_key": 'a"b',
        "message_id": str(call.message_id),
    }
    assert call_headers(call) == {
        "Idempotency-Key": '"a\\"b"',
        "Handoff-Message-Id": str(call.message_id),
    }
    assert no_reply(read("referral_partner.list")).members == {}
    assert call_headers(read("referral_partner.list")) == {}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_code_has_a_place_on_every_route(route: Any) -> None:
    """`detail` is never empty, and its place is one of four."""
    ids = dict.fromkeys(route.in_path, PARTNER)
    call = Call(route, ids, b"", "desk", None, None, None, by_if_match=False)
    for code in ProblemCode:
        problem = refused(call, code.status, code=code.value)
        (detail,) = problem.detail
        assert detail.loc[0] in ("path", "query", "header", "body")
