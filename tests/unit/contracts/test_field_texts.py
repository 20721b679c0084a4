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
COUNTRY = "Must be the two capital letters that ISO 3166-1 has for a country, such as US"
AN_ID = "Must be a string, or an integer of at most 64 bits"
PORT = "Must have a port from 1 to 65535 behind the host and its colon, or neither"
HOST = (
    "Must name a host behind //, such as https://portal.example/fhir; one that is an address of "
    "IPv6 stands in brackets"
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
        ("referral_partner.create", "country", "", COUNTRY),
        ("referral_partner.create", "country", " ", COUNTRY),
        ("referral_partner.update", "country", None, COUNTRY),
        ("referral_partner.create", "country", 1, STRING),
        ("intake.list", "source", 1.5, AN_ID),
        ("intake_map.put", "project", True, AN_ID),
        ("referral_partner.create", "ereferral_endpoint", "https://x.example:0/", PORT),
        ("referral_partner.create", "ereferral_endpoint", "https://x.example:65536/", PORT),
        ("referral_partner.create", "ereferral_endpoint", "https://x.example:port/", PORT),
        ("referral_partner.create", "ereferral_endpoint", "https:///a", HOST),
        ("referral_partner.create", "ereferral_endpoint", "https://[::1/a", HOST),
        ("referral_partner.create", "ereferral_endpoint", "https://::1/a", HOST),
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


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"first_name": ...}, "rows[0].first_name: Must be given."),
        ({"org_type_id": 1.5}, f"rows[0].org_type_id: {AN_ID}."),
        ({"org_type_id": None}, f"rows[0].org_type_id: {AN_ID}."),
        ({"source": "1"}, "rows[0].referral_role: A row with a source needs a referral_role."),
        (
            {"Paula Pace": 1},
            "rows[0]: The name of a field that a form has beside these must be 1 to 64 letters "
            "a to z, digits and _, such as date_of_visit.",
        ),
        (
            {"paula_pace": [1]},
            "rows[0]: Must be a text, a number of at most 64 bits, true, false or null.",
        ),
    ],
)
def test_what_is_wrong_in_a_row_is_told_with_its_place(change: dict[str, Any], detail: str) -> None:
    """Of a name that the form made up only the row: it may be anybody's name."""
    row = {"first_name": "Ann", "surname": "Archer", "org_type_id": 1, **change}
    row = {name: value for name, value in row.items() if value is not ...}
    with pytest.raises(Refusal) as refused:
        parse(OPERATIONS["intake.submit"].request, {"org_id": "o", "rows": [row]})
    assert refused.value.problem.detail == detail


def test_a_field_that_there_is_not_in_a_list_is_told_those_that_there_are() -> None:
    """As one of the message itself is."""
    with pytest.raises(Refusal) as refused:
        parse(
            OPERATIONS["referral.create"].request,
            {
                "org_id": "o",
                "patient_uuid": A_UUID,
                "referral_partner_uuid": A_UUID,
                "reason": "R",
                "reason_codes": [{"system": "s", "code": "c", "text": "t"}],
            },
        )
    assert refused.value.problem.detail == (
        "reason_codes[0]: There is no such field: the fields are code, display, system."
    )


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
