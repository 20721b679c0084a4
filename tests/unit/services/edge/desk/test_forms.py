"""Forms as the fields of messages."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.edge.desk.forms import Form, fields_of, read_form
from services.edge.problems import HttpProblem

ZONE = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("operation", "said", "fields"),
    [
        (
            "referral.create",
            "reason=Root+canal&teeth=3&teeth=14&notes=&respond_by=2026-12-01T09:30&_csrf=x",
            {
                "reason": "Root canal",
                "teeth": ["3", "14"],
                "respond_by": "2026-12-01T09:30:00+01:00",
            },
        ),
        (
            "referral_partner.update",
            "base_version=3&email=&first_name=&is_active=false&is_active=true",
            {"base_version": 3, "email": None, "first_name": None, "is_active": True},
        ),
        (
            "referral_source.update",
            "name=&base_version=three",
            {"name": "", "base_version": "three"},
        ),
        (
            "referral_source_cost.create",
            "amount=12.50&notes=a%0D%0Ab",
            {"amount": "12.50", "notes": "a\nb"},
        ),
        ("referral.create", "teeth=", {}),
        ("referral.update", "teeth=", {"teeth": None}),
        ("referral.cancel", "unheard_of=1", {"unheard_of": "1"}),
    ],
)
def test_a_form_is_typed_as_its_contract_types(
    operation: str, said: str, fields: dict[str, Any]
) -> None:
    """Empty is left out, or null where a change may clear it; what cannot be read stays text."""
    assert fields_of(operation, read_form(said.encode()), ZONE) == fields


def test_what_is_no_form_is_refused() -> None:
    """400, and nothing is guessed."""
    for body in (b"\xff", b"a=%ff", b"&".join(b"a=1" for _ in range(501))):
        with pytest.raises(HttpProblem) as refused:
            read_form(body)
        assert refused.value.status == 400


def test_the_last_value_of_a_name_counts() -> None:
    """A check box stands behind the hidden field that says no."""
    form = Form([("on", "false"), ("on", "true"), ("_csrf", "x")])
    assert (form.get("on"), form.all("on"), form.get("off")) == ("true", ["false", "true"], "")
    assert form.names == ["on"]
