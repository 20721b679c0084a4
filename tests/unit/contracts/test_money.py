"""Money: exact from the wire to the wire, two decimals, and nothing that has to be rounded."""

import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from contracts.money import Money
from contracts.referral_source import ReferralSource, SourceCategory
from contracts.shapes import Listing
from contracts.values import parse_time
from messaging.wire.envelope import read_body
from tests.unit.contracts.judging import refusal, taken


def from_json(text: str) -> Any:
    """The value as a message's body brings it."""
    return read_body(b'{"value": ' + text.encode() + b"}")["value"]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        *(("0", "0.00"), ("0.0", "0.00"), ("-0", "0.00"), ("-0.00", "0.00"), ('"0"', "0.00")),
        *(("1", "1.00"), ("1234.5", "1234.50"), ("1234.50", "1234.50"), ("0.01", "0.01")),
        *(('"1234.5"', "1234.50"), ('"1234.50"', "1234.50"), ('"007"', "7.00")),
        # An exponent writes no decimals: 1E2 is a hundred, 1.25E1 twelve and a half.
        *(("1E2", "100.00"), ("1e+2", "100.00"), ("1.25E1", "12.50"), ("1E-2", "0.01")),
        ("9999999999.99", "9999999999.99"),
        ('"9999999999.99"', "9999999999.99"),
        ("0.29", "0.29"),  # As a float it is a little less than 29 cents.
    ],
)
def test_money_comes_in_exact(text: str, amount: str) -> None:
    """A JSON number or a decimal string, as it is written."""
    held = taken(Money, from_json(text))
    assert held == Decimal(amount)
    assert TypeAdapter(Money).dump_json(held) == f'"{amount}"'.encode()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        *(("-0.01", "greater_than_equal"), ("-1", "greater_than_equal")),
        ('"-0.01"', "greater_than_equal"),
        *(("10000000000", "less_than"), ('"10000000000"', "less_than"), ("1E10", "less_than")),
        *(("1E999999", "less_than"), ("9" * 400, "less_than")),
        # A third decimal is refused, not rounded, even one that says nothing.
        *(("0.001", "decimal_max_places"), ("1.005", "decimal_max_places")),
        *(("1.500", "decimal_max_places"), ('"1.500"', "decimal_max_places")),
        *(("1E-3", "decimal_max_places"), ("0.000", "decimal_max_places")),
        ("1E-999999", "decimal_max_places"),
        *(('"NaN"', "decimal_parsing"), ('"Infinity"', "decimal_parsing")),
        *(('"-Infinity"', "decimal_parsing"), ('"sNaN"', "decimal_parsing")),
        *(('"1e2"', "decimal_parsing"), ('"1E2"', "decimal_parsing"), ('""', "decimal_parsing")),
        *(('" 1"', "decimal_parsing"), ('"1 "', "decimal_parsing"), ('"+1"', "decimal_parsing")),
        *(('".5"', "decimal_parsing"), ('"5."', "decimal_parsing"), ('"1,50"', "decimal_parsing")),
        *(('"1_000"', "decimal_parsing"), ('"0x10"', "decimal_parsing")),
        *(
            ('"$5"', "decimal_parsing"),
            ('"１２"', "decimal_parsing"),
            ('"1\\n"', "decimal_parsing"),
        ),
        *(("true", "decimal_type"), ("false", "decimal_type"), ("null", "decimal_type")),
        *(("[1]", "decimal_type"), ('{"a": 1}', "decimal_type")),
    ],
)
def test_what_is_not_an_exact_amount_of_money_is_refused(text: str, error: str) -> None:
    """Finite, not negative, less than ten thousand million, at most two decimals; never rounded."""
    assert refusal(Money, from_json(text)) == error


@given(cents=st.integers(0, 10**12 - 1), as_text=st.booleans())
def test_every_amount_in_cents_goes_out_as_it_came_in(cents: int, as_text: bool) -> None:
    """Two decimals in, the same two out."""
    written = f"{cents // 100}.{cents % 100:02}"
    held = taken(Money, from_json(f'"{written}"' if as_text else written))
    assert TypeAdapter(Money).dump_json(held) == f'"{written}"'.encode()


@pytest.mark.parametrize(
    "total",
    [
        "0.00",
        "1234.50",
        "0.10",
        "637.26",
        "9999999999.99",
        "499999999999999.99",
        "123456789012345678.91",
    ],
)
def test_a_sources_total_cost_goes_out_as_an_exact_number(total: str) -> None:
    """A JSON number, digit for digit; in a list too. A float would lose the last one's cents."""
    at = parse_time("2026-01-01T00:00:00Z")
    source = ReferralSource.model_construct(
        id=UUID("0192d4e0-7b1a-7c3d-8e4f-123456789abc"),
        version=1,
        created_at=at,
        updated_at=at,
        name="Billboard",
        category=SourceCategory.SIGNAGE,
        sort_order=1,
        patient_count=0,
        total_cost=Decimal(total),
    )
    listing = Listing.model_construct(items=[source], page=1, page_size=50, total=1)
    for shown in (
        json.loads(source.to_json(), parse_float=Decimal),
        json.loads(listing.to_json(), parse_float=Decimal)["items"][0],
    ):
        assert shown["total_cost"] == Decimal(total)
        assert shown["category"] == "signage"
        assert shown["created_at"] == "2026-01-01T00:00:00Z"
        assert set(shown) == set(ReferralSource.model_fields)
