"""What goes out: replies with `data` or `problem`, and the names and statuses they may have."""

import json
from uuid import UUID

import pytest
from pydantic import ValidationError

from contracts.catalogue import EVENTS, OPERATIONS
from contracts.problems import FieldError, Problem, ProblemCode, Refusal, invalid, not_found
from contracts.replies import Reply

STATUSES = {
    "malformed_message": 400,
    "unknown_operation": 400,
    "forbidden": 403,
    "version_conflict": 409,
    "message_id_reused": 409,
    "already_exists": 409,
    "primary_attribution_exists": 409,
    "invalid_transition": 409,
    "validation_error": 422,
    "partner_inactive": 422,
    "partner_does_not_accept_ereferrals": 422,
    "no_usable_contact_point": 422,
    "internal_error": 500,
}


def test_every_problem_has_its_status() -> None:
    """The table of the contract: no code more, none less; what is not found is 404."""
    missing = {code for code in ProblemCode if code.endswith("_not_found")}
    assert {code.value: code.status for code in ProblemCode if code not in missing} == STATUSES
    assert ProblemCode.PATIENT_NOT_FOUND in missing
    assert {code.status for code in missing} == {404}


def test_a_success_has_data_and_no_problem() -> None:
    """After an archive `data` is there and null."""
    assert json.loads(Reply(status=201, data={"id": "x"}).model_dump_json()) == {
        "status": 201,
        "data": {"id": "x"},
    }
    assert json.loads(Reply(status=204).model_dump_json()) == {"status": 204, "data": None}


def test_a_problem_has_its_errors_and_no_data() -> None:
    """`errors` is always a list; `current_version` is not there."""
    refusal = invalid([FieldError(loc=["npi"], type="npi_checksum", msg="m")])
    reply = json.loads(Reply(status=422, problem=refusal.problem).model_dump_json())
    assert reply == {
        "status": 422,
        "problem": {
            "code": "validation_error",
            "title": "Validation error",
            "detail": "One or more fields are not valid; see errors.",
            "errors": [{"loc": ["npi"], "type": "npi_checksum", "msg": "m"}],
        },
    }
    missing = not_found(ProblemCode.PATIENT_NOT_FOUND, UUID(int=1))
    reply = json.loads(Reply(status=404, problem=missing.problem).model_dump_json())
    assert set(reply) == {"status", "problem"}
    assert set(reply["problem"]) == {"code", "title", "detail", "errors"}
    assert reply["problem"]["errors"] == []


def test_only_a_version_conflict_has_the_current_version() -> None:
    """So that a client can tell whether to read again."""
    refusal = Refusal(ProblemCode.VERSION_CONFLICT, "d", current_version=4)
    reply = json.loads(Reply(status=409, problem=refusal.problem).model_dump_json())
    assert reply["problem"]["current_version"] == 4


def test_data_and_problem_never_come_together() -> None:
    """Nor a problem with the status of a success."""
    problem = Problem(code=ProblemCode.FORBIDDEN, title="t", detail="d")
    for status, data in ((403, {"id": "x"}), (200, None)):
        with pytest.raises(ValidationError):
            Reply(status=status, data=data, problem=problem)


def test_an_event_is_named_by_its_resource_and_carries_that_schema() -> None:
    """`referral_partner.updated` is about a `referral_partner`, in its first version."""
    assert EVENTS["referral_partner.updated"].dataschema == "referral_partner/v1"
    assert EVENTS["ereferral.attempt_failed"].dataschema == "ereferral/v1"
    for name, event in EVENTS.items():
        assert event.dataschema == f"{name.split('.')[0]}/v1"


def test_an_operation_goes_to_the_exchange_of_its_service_and_kind() -> None:
    """The topology of the contract."""
    exchanges = {name: operation.exchange for name, operation in OPERATIONS.items()}
    assert exchanges["referral_partner.create"] == "referrals.commands"
    assert exchanges["referral_partner.list"] == "referrals.queries"
    assert exchanges["patient.get"] == "referrals.queries"
    assert exchanges["ereferral.dispatch"] == "ereferral_dispatch.commands"
    assert exchanges["ereferral.get"] == "ereferral_dispatch.queries"


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        ("referral_partner.create", 201),
        ("referral_partner.update", 200),
        ("referral_partner.archive", 204),
        ("patient.put", 200),
        ("patient.archive", 204),
        ("referral.create", 201),
        ("referral.send", 202),
        ("referral.get", 200),
        ("ereferral.dispatch", 202),
    ],
)
def test_an_operation_has_the_status_of_its_success(operation: str, status: int) -> None:
    """200 read, updated or put; 201 created; 202 accepted for later; 204 archived."""
    assert OPERATIONS[operation].status == status
