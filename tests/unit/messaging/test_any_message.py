"""Whatever JSON a client sends to whatever operation: it is taken or refused, and nothing else."""

import json
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.operations import OPERATIONS
from contracts.problems import Refusal
from messaging.handling import parse
from services.referrals.handlers import COMMAND_HANDLERS

TEXTS = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=()), max_size=20),
    st.sampled_from(
        [
            *("", " ", "\x00", "\ud800", "+12025550143", "(202) 555-0143", "https://[", "mailto:@"),
            *("2026-01-05T08:00:00Z", "0001-01-01T00:00:00+01:00", "2026-02-30", "1234567893"),
            *("0192d4e0-7b1a-7c3d-8e4f-123456789abc", "provider", "portal", "US", "a@b.example"),
            *("1e400", "12.345", "-1", "NaN", "14", "primary", "walk_in"),
        ]
    ),
)
NUMBERS = st.one_of(
    st.integers(),
    st.integers(min_value=10**30, max_value=10**40).map(Decimal),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.sampled_from([Decimal("1e999999"), Decimal("-0.0"), Decimal("1E-999999"), 2**63, -(2**63)]),
)
SIMPLE = st.none() | st.booleans() | NUMBERS | TEXTS
JSON = (
    SIMPLE | st.lists(SIMPLE, max_size=2) | st.dictionaries(TEXTS, SIMPLE, min_size=1, max_size=2)
)


@settings(max_examples=200)
@given(operation=st.sampled_from(sorted(OPERATIONS)), data=st.data())
def test_no_message_makes_a_contract_fall_over(operation: str, data: st.DataObject) -> None:
    """Its own fields and unknown ones with any value; a refusal is 422 and can be sent."""
    request = OPERATIONS[operation].request
    names = st.sampled_from(sorted(request.model_fields)) | TEXTS
    payload: dict[str, Any] = data.draw(st.dictionaries(names, JSON, max_size=5))
    payload["org_id"] = "org_1"
    handler = COMMAND_HANDLERS.get(operation)
    try:
        message = parse(request, payload)
        if handler is not None and handler.check is not None:
            handler.check(message)
    except Refusal as refusal:
        told = json.loads(refusal.problem.model_dump_json())
    else:
        return
    assert told["code"] == "validation_error"
    assert told["errors"]
