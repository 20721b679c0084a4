"""The table of refusals is whole: every operation, every code that applies, every field."""

from itertools import product
from typing import Any

import pytest
from pydantic import BaseModel

from contracts.catalogue import OPERATIONS
from contracts.operations import Kind, Service
from tests.integration.referrals.refused.table import LEFT_OUT, NOBODY, At, Check, Row
from tests.integration.referrals.refused.test_table import GOOD, PAIRS, ROWS, TABLES

OF_REFERRALS = {name: o for name, o in OPERATIONS.items() if o.service is Service.REFERRALS}
EVERY_QUERY = {"malformed_message", "unknown_operation", "validation_error"}
EVERY_COMMAND = {*EVERY_QUERY, "message_id_reused"}

# By hand in each table, from docs/contract/wire.md#check-order to docs/contract/wire.md#referrals;
# what may be forbidden to whom is `test_forbidden.py`.
CODES: dict[str, set[str]] = {
    operation: codes for table in TABLES for operation, codes in table.CODES.items()
}
# docs/contract/wire.md#versions, "Not nullable, in a create too".
NOT_NULLABLE = {
    *("contact_type", "country", "is_active", "accepts_ereferral", "name", "category"),
    *("attribution_role", "priority", "reason", "amount", "period_start", "period_end"),
}
# A new patient's own id; and what was done with a patient who is gone stays in the trail.
_NEED_NOT_BE = {("intake.accept", "patient_uuid"), ("patient_trail.get", "patient_uuid")}
_NEVER_ARCHIVED = ("referral_uuid", "follows_uuid", "intake_uuid")


def rows_of(operation: str) -> list[Row]:
    """Its part of the table."""
    return [row for row in ROWS if row.operation == operation]


def given(operation: str, name: str) -> list[Any]:
    """The values that its rows give a field."""
    return [row.change[name] for row in rows_of(operation) if name in row.change]


def is_changed(operation: str) -> bool:
    """Whether the field `is_active` and its like are set by it, and not filtered by."""
    return OF_REFERRALS[operation].kind is Kind.COMMAND


def fields(operation: str) -> dict[str, Any]:
    """What its contract takes besides the org."""
    shape: type[BaseModel] = OF_REFERRALS[operation].request
    given = {field.alias or name: field for name, field in shape.model_fields.items()}
    return {name: field for name, field in given.items() if name != "org_id"}


def test_every_operation_has_a_good_message_and_its_codes() -> None:
    """Neither more nor fewer than the catalogue has."""
    assert GOOD.keys() == CODES.keys() == OF_REFERRALS.keys()


@pytest.mark.parametrize("operation", CODES)
def test_every_code_that_applies_has_a_row(operation: str) -> None:
    """And no other code has one."""
    usual = EVERY_COMMAND if OF_REFERRALS[operation].kind is Kind.COMMAND else EVERY_QUERY
    assert {row.code for row in rows_of(operation)} == usual | CODES[operation]


@pytest.mark.parametrize("operation", CODES)
def test_every_field_is_refused_something_wrong(operation: str) -> None:
    """At least one value of each, by its name in `errors`."""
    refused = {loc.partition(".")[0] for row in rows_of(operation) for loc, _ in row.errors}
    assert refused >= fields(operation).keys()


@pytest.mark.parametrize("operation", CODES)
def test_every_field_that_has_to_be_given_is_left_out_once(operation: str) -> None:
    """Each required field of an operation has a row without it, refused as `missing`."""
    for name, field in fields(operation).items():
        left_out = frozenset({(name, "missing")})
        rows = [row for row in rows_of(operation) if row.errors == left_out]
        assert not field.is_required() or any(row.change == {name: LEFT_OUT} for row in rows), name


@pytest.mark.parametrize("operation", CODES)
def test_every_field_that_is_not_nullable_is_null_once(operation: str) -> None:
    """In a create and in an update alike."""
    if is_changed(operation):
        for name in NOT_NULLABLE & fields(operation).keys():
            assert None in given(operation, name), name


@pytest.mark.parametrize("operation", CODES)
def test_every_id_that_is_named_is_nobodys_archived_and_anothers_once(operation: str) -> None:
    """Filters of lists too. What is observed may have any id, and so has who is made; nothing
    archives a referral or a row of the intake."""
    thing = operation.partition(".")[0]
    for name in fields(operation):
        is_observed = name == f"{thing}_uuid" and "observed_at" in fields(operation)
        is_made = (operation, name) in _NEED_NOT_BE
        if not name.endswith("_uuid") or is_observed or is_made:
            continue
        uuids = {value.name for value in given(operation, name) if isinstance(value, At)}
        states = {NOBODY.name, "elsewhere"} | ({"gone"} if name not in _NEVER_ARCHIVED else set())
        assert states <= {uuid.rpartition(" ")[2] for uuid in uuids}, name


@pytest.mark.parametrize("operation", [name for name in CODES if "id" in fields(name)])
def test_an_id_that_is_brought_is_taken_by_what_is_there_and_by_what_is_archived(
    operation: str,
) -> None:
    """Nothing archives a referral."""
    taken = {value.name for value in given(operation, "id") if isinstance(value, At)}
    thing = operation.partition(".")[0]
    archived = set() if thing == "referral" else {f"{thing} gone"}
    assert taken == {thing} | archived


def test_every_two_neighbouring_checks_meet() -> None:
    """In the pairs of at least one operation; and each command meets all of its own that can."""
    met = {(pair.first.check, pair.then.check) for pair in PAIRS}
    checks = list(Check)
    assert met == {(a, b) for a, b in product(checks, checks) if a < b} | {
        (Check.NAMED, Check.NAMED),
        (Check.CONFLICT, Check.CONFLICT),
        (Check.MERGED, Check.MERGED),
    }
