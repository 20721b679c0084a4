"""Replies: `data` or `problem`, and never both."""

import json

import pytest
from pydantic import ValidationError

from contracts.problems import FieldError, Problem, ProblemCode, Refusal, invalid, not_found
from contracts.replies import Reply


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
            "detail": "npi: m.",
            "errors": [{"loc": ["npi"], "type": "npi_checksum", "msg": "m"}],
        },
    }
    missing = not_found(ProblemCode.PATIENT_NOT_FOUND, ["patient_uuid"])
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
