"""The published documents break no client of the last release."""

from tests.support.compatibility import released
from tests.support.compatibility.documents import breaks
from tests.support.compatibility.schemas import Break

ACCEPTED: dict[str, str] = {}
"""Breaks that were decided on, as they are told: each with why no client is hurt. A release
empties it."""


def told(found: list[Break]) -> list[str]:
    """Those that nobody has accepted."""
    return [str(one) for one in found if str(one) not in ACCEPTED]


def test_nothing_that_clients_use_was_removed_or_narrowed() -> None:
    """Since the last tag; where the clone has none, since the documents that were put aside. What
    breaks comes as a new version beside the old (docs/contract/wire.md#event-promises)."""
    tag = released.last_tag()
    before = released.of_archive() if tag is None else released.of_tag(tag)
    assert told(breaks(before, released.present())) == []


def test_the_documents_that_were_put_aside_are_all() -> None:
    """Else a clone without tags compares nothing."""
    kept = released.of_archive()
    assert {path.partition("/")[0] for path in kept} == {"asyncapi", "openapi", "schemas"}
    assert len(kept) > 200
    assert told(breaks(kept, kept)) == []


def test_a_break_anywhere_is_found() -> None:
    """In the real documents: a field that is gone in a schema, an event, an operation, a route."""
    before, after = released.of_archive(), released.of_archive()
    del after["schemas/shapes/contact.json"]["properties"]["name"]
    del after["schemas/events/contact.put.json"]
    del after["asyncapi/referrals.json"]["operations"]["contact.archive"]
    del after["openapi/edge.json"]["paths"]["/api/v1/{org_id}/contacts"]["get"]
    found = told(breaks(before, after))
    assert "schemas/contact.get.reply.json.data.name: removed" in found
    assert "schemas/events/contact.put.json: removed" in found
    assert "asyncapi/referrals.json operations contact.archive: removed" in found
    assert "openapi/edge.json GET /api/v1/{org_id}/contacts: removed" in found
