"""A write that is asked again: by its key it is done once."""

from uuid import UUID, uuid4

import pytest

from tests.support.services.edge import Answered, Caller, RunningEdge

PARTNER = {"first_name": "Ann", "last_name": "Archer"}


async def total(caller: Caller, path: str = "/referral-partners") -> int:
    """How many of them there are."""
    return int((await caller.ask("GET", path)).data["total"])


async def test_each_write_asked_twice_with_one_key_is_done_once(caller: Caller) -> None:
    """One effect, an equal body: of a create, an update, a put, an archive."""
    seen = {"observed_at": "2026-01-05T08:00:00Z"}
    partner, source = await caller.partner(), await caller.source()
    writes = [
        ("POST", "/referral-partners", PARTNER),
        ("PATCH", f"/referral-partners/{partner['id']}", {"base_version": 1, "city": "Salem"}),
        ("PUT", f"/patients/{uuid4()}", {"name": "Paul Pace", **seen}),
        ("POST", f"/referral-sources/{source['id']}/archive?base_version=1", None),
    ]
    for place, (method, path, body) in enumerate(writes):
        key = {"Idempotency-Key": f'"key-{place}"'}
        first = await caller.ask(method, path, body, headers=key)
        second = await caller.ask(method, path, body, headers=key)
        assert first.status < 300
        assert (first.status, first.body) == (second.status, second.body)
        assert second.headers["idempotency-key"] == f'"key-{place}"'
        assert first.headers["handoff-message-id"] == second.headers["handoff-message-id"]
        assert UUID(first.headers["handoff-message-id"]).version == 5
    assert await total(caller) == 2
    shown = await caller.ask("GET", f"/referral-partners/{partner['id']}")
    assert shown.data["version"] == 2


async def test_the_same_members_in_another_order_are_the_same_request(caller: Caller) -> None:
    """How a client's library writes JSON makes no other message."""
    key = {"Idempotency-Key": "one-key"}
    texts = (
        b'{"first_name":"Ann","last_name":"Archer"}',
        b'{ "last_name": "\\u0041rcher",\n "first_name": "Ann" }',
    )
    first, second = [
        await caller.ask("POST", "/referral-partners", data=text, headers=key) for text in texts
    ]
    assert first.status == second.status == 201
    assert first.body == second.body


async def test_a_key_with_another_body_is_refused(caller: Caller) -> None:
    """422, about the header, and nothing is done."""
    key = {"Idempotency-Key": "a-key"}
    await caller.ask("POST", "/referral-partners", PARTNER, headers=key)
    answered = await caller.ask(
        "POST", "/referral-partners", {**PARTNER, "city": "Salem"}, headers=key
    )
    assert answered.refusal == (422, "message_id_reused", [["header", "Idempotency-Key"]])
    assert await total(caller) == 1


async def test_the_same_key_of_another_client_is_another_request(edge: RunningEdge) -> None:
    """Keys are each client's own."""
    one = edge.caller(client="desk")
    other = edge.caller(one.org_id, client="phone")
    key = {"Idempotency-Key": "shared"}
    for asking in (one, other):
        answered = await asking.ask("POST", "/referral-partners", PARTNER, headers=key)
        assert answered.status == 201
    assert await total(one) == 2


async def test_a_key_goes_on_over_a_tokens_rotation(edge: RunningEdge) -> None:
    """A new token of the same client gets the stored reply."""
    old = edge.caller(client="desk")
    new = edge.caller(old.org_id, client="desk")
    key = {"Idempotency-Key": "kept"}
    first = await old.ask("POST", "/referral-partners", PARTNER, headers=key)
    second = await new.ask("POST", "/referral-partners", PARTNER, headers=key)
    assert (first.status, first.body) == (second.status, second.body) == (201, first.body)
    assert await total(old) == 1


async def test_without_a_key_one_is_made_and_told(caller: Caller) -> None:
    """Asked again with it, the write is the same one."""
    first = await caller.ask("POST", "/referral-partners", PARTNER)
    key = first.headers["idempotency-key"]
    second = await caller.ask(
        "POST", "/referral-partners", PARTNER, headers={"Idempotency-Key": key}
    )
    assert first.body == second.body
    third = await caller.ask("POST", "/referral-partners", PARTNER)
    assert third.headers["idempotency-key"] != key
    assert await total(caller) == 2


async def test_a_read_has_no_key(caller: Caller) -> None:
    """Reading changes nothing: there is nothing to repeat."""
    answered = await caller.ask("GET", "/referral-partners", headers={"Idempotency-Key": "unheard"})
    assert answered.status == 200
    assert "idempotency-key" not in answered.headers
    assert "handoff-message-id" not in answered.headers


@pytest.mark.parametrize("key", ['"', '"open', "two words", '""', "x" * 256, "é"])
async def test_a_key_that_is_none_is_refused(caller: Caller, key: str) -> None:
    """400: it would not be known again."""
    answered: Answered = await caller.ask(
        "POST", "/referral-partners", PARTNER, headers={"Idempotency-Key": key}
    )
    assert answered.refusal == (400, "malformed_request", [["header", "Idempotency-Key"]])
    assert await total(caller) == 0
