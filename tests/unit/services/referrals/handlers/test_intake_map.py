"""The decisions of the one command that says what forms outside mean here."""

from typing import Any
from uuid import UUID

import pytest

from contracts.intake_map import PUT_INTAKE_MAP
from messaging.testing import Store
from services.referrals.models.intake import IntakeMapEntry
from tests.unit.services.referrals.handlers.rows import (
    EARLIER,
    NOBODY,
    NOW,
    OTHER_SOURCE,
    PARTNER,
    SOURCE,
    mapped_project,
    mapped_source,
    partner,
    source,
    store,
    wrong_fields,
)

KEY = ("source", "1", "")


def put(held: Store, **fields: Any) -> Any:
    """What now holds, as the reply shows it."""
    decided = held.decide(PUT_INTAKE_MAP, **fields)
    assert (decided.status, decided.events) == (200, [])
    return decided.data


def test_a_form_is_mapped_to_a_source() -> None:
    """Its id is kept as text; what it is mapped to is shown by name."""
    held = store(source())
    shown = put(held, source=1, referral_source_uuid=SOURCE)
    assert held.row(IntakeMapEntry, *KEY).referral_source_id == SOURCE
    assert (shown.version, shown.created_at) == (1, NOW)
    assert (shown.source, shown.referral_role) == ("1", None)
    assert (shown.referral_source.uuid, shown.referral_source.name) == (SOURCE, "Billboard")
    assert (shown.project, shown.referral_partner) == (None, None)


def test_a_role_of_a_form_is_mapped_by_itself() -> None:
    """Beside what the whole form is mapped to."""
    held = store(source(), source(OTHER_SOURCE), mapped_source("1"))
    shown = put(held, source="1", referral_role=2, referral_source_uuid=OTHER_SOURCE)
    assert (shown.source, shown.referral_role) == ("1", "2")
    assert [row.referral_source_id for row in held.rows(IntakeMapEntry)] == [SOURCE, OTHER_SOURCE]


def test_a_project_is_mapped_to_a_partner() -> None:
    """And to no source."""
    shown = put(store(partner()), project=7, referral_partner_uuid=PARTNER)
    assert (shown.project, shown.referral_partner.name) == ("7", "Alex Example")
    assert (shown.source, shown.referral_source) == (None, None)


def test_what_is_mapped_is_mapped_to_something_else() -> None:
    """A version more; the same again changes nothing."""
    held = store(source(), source(OTHER_SOURCE), mapped_source("1"))
    to_other: dict[str, Any] = {"source": "1", "referral_source_uuid": OTHER_SOURCE}
    decided = held.decide(PUT_INTAKE_MAP, **to_other)
    assert decided.changes == {
        (IntakeMapEntry, KEY): {
            "referral_source_id": OTHER_SOURCE,
            "version": 4,
            "updated_at": NOW,
        }
    }
    again = held.decide(PUT_INTAKE_MAP, **to_other)
    assert again.changes == {}
    assert put(held, **to_other).version == 4


def test_null_removes() -> None:
    """And again removes nothing; a later put brings it back."""
    fields: dict[str, Any] = {"source": "1", "referral_source_uuid": None}
    held = store(source(), mapped_source("1"))
    decided = held.decide(PUT_INTAKE_MAP, **fields)
    assert (decided.status, decided.data) == (200, None)
    assert decided.changes == {
        (IntakeMapEntry, KEY): {"deleted_at": NOW, "version": 4, "updated_at": NOW}
    }
    assert held.decide(PUT_INTAKE_MAP, **fields).changes == {}
    assert put(held, source="1", referral_source_uuid=SOURCE).version == 5
    assert held.row(IntakeMapEntry, *KEY).deleted_at is None


def test_what_was_never_mapped_is_removed_too() -> None:
    """Without a trace."""
    decided = store().decide(PUT_INTAKE_MAP, project="7", referral_partner_uuid=None)
    assert (decided.status, decided.data, decided.added) == (200, None, [])


_UUID = UUID(int=1)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, {("source", "exactly_one"), ("project", "exactly_one")}),
        (
            {"source": "1", "project": "7", "referral_source_uuid": _UUID},
            {("source", "exactly_one"), ("project", "exactly_one")},
        ),
        ({"source": "1"}, {("referral_source_uuid", "missing")}),
        ({"project": "7"}, {("referral_partner_uuid", "missing")}),
        (
            {"source": "1", "referral_source_uuid": None, "referral_partner_uuid": _UUID},
            {("referral_partner_uuid", "does_not_belong")},
        ),
        (
            {"project": "7", "referral_partner_uuid": _UUID, "referral_role": "1"},
            {("referral_role", "does_not_belong")},
        ),
        (
            {"project": "7", "referral_partner_uuid": None, "referral_source_uuid": _UUID},
            {("referral_source_uuid", "does_not_belong")},
        ),
    ],
)
def test_either_a_form_or_a_project(fields: dict[str, Any], wrong: set[tuple[str, str]]) -> None:
    """Each with what it is mapped to, and nothing beside."""
    assert wrong_fields(store().refuse(PUT_INTAKE_MAP, **fields)) == wrong


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"source": "1", "referral_source_uuid": NOBODY}, "referral_source_not_found"),
        ({"source": "1", "referral_source_uuid": SOURCE}, "referral_source_not_found"),
        ({"project": "7", "referral_partner_uuid": NOBODY}, "referral_partner_not_found"),
    ],
)
def test_what_it_is_mapped_to_is_there(fields: dict[str, Any], code: str) -> None:
    """And not archived."""
    held = store(source(deleted_at=EARLIER), mapped_project())
    assert held.refuse(PUT_INTAKE_MAP, **fields).code == code
