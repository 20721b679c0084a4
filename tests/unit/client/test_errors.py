"""Refusals as classes: one for each status, whichever code comes."""

import pytest

from client import errors
from client.errors import refused_class
from contracts.problems import ProblemCode


@pytest.mark.parametrize("code", ProblemCode)
def test_each_code_of_the_contract_has_the_class_of_its_status(code: ProblemCode) -> None:
    """None falls through: a new status in the contract needs a class here."""
    refused = refused_class(code.status, code)
    assert code.status in refused.statuses


@pytest.mark.parametrize(
    ("status", "code", "refused"),
    [
        (404, "patient_not_found", errors.NotFound),
        (409, "version_conflict", errors.VersionConflict),
        (409, "already_exists", errors.Conflict),
        (422, "validation_error", errors.ValidationFailed),
        (422, "partner_inactive", errors.Invalid),
        (409, "a_code_of_tomorrow", errors.Conflict),
        (418, "a_status_of_tomorrow", errors.Refused),
    ],
)
def test_a_refusal_has_its_class(status: int, code: str, refused: type[errors.Refused]) -> None:
    """What is not known yet has the class of its status, or the class of all refusals."""
    assert refused_class(status, code) is refused
    assert issubclass(refused, errors.HandoffError)
