"""Contact referrals as JSON:API, after the API of contact-management systems."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from tests.support import node
from tests.support.services.both import Both
from tests.support.services.edge import Answered, Caller, RunningEdge

MEDIA_TYPE = "application/vnd.api+json"
SEEN = {"observed_at": "2026-01-05T08:00:00Z"}


@dataclass(frozen=True)
class Referring:
    """A caller, and the referrals by one contact of theirs."""

    caller: Caller
    by: str
    to: str

    @property
    def path(self) -> str:
        """Below the org's."""
        return f"/contacts/{self.by}/referrals"

    async def ask(self, method: str, path: str, document: Any = None, **headers: str) -> Answered:
        """A request in JSON:API below the org's path."""
        said = {"Accept": MEDIA_TYPE, "Content-Type": MEDIA_TYPE, **headers}
        data = None if document is None else json.dumps(document).encode()
        return await self.caller.ask(method, path, headers=said, data=data)

    async def made(self) -> dict[str, Any]:
        """A new contact referral's resource."""
        answered = await self.ask("POST", self.path, document(referred_to=self.to))
        assert answered.status == 201, answered
        made: dict[str, Any] = answered.data["data"]
        return made

    async def contact(self, name: str = "Carl") -> str:
        """A new contact's id."""
        uuid = str(uuid4())
        answered = await self.caller.ask("PUT", f"/contacts/{uuid}", {"name": name, **SEEN})
        assert answered.status == 200, answered
        return uuid


@pytest.fixture
async def referring(caller: Caller) -> Referring:
    """Two contacts, of whom the first refers."""
    contacts = Referring(caller, "", "")
    return Referring(caller, await contacts.contact("Ann"), await contacts.contact("Bob"))


def document(
    attributes: Mapping[str, Any] | None = None,
    *,
    type_: str = "contact_referrals",
    id_: str | None = None,
    **related: str,
) -> dict[str, Any]:
    """A document with a contact referral."""
    links = {name: {"data": {"type": "contacts", "id": one}} for name, one in related.items()}
    resource: dict[str, Any] = {"type": type_, "relationships": links}
    if attributes is not None:
        resource["attributes"] = attributes
    if id_ is not None:
        resource["id"] = id_
    return {"data": resource}


def errors_of(answered: Answered) -> tuple[int, list[tuple[str, Any]]]:
    """Status, and of each error its code and where it is."""
    assert answered.headers["content-type"] == MEDIA_TYPE, answered
    said = answered.data
    assert said["errors"] and "data" not in said
    for error in said["errors"]:
        assert error["status"] == str(answered.status)
        assert error["title"] and error["detail"]
    return answered.status, [(one["code"], one.get("source")) for one in said["errors"]]


def pointer(to: str) -> dict[str, str]:
    """A source in the document."""
    return {"pointer": to}


async def test_a_contact_referral_is_made_read_listed_and_deleted(referring: Referring) -> None:
    """201 with its place, then 200 with times and both contacts, in the list; 204, then 404."""
    ours = str(uuid4())
    made = await referring.ask("POST", referring.path, document(id_=ours, referred_to=referring.to))
    assert made.status == 201
    assert made.headers["content-type"] == MEDIA_TYPE
    place = f"/api/v1/{referring.caller.org_id}{referring.path}/{ours}"
    assert made.headers["location"] == place
    resource = made.data["data"]
    assert resource["type"] == "contact_referrals"
    assert (resource["id"], resource["links"]) == (ours, {"self": place})
    times = resource["attributes"]
    assert times.keys() == {"created_at", "updated_at", "updated_in_db_at"}
    assert times["updated_at"] == times["updated_in_db_at"]
    assert resource["relationships"] == {
        "referred_by": {"data": {"type": "contacts", "id": referring.by}},
        "referred_to": {"data": {"type": "contacts", "id": referring.to}},
    }
    one = f"{referring.path}/{ours}"
    shown = await referring.ask("GET", one)
    assert (shown.status, shown.data) == (200, made.data)
    known = await referring.ask("GET", one, **{"If-None-Match": shown.headers["etag"]})
    assert (known.status, known.body) == (304, b"")
    listed = (await referring.ask("GET", referring.path)).data
    assert listed["data"] == [resource]
    pagination = {"page": 1, "per_page": 25, "total": 1, "total_pages": 1}
    assert listed["meta"] == {"pagination": pagination}
    other = await referring.ask("GET", f"/contacts/{referring.to}/referrals")
    assert other.data["data"] == [], "those by the contact alone"
    deleted = await referring.ask("DELETE", one)
    assert (deleted.status, deleted.body) == (204, b"")
    assert errors_of(await referring.ask("GET", one)) == (
        404,
        [("contact_referral_not_found", None)],
    )


