"""The same questions from a script that has no event loop."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from client import NotFound, SynchronousClient
from client.testing import FakeServices
from contracts.contact import (
    GET_CONTACT,
    LIST_CONTACTS,
    PUT_CONTACT,
    ContactGet,
    ContactList,
    ContactPut,
)


def test_a_script_asks_reads_and_is_refused() -> None:
    """Without a loop of its own; what is raised is what the other client raises."""
    with SynchronousClient(FakeServices()) as client:
        for number in range(3):
            request = ContactPut(
                org_id="demo",
                contact_uuid=UUID(int=number),
                name=f"Household {number}",
                observed_at=datetime(2026, 1, 5, tzinfo=UTC),
            )
            client.call(PUT_CONTACT, request)
        read = client.read_all(LIST_CONTACTS, ContactList(org_id="demo"), page_size=2)
        assert [one.name for one in read] == ["Household 0", "Household 1", "Household 2"]
        with pytest.raises(NotFound):
            client.call(GET_CONTACT, ContactGet(org_id="demo", contact_uuid=UUID(int=9)))


def test_one_that_was_not_opened_says_so() -> None:
    """Rather than waiting for ever."""
    with pytest.raises(RuntimeError, match="opened by `with`"):
        SynchronousClient(FakeServices()).call(LIST_CONTACTS, ContactList(org_id="demo"))
