"""Replies and events as shapes; what a newer service adds is passed over."""

import json
from typing import Any
from uuid import UUID

import pytest

from client.errors import Forbidden, Forgotten, UnreadableEvent, UnreadableReply
from client.reading import event_shape, read_event, read_reply
from contracts.contact import GET_CONTACT, LIST_CONTACTS, PUT_CONTACT, Contact
from contracts.shapes import Listing, Stretch

ID = "01930000-0000-7000-8000-00000000f001"
CONTACT = {
    "id": ID,
    "version": 3,
    "created_at": "2026-01-05T09:30:00Z",
    "updated_at": "2026-01-05T09:30:00Z",
    "name": "Household Archer",
    "patient": None,
    "referral_partner": None,
    "provider": None,
    "observed_at": "2026-01-05T09:30:00Z",
}
EVENT = {
    "specversion": "1.0",
    "id": ID,
    "source": "/referrals",
    "type": "contact.put",
    "subject": ID,
    "time": "2026-01-05T09:30:00Z",
    "datacontenttype": "application/json",
    "dataschema": "urn:handoff:schema:contact:v1",
    "orgid": "demo",
    "aggregateversion": 3,
    "data": CONTACT,
}


def reply(**said: Any) -> bytes:
    """A reply's body."""
    return json.dumps(said).encode()


def test_a_reply_is_the_declared_shape() -> None:
    """A field that a newer service adds, at any depth, is passed over."""
    newer = {**CONTACT, "nickname": "x", "patient": {"uuid": ID, "name": "Eve", "since": 2026}}
    read = read_reply(GET_CONTACT, reply(status=200, data=newer))
    assert isinstance(read, Contact)
    assert (read.id, read.version, read.patient and read.patient.name) == (UUID(ID), 3, "Eve")


def test_a_list_is_a_page_or_a_stretch() -> None:
    """By what it holds."""
    page = reply(status=200, data={"items": [CONTACT], "page": 1, "page_size": 50, "total": 1})
    stretch = reply(status=200, data={"items": [CONTACT], "page_size": 50, "next_cursor": None})
    assert isinstance(read_reply(LIST_CONTACTS, page), Listing)
    assert isinstance(read_reply(LIST_CONTACTS, stretch), Stretch)


def test_null_is_read_where_it_is_declared() -> None:
    """A put that is older than an archive shows nothing; a get always shows something."""
    assert read_reply(PUT_CONTACT, reply(status=200, data=None)) is None
    with pytest.raises(UnreadableReply):
        read_reply(GET_CONTACT, reply(status=200, data=None))


def test_a_refusal_is_raised_with_all_that_it_says() -> None:
    """Also where its code is not known yet."""
    problem = {
        "code": "of_tomorrow",
        "title": "Of tomorrow",
        "detail": "Not today.",
        "errors": [{"loc": ["name"], "type": "odd", "msg": "Odd", "hint": 1}],
    }
    with pytest.raises(Forbidden) as refused:
        read_reply(GET_CONTACT, reply(status=403, problem=problem))
    assert (refused.value.code, refused.value.detail) == ("of_tomorrow", "Not today.")
    assert refused.value.errors[0].loc == ["name"]
    assert refused.value.current_version is None


@pytest.mark.parametrize(
    ("said", "status", "id_"),
    [
        ({"status": 200, "data": {"id": ID}}, 200, UUID(ID)),
        ({"status": 409, "data": None}, 409, None),
    ],
)
def test_a_reply_that_is_not_kept_any_more_says_so(
    said: dict[str, Any], status: int, id_: UUID | None
) -> None:
    """docs/contract/wire.md#idempotency: its status and the id are left."""
    with pytest.raises(Forgotten) as forgotten:
        read_reply(PUT_CONTACT, reply(**said))
    assert (forgotten.value.status, forgotten.value.id) == (status, id_)


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"{}", b'{"status": 200}', reply(status=200, data={})]
)
def test_what_is_no_reply_is_told_without_a_value(body: bytes) -> None:
    """Whoever logs the error logs no patient."""
    with pytest.raises(UnreadableReply, match=r"^the reply to contact\.get is not as declared"):
        read_reply(GET_CONTACT, body)


def test_the_place_of_a_wrong_field_is_told_and_not_its_value() -> None:
    """The name is a person's."""
    with pytest.raises(UnreadableReply) as error:
        read_reply(GET_CONTACT, reply(status=200, data={**CONTACT, "name": ["Ann Archer"]}))
    assert str(error.value) == "the reply to contact.get is not as declared: name"


def test_an_event_carries_its_resource() -> None:
    """Attributes that a newer service adds are passed over."""
    event, data = read_event(json.dumps({**EVENT, "tenant": "x"}).encode())
    assert (event.type, event.aggregateversion) == ("contact.put", 3)
    assert isinstance(data, Contact) and data.name == "Household Archer"


def test_an_event_of_tomorrow_is_read_as_its_resource() -> None:
    """Its type is new, what it carries is known."""
    _, data = read_event(json.dumps({**EVENT, "type": "contact.merged"}).encode())
    assert isinstance(data, Contact)
    with pytest.raises(KeyError):
        event_shape("campaign.created")


@pytest.mark.parametrize("body", [b"{", b"{}", json.dumps({**EVENT, "type": "odd.one"}).encode()])
def test_what_is_no_event_is_told(body: bytes) -> None:
    """It stops whoever reads, and is not passed over."""
    with pytest.raises(UnreadableEvent, match="what came as an event is not as declared"):
        read_event(body)