async def test_a_list_has_pages(referring: Referring) -> None:
    """`page` and `per_page`; what is none is refused, as is a parameter that there is not."""
    made = [await referring.made() for _ in range(3)]
    second = (await referring.ask("GET", f"{referring.path}?page=2&per_page=2")).data
    assert [one["id"] for one in second["data"]] == [made[2]["id"]]
    pagination = {"page": 2, "per_page": 2, "total": 3, "total_pages": 2}
    assert second["meta"]["pagination"] == pagination
    for query, code, name in (
        ("per_page=201", "less_than_equal", "per_page"),
        ("page=x", "int_parsing", "page"),
        ("page_size=2", "extra_forbidden", "page_size"),
    ):
        refused = errors_of(await referring.ask("GET", f"{referring.path}?{query}"))
        assert refused == (422, [(code, {"parameter": name})])


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_change_on_the_right_second_is_done_and_on_the_same_again_is_not(
    referring: Referring, method: str
) -> None:
    """200, then 409 with the second that is current, in `meta`; with that one 200 again."""
    made = await referring.made()
    one, seen = f"{referring.path}/{made['id']}", made["attributes"]["updated_in_db_at"]
    third, fourth = await referring.contact(), await referring.contact()

    async def change(to: str, at: str) -> Answered:
        said = {"updated_in_db_at": at, "created_at": "yesterday", "updated_at": 5}
        return await referring.ask(method, one, document(said, id_=made["id"], referred_to=to))

    changed = await change(third, seen)
    assert changed.status == 200
    assert changed.data["data"]["relationships"]["referred_to"]["data"]["id"] == third
    current = changed.data["data"]["attributes"]["updated_in_db_at"]
    assert current > seen
    stale = await change(fourth, seen)
    at = pointer("/data/attributes/updated_in_db_at")
    assert errors_of(stale) == (409, [("version_conflict", at)])
    assert stale.data["meta"]["updated_in_db_at"] == current
    assert stale.data["errors"][0]["meta"]["updated_in_db_at"] == current
    assert (await change(fourth, current)).status == 200


async def test_without_a_second_nothing_is_changed(referring: Referring) -> None:
    """409, and the one that is current is told; null, and an `overwrite` of null or false, are as
    none."""
    made = await referring.made()
    one = f"{referring.path}/{made['id']}"
    current = made["attributes"]["updated_in_db_at"]
    for said in ({}, {"updated_in_db_at": None}, {"overwrite": False}, {"overwrite": None}):
        refused = await referring.ask("PATCH", one, document(said, referred_to=referring.to))
        assert errors_of(refused)[0] == 409
        assert refused.data["meta"]["updated_in_db_at"] == current
    again = (await referring.ask("GET", one)).data["data"]
    assert again == made


async def test_overwrite_is_json_true_and_nothing_else(referring: Referring, both: Both) -> None:
    """Any other value is 422; true changes it whatever others made of it, and is audited."""
    made = await referring.made()
    one, third = f"{referring.path}/{made['id']}", await referring.contact()
    values: tuple[Any, ...] = ("true", 1, 0, "", [], {})
    for value in values:
        refused = await referring.ask("PUT", one, document({"overwrite": value}, referred_to=third))
        at = pointer("/data/attributes/overwrite")
        assert errors_of(refused) == (422, [("not_true", at)]), value
    said = {"overwrite": True, "updated_in_db_at": "2001-01-01T00:00:00Z"}
    done = await referring.ask("PUT", one, document(said, referred_to=third))
    assert done.status == 200
    audited = (await both.everything_stored())["referrals.audit"]
    ours = [row for row in audited if referring.caller.org_id in row]
    assert [row for row in ours if "contact_referral.overwrite" in row]


async def test_with_a_new_referrer_it_moves(referring: Referring) -> None:
    """It is found by that one alone, and its link says so."""
    made = await referring.made()
    based = {"updated_in_db_at": made["attributes"]["updated_in_db_at"]}
    third = await referring.contact()
    one = f"{referring.path}/{made['id']}"
    moved = await referring.ask("PATCH", one, document(based, referred_by=third))
    assert moved.status == 200
    path = f"/contacts/{third}/referrals/{made['id']}"
    assert moved.data["data"]["links"]["self"] == f"/api/v1/{referring.caller.org_id}{path}"
    assert (await referring.ask("GET", path)).status == 200
    assert (await referring.ask("GET", one)).status == 404


