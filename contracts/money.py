"""Money, exact from the wire to the column and back: a Decimal with two decimals, never a float.

Source: docs/contract/wire.md#money.
"""

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

DECIMALS = 2
LIMIT = Decimal(10_000_000_000)
"""Every amount is less."""

CENT = Decimal("0.01")
_WORDS = "Must be a number, or a decimal in a string such as 1234.50"
# As a JSON number is written, without an exponent; also without a sign that nothing allowed needs.
_DECIMAL_STRING = re.compile(r"-?\d{1,64}(\.\d{1,64})?", re.ASCII)


def parse_money(value: Any) -> Decimal:
    """An amount from a JSON number or a decimal string: finite, ≥ 0, < LIMIT, at most 2 decimals.

    A third decimal is refused even where it is zero: nothing is rounded. Raises
    PydanticCustomError.
    """
    amount = _number(value)
    if not amount.is_finite():
        raise PydanticCustomError("finite_number", "Must be a finite amount")
    if amount < 0:
        raise PydanticCustomError("greater_than_equal", "Must be 0 or more")
    if amount >= LIMIT:
        raise PydanticCustomError("less_than", "Must be less than {lt}", {"lt": f"{LIMIT:,}"})
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -DECIMALS:
        raise PydanticCustomError("decimal_max_places", "Must have at most 2 decimals")
    return abs(amount).quantize(CENT)  # abs: JSON has a -0.


def _number(value: Any) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str):
        if _DECIMAL_STRING.fullmatch(value):
            return Decimal(value)
        raise PydanticCustomError("decimal_parsing", _WORDS)
    raise PydanticCustomError("decimal_type", _WORDS)


def format_money(amount: Decimal) -> str:
    """With its two decimals and nothing else: `1234.50`."""
    return f"{amount:.2f}"


Money = Annotated[
    Decimal,
    BeforeValidator(parse_money),
    PlainSerializer(format_money, return_type=str, when_used="json"),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "exclusiveMaximum": int(LIMIT)},
                {"type": "string", "pattern": r"^0*[0-9]{1,10}(\.[0-9]{1,2})?$"},
            ]
        },
        mode="validation",
    ),
]
"""An amount of dollars: in as a JSON number or a decimal string, out as `"1234.50"`."""
