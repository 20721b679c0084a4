"""A period's marketing costs, exactly, and the cost of each new patient.

Everything is summed in fractions and rounded once: shares that were rounded first would drift from
the money that was spent. Source: docs/contract/wire.md#report.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from contracts.money import DECIMALS
from contracts.referral_source import AcquisitionFigures
from services.referrals.rules.period import Period

_CENTS = 10**DECIMALS


@dataclass(frozen=True, slots=True)
class Spent:
    """An amount of dollars, in whole cents, that was spent evenly over the days of a period."""

    amount: Decimal
    period: Period


def cost_of(period: Period, spent: Iterable[Spent]) -> Fraction:
    """What falls into the period, in dollars: each amount by the days that it shares with it."""
    cent_days: dict[int, int] = defaultdict(int)
    for one in spent:
        shared = one.period.days_shared_with(period)
        cent_days[one.period.days] += int(one.amount * _CENTS) * shared
    return exact_sum([Fraction(n, _CENTS * days) for days, n in cent_days.items()])


def exact_sum(parts: Sequence[Fraction]) -> Fraction:
    """Their sum, halves first: one after the other, each would carry the whole denominator along,
    and costs of many different lengths would take minutes."""
    if len(parts) <= 2:
        return sum(parts, Fraction())
    middle = len(parts) // 2
    return exact_sum(parts[:middle]) + exact_sum(parts[middle:])


def rounded_half_even(dollars: Fraction) -> Decimal:
    """To cents; what lies exactly between two goes to the even one."""
    return _cents(round(dollars * _CENTS))


def acquisition(cost: Fraction, new_patients: int) -> AcquisitionFigures:
    """The three figures of a source, or of all of them; `cost` is not rounded yet."""
    total_cost = rounded_half_even(cost)
    return AcquisitionFigures.model_construct(
        total_cost=total_cost,
        new_patients=new_patients,
        cost_per_acquisition=cost_per_acquisition(total_cost, new_patients),
    )


def cost_per_acquisition(total_cost: Decimal, new_patients: int) -> Decimal | None:
    """The rounded total by the new patients, to cents, half-up; None where there are none."""
    if not new_patients:
        return None
    exact = Fraction(total_cost) * _CENTS / new_patients
    return _cents((2 * exact.numerator + exact.denominator) // (2 * exact.denominator))


def _cents(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-DECIMALS)
