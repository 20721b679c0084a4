"""The values of a field of a form outside."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from contracts.intake_row import IntakeRow, full_name, parse_scalar

ROW = {"first_name": "Alice", "surname": "Smith", "org_type_id": 1}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("  a\r\nb ", "a\nb"),
        ("e\u0301", "\u00e9"),
        (" \u200b", None),
        (None, None),
        (True, True),
        (0, 0),
        (2**63 - 1, 2**63 - 1),
        (-(2**63), -(2**63)),
        (1.5, 1.5),
        (Decimal("0.10"), 0.1),
        (Decimal("1e300"), 1e300),
        ("x" * 2_000, "x" * 2_000),
    ],
)
def test_a_scalar_is_kept(given: Any, kept: Any) -> None:
    """A text as every text is; a fraction as a double, however many digits it came with."""
    found = parse_scalar(given)
    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ("x" * 2_001, "string_too_long"),
        ("a\x00", "text_characters"),
        (2**63, "scalar_type"),
        (-(2**63) - 1, "scalar_type"),
        (float("nan"), "scalar_type"),
        (Decimal("1e400"), "scalar_type"),
        ([], "scalar_type"),
        ({}, "scalar_type"),
    ],
)
def test_what_is_no_scalar_is_refused(given: Any, kind: str) -> None:
    """Nothing that a JSON reader would change."""
    with pytest.raises(PydanticCustomError) as refused:
        parse_scalar(given)
    assert refused.value.type == kind


@pytest.mark.parametrize("name", ["org_type_id", "source", "referral_role", "project"])
@pytest.mark.parametrize(("given", "kept"), [(7, "7"), (-1, "-1"), ("07", "07"), (" A ", "A")])
def test_an_id_is_kept_as_text(name: str, given: Any, kept: str) -> None:
    """A number without a zero that it did not have, a text with one that it had."""
    row = IntakeRow.model_validate({**ROW, "referral_role": "1", name: given})
    assert getattr(row, name) == kept


def test_both_names_fit_into_a_patients_name() -> None:
    """So that no row is staged whom nobody could accept."""
    row = IntakeRow.model_validate({**ROW, "first_name": "a" * 99, "surname": "b" * 100})
    assert len(full_name(row.first_name, row.surname)) == 200
    with pytest.raises(ValidationError):
        IntakeRow.model_validate({**ROW, "first_name": "a" * 100, "surname": "b" * 100})