async def test_a_document_of_something_else_is_a_conflict(referring: Referring) -> None:
    """409: a type that is missing or another, an id that is not the path's, one that is known."""
    made = await referring.made()
    known = document(id_=made["id"], referred_to=referring.to)
    at = pointer("/data/id")
    refused = errors_of(await referring.ask("POST", referring.path, known))
    assert refused == (409, [("already_exists", at)])
    other = document({"overwrite": True}, id_=str(uuid4()))
    one = f"{referring.path}/{made['id']}"
    assert errors_of(await referring.ask("PATCH", one, other)) == (409, [("resource_mismatch", at)])
    untyped = {"data": {"attributes": {"overwrite": True}}}
    refused = errors_of(await referring.ask("PATCH", one, untyped))
    assert refused == (409, [("resource_mismatch", pointer("/data"))])
    wrong = document(type_="referrals", referred_to=referring.to)
    refused = errors_of(await referring.ask("POST", referring.path, wrong))
    assert refused == (409, [("resource_mismatch", pointer("/data/type"))])


async def test_a_document_that_breaks_a_rule_says_where(referring: Referring) -> None:
    """422 with a pointer to what is there; 400 for what is no document."""
    related = "/data/relationships"
    to = document(referred_to=referring.to)["data"]["relationships"]["referred_to"]
    typed = {"type": "contact_referrals"}
    person = {"data": {"type": "people", "id": referring.to}}
    for resource, code, at in (
        ({**typed}, "missing", "/data"),
        (
            {**typed, "relationships": {"referred_to": {"data": None}}},
            "dict_type",
            f"{related}/referred_to",
        ),
        (
            {**typed, "relationships": {"referred_to": person}},
            "literal_error",
            f"{related}/referred_to/data",
        ),
        (
            {**typed, "relationships": {"friend": to, "referred_to": to}},
            "extra_forbidden",
            f"{related}/friend",
        ),
        ({**typed, "relationships": []}, "dict_type", related),
        (
            {**typed, "relationships": {"referred_to": to}, "attributes": {"overwrite": True}},
            "extra_forbidden",
            "/data/attributes/overwrite",
        ),
        (
            {**typed, "relationships": {"referred_to": to, "referred_by": to}},
            "not_of_the_path",
            f"{related}/referred_by/data/id",
        ),
        ({**typed, "id": "x", "relationships": {"referred_to": to}}, "uuid_parsing", "/data/id"),
    ):
        refused = errors_of(await referring.ask("POST", referring.path, {"data": resource}))
        assert refused == (422, [(code, pointer(at))]), resource
    missing = document(referred_to=str(uuid4()))
    refused = errors_of(await referring.ask("POST", referring.path, missing))
    assert refused == (404, [("contact_not_found", pointer(f"{related}/referred_to/data/id"))])
    for nothing, at in (([], ""), ({}, ""), ({"data": []}, "/data")):
        refused = errors_of(await referring.ask("POST", referring.path, nothing))
        assert refused == (422, [("dict_type", pointer(at))])
    broken = await referring.caller.ask(
        "POST", referring.path, data=b"{", headers={"Content-Type": MEDIA_TYPE}
    )
    assert errors_of(broken) == (400, [("malformed_request", pointer(""))])


async def test_media_types_are_negotiated(referring: Referring) -> None:
    """Another body is 415, another answer 406, and so is either with a parameter; a profile is
    passed over."""
    said = document(referred_to=referring.to)
    for other in ("application/json", f"{MEDIA_TYPE}; charset=utf-8", f'{MEDIA_TYPE}; ext="x:y"'):
        refused = await referring.ask("POST", referring.path, said, **{"Content-Type": other})
        at = {"header": "Content-Type"}
        assert errors_of(refused) == (415, [("unsupported_media_type", at)]), other
    for other in ("application/json", "text/html", f'{MEDIA_TYPE}; ext="x:y"'):
        refused = await referring.ask("GET", referring.path, Accept=other)
        assert errors_of(refused) == (406, [("not_acceptable", {"header": "Accept"})]), other
    for fine in ("*/*", f"{MEDIA_TYPE}; q=0.5, text/html", f'{MEDIA_TYPE}; profile="x:y"'):
        assert (await referring.ask("GET", referring.path, Accept=fine)).status == 200
    profiled = {"Content-Type": f'{MEDIA_TYPE}; profile="http://example.com/p"'}
    assert (await referring.ask("POST", referring.path, said, **profiled)).status == 201


