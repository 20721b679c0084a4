"""The version that a change is about: `base_version`, `If-Match`, and what `ETag` says."""

import hashlib
from typing import Any

import pytest

from tests.support.services.edge import Caller


async def changed_meanwhile(caller: Caller) -> tuple[dict[str, Any], str]:
    """A partner at version 2, and the ETag of its version 1."""
    created = await caller.ask(
        "POST", "/referral-partners", {"first_name": "Ann", "last_name": "Archer"}
    )
    partner = created.data
    await caller.ask(
        "PATCH", f"/referral-partners/{partner['id']}", {"base_version": 1, "city": "Salem"}
    )
    return partner, created.headers["etag"]


async def test_an_etag_is_the_version_and_the_bodys_hash(caller: Caller) -> None:
    """Of what a read and a write of a resource answer; a list has none."""
    partner = await caller.partner()
    shown = await caller.ask("GET", f"/referral-partners/{partner['id']}")
    assert shown.headers["etag"] == f'"1.{hashlib.sha256(shown.body).hexdigest()[:12]}"'
    assert "etag" not in (await caller.ask("GET", "/referral-partners")).headers


async def test_a_stale_base_version_is_409_and_says_the_current_one(caller: Caller) -> None:
    """In the body and in the query alike; nothing is changed."""
    partner, _ = await changed_meanwhile(caller)
    path = f"/referral-partners/{partner['id']}"
    updated = await caller.ask("PATCH", path, {"base_version": 1, "city": "Boston"})
    assert updated.refusal == (409, "version_conflict", [["body", "base_version"]])
    assert updated.data["current_version"] == 2
    archived = await caller.ask("POST", f"{path}/archive?base_version=1")
    assert archived.refusal == (409, "version_conflict", [["query", "base_version"]])
    assert archived.data["current_version"] == 2
    assert (await caller.ask("GET", path)).data["city"] == "Salem"


async def test_a_stale_if_match_is_412(caller: Caller) -> None:
    """With the current version too; also where `base_version` says the same."""
    partner, stale = await changed_meanwhile(caller)
    path = f"/referral-partners/{partner['id']}"
    for body in ({"city": "Boston"}, {"city": "Boston", "base_version": 1}):
        answered = await caller.ask("PATCH", path, body, headers={"If-Match": stale})
        assert answered.refusal == (412, "version_conflict", [["header", "If-Match"]])
        assert answered.data["current_version"] == 2
    archived = await caller.ask("POST", f"{path}/archive", headers={"If-Match": stale})
    assert archived.refusal[0] == 412


async def test_if_match_stands_for_base_version(caller: Caller) -> None:
    """What was read is changed, and then archived."""
    partner = await caller.partner()
    path = f"/referral-partners/{partner['id']}"
    etag = (await caller.ask("GET", path)).headers["etag"]
    updated = await caller.ask("PATCH", path, {"city": "Salem"}, headers={"If-Match": etag})
    assert (updated.status, updated.data["version"]) == (200, 2)
    archived = await caller.ask(
        "POST", f"{path}/archive", headers={"If-Match": updated.headers["etag"]}
    )
    assert (archived.status, archived.body) == (204, b"")


async def test_neither_is_422(caller: Caller) -> None:
    """About the place where `base_version` belongs."""
    partner = await caller.partner()
    path = f"/referral-partners/{partner['id']}"
    updated = await caller.ask("PATCH", path, {"city": "Salem"})
    assert updated.refusal == (422, "validation_error", [["body", "base_version"]])
    archived = await caller.ask("POST", f"{path}/archive", headers={"If-Match": "*"})
    assert archived.refusal == (422, "validation_error", [["query", "base_version"]])


async def test_both_and_unequal_is_400(caller: Caller) -> None:
    """Nobody knows which was meant."""
    partner = await caller.partner()
    answered = await caller.ask(
        "PATCH",
        f"/referral-partners/{partner['id']}",
        {"city": "Salem", "base_version": 2},
        headers={"If-Match": '"1.0123456789ab"'},
    )
    assert answered.refusal == (400, "malformed_request", [["header", "If-Match"]])


@pytest.mark.parametrize("tag", ['"abc"', 'W/"1.0123456789ab"', '"1.0123456789ab-gzip"'])
async def test_an_etag_that_never_was_ours_never_matches(caller: Caller, tag: str) -> None:
    """412 (RFC 9110, section 13.1.1: compared strongly)."""
    partner = await caller.partner()
    answered = await caller.ask(
        "PATCH", f"/referral-partners/{partner['id']}", {"city": "S"}, headers={"If-Match": tag}
    )
    assert answered.refusal == (412, "version_conflict", [["header", "If-Match"]])


async def test_a_condition_that_nothing_looks_at_is_refused(caller: Caller) -> None:
    """A create under a condition would be done without it."""
    for name, value in (("If-Match", '"1.0123456789ab"'), ("If-None-Match", "*")):
        answered = await caller.ask(
            "POST", "/referral-partners", {"first_name": "A"}, headers={name: value}
        )
        assert answered.refusal == (400, "malformed_request", [["header", name]])


async def test_what_is_known_already_is_304(caller: Caller) -> None:
    """By its ETag among others, weakly compared; without a body. Another one: the whole."""
    partner = await caller.partner()
    path = f"/referral-partners/{partner['id']}"
    etag = (await caller.ask("GET", path)).headers["etag"]
    for known in (etag, f'"1.aaaaaaaaaaaa", W/{etag}', "*"):
        answered = await caller.ask("GET", path, headers={"If-None-Match": known})
        assert (answered.status, answered.body) == (304, b"")
        assert answered.headers["etag"] == etag
    answered = await caller.ask("GET", path, headers={"If-None-Match": '"1.aaaaaaaaaaaa"'})
    assert answered.status == 200
