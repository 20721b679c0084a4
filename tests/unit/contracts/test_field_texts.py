"""A field's refusal says the values that are taken, in words."""

import json
from typing import Any

import pytest

from contracts.catalogue import OPERATIONS
from contracts.problems import Refusal
from messaging.intake.admission import parse
from tests.unit.contracts.test_operations import A_UUID, WHEN

UUID_TEXT = (
    "Must be a UUID in a string, its dashes left in or out, such as "
    "0192d4e0-7b1a-7c3d-8e4f-123456789abc"
)
TIME_TEXT = "Must be an RFC 3339 time with an offset, as a string such as 2026-11-29T04:00:00Z"
DATE_TEXT = "Must be a date as a string YYYY-MM-DD, such as 2026-11-29"
STRING, MONEY = (
    "Must be a string, in quotes",
    "Must be a number, or a decimal in a string such as 1234.50",
)
INTEGER = "Must be an integer, without quotes and without a decimal point"


@pytest.mark.parametrize(
    ("operation", "field", "value", "text"),
    [
        ("patient.put", "patient_uuid", None, UUID_TEXT),
        ("patient.put", "patient_uuid", "A-1", UUID_TEXT),
        ("patient.put", "name", None, STRING),
        ("patient.put", "name", "x" * 201, "Must have at most 200 characters"),
        ("patient.put", "observed_at", 5, TIME_TEXT),
        ("patient.put", "observed_at", "yesterday", TIME_TEXT),
        ("patient.put", "date_of_birth", 5, DATE_TEXT),
        ("patient.put", "date_of_birth", "1.2.1990", DATE_TEXT),
        ("referral_partner.create", "is_active", "yes", "Must be true or false, without quotes"),
        (
            "referral_partner.create",
            "preferred_contact_method",
            "post",
            "Must be one of portal, email, fax or phone",
        ),
        ("referral_partner.update", "base_version", "1", INTEGER),
        ("referral_partner.update", "base_version", 0, "Must be 1 or more"),
        ("referral_partner.list", "page_size", 201, "Must be 200 or less"),
        ("referral_partner.list", "page_size", 1.5, INTEGER),
        ("referral_source_cost.create", "amount", -1, "Must be 0 or more"),
        ("referral_source_cost.create", "amount", [], MONEY),
        (
            "referral_source_cost.create",
            "amount",
            10_000_000_000,
            "Must be less than 10,000,000,000",
        ),
        ("ereferral.dispatch", "respond_by_offset_minutes", 1440, "Must be less than 1440"),
        ("referral.create", "teeth", 14, "Must be a JSON array"),
        ("referral.create", "teeth", ["1"] * 53, "Must have at most 52 items"),
        ("referral.create", "reason_codes", ["K01"], "Must be a JSON object"),
    ],
)
def test_a_wrong_value_is_told_what_is_taken(
    operation: str, field: str, value: object, text: str
) -> None:
    """By hand, after docs/contract/wire.md#resources and docs/contract/wire.md#lists."""
    assert told(operation, **{field: value})[field] == text


def test_what_is_missing_is_told_with_what_it_is() -> None:
    """Where a field is new to who writes a client."""
    assert told("patient.put", observed_at=...)["observed_at"] == (
        "Must be given: the time at which the record was so, where it comes from"
    )
    assert told("patient.put", name=...)["name"] == "Must be given"


def told(operation: str, **changed: Any) -> dict[str, str]:
    """What each refused field is told, of a message that has only its ids besides."""
    fields = OPERATIONS[operation].request.model_fields
    given = {name: A_UUID for name in fields if name.endswith("_uuid")}
    usual = {"org_id": "o", "name": "P", "observed_at": WHEN, "reason": "R", "base_version": 1}
    body = {**given, **{name: usual[name] for name in usual if name in fields}, **changed}
    body = {name: value for name, value in body.items() if value is not ...}
    with pytest.raises(Refusal) as refused:
        parse(OPERATIONS[operation].request, json.loads(json.dumps(body)))
    return {str(error.loc[0]): error.msg for error in refused.value.problem.errors}