@pytest.mark.parametrize(
    "query",
    [
        *("include=referred_to", "sort=-created_at", "page[number]=1"),
        *("fields[contacts]=name", "filter[type]=x", "per_pag=5"),
    ],
)
async def test_a_parameter_that_there_is_not_is_refused(referring: Referring, query: str) -> None:
    """422 as everywhere, those that JSON:API names too: an ignored filter would list everything."""
    refused = await referring.ask("GET", f"{referring.path}?{query}")
    at = {"parameter": query.partition("=")[0]}
    assert errors_of(refused) == (422, [("extra_forbidden", at)])


async def test_every_refusal_of_these_paths_is_json_api(
    edge: RunningEdge, referring: Referring
) -> None:
    """Also without a token, without the right, and by a method that there is not."""
    url = f"{edge.url}/api/v1/{referring.caller.org_id}{referring.path}"
    nobody = await edge.get(url)
    assert errors_of(nobody) == (401, [("unauthenticated", {"header": "Authorization"})])
    reader = edge.caller(referring.caller.org_id, operations=["referral.*"])
    refused = await reader.ask("GET", referring.path)
    assert errors_of(refused) == (403, [("forbidden", None)])
    refused = await referring.ask("PATCH", referring.path, document())
    assert errors_of(refused) == (405, [("method_not_allowed", None)])
    assert refused.headers["allow"] == "GET, HEAD, POST"


async def test_a_write_that_is_asked_again_by_its_key_is_done_once(referring: Referring) -> None:
    """As over any other route."""
    said, key = document(referred_to=referring.to), {"Idempotency-Key": '"once"'}
    first = await referring.ask("POST", referring.path, said, **key)
    second = await referring.ask("POST", referring.path, said, **key)
    assert (first.status, first.body) == (second.status, second.body) == (201, first.body)
    assert (await referring.ask("GET", referring.path)).data["meta"]["pagination"]["total"] == 1
    another = document(referred_to=await referring.contact())
    refused = errors_of(await referring.ask("POST", referring.path, another, **key))
    assert refused == (422, [("message_id_reused", {"header": "Idempotency-Key"})])


async def test_a_token_of_one_org_may_leave_the_org_out(
    edge: RunningEdge, referring: Referring
) -> None:
    """`/api/v2/contacts/…`; of several orgs it is 403, since nothing says which is meant."""
    org_id = referring.caller.org_id
    url = f"{edge.url}/api/v2{referring.path}"
    made = await referring.made()
    shown = await edge.get(f"{url}/{made['id']}", Authorization=f"Bearer {referring.caller.token}")
    assert shown.status == 200
    assert shown.data["data"]["links"]["self"] == f"/api/v2{referring.path}/{made['id']}"
    for orgs in (["*"], [org_id, "another"]):
        token = edge.token(org_id, orgs=orgs)
        refused = await edge.get(url, Authorization=f"Bearer {token}")
        assert errors_of(refused) == (403, [("forbidden", {"header": "Authorization"})])


async def test_a_client_library_reads_and_writes(edge: RunningEdge, referring: Referring) -> None:
    """kitsu, which was made for another API: makes one, reads it, lists, changes, conflicts,
    overwrites and deletes."""
    root = f"{edge.url}/api/v2"
    printed = await asyncio.to_thread(
        node.run,
        "write_contact_referrals.mjs",
        *(root, referring.caller.token, referring.by, referring.to, await referring.contact()),
    )
    made, shown, listed, patched, conflict, overwritten, deleted, gone = printed
    assert made["status"] == 201
    assert made["location"] == f"/api/v2{referring.path}/{made['id']}"
    assert made["referred_to"]["data"] == {"id": referring.to, "type": "contacts"}
    assert shown["referred_by"]["data"] == {"id": referring.by, "type": "contacts"}
    assert shown["updated_in_db_at"] == made["updated_in_db_at"]
    pagination = {"page": 1, "per_page": 10, "total": 1, "total_pages": 1}
    assert listed == {"ids": [made["id"]], "pagination": pagination}
    assert patched == 200
    assert conflict["status"] == 409
    assert conflict["error"]["meta"]["updated_in_db_at"] > made["updated_in_db_at"]
    assert (overwritten, deleted) == (200, 204)
    assert (gone["status"], gone["error"]["code"]) == (404, "contact_referral_not_found")
