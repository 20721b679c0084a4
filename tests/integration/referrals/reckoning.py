"""A report's figures, reckoned as one would by hand: day by day and in whole cents."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any


def share_of(first: date, last: date) -> Callable[[dict[str, Any]], Fraction]:
    """What of a cost falls into the period, counted day by day."""

    def of(cost: dict[str, Any]) -> Fraction:
        length: int = (cost["last"] - cost["first"]).days + 1
        days = [cost["first"] + timedelta(days=n) for n in range(length)]
        return Fraction(cost["amount"]) * Fraction(
            sum(first <= day <= last for day in days), length
        )

    return of


def half_even(dollars: Fraction) -> str:
    """To cents; from the very middle to the even one."""
    cents, rest = divmod(dollars * 100, 1)
    cents += rest > Fraction(1, 2) or (rest == Fraction(1, 2) and cents % 2 == 1)
    return f"{Decimal(cents).scaleb(-2):.2f}"
