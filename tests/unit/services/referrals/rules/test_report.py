"""The report's arithmetic: exact shares, one rounding, and the days that two periods have."""

import math
import time
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.problems import ProblemCode, Refusal
from services.referrals.rules.period import Period, period_of
from services.referrals.rules.report import (
    Spent,
    acquisition,
    cost_of,
    cost_per_acquisition,
    exact_sum,
    rounded_half_even,
)


def period(start: str, end: str) -> Period:
    return period_of(date.fromisoformat(start), date.fromisoformat(end))


def spent(dollars: str, start: str, end: str) -> Spent:
    return Spent(Decimal(dollars), period(start, end))


MARCH = period("2026-03-01", "2026-03-31")


@pytest.mark.parametrize(
    ("start", "end", "days", "in_march"),
    [
        ("2026-03-01", "2026-03-31", 31, 31),
        ("2026-03-15", "2026-03-15", 1, 1),
        ("2026-02-28", "2026-03-01", 2, 1),
        ("2026-03-31", "2026-04-01", 2, 1),
        ("2026-02-01", "2026-02-28", 28, 0),
        ("2026-04-01", "2026-04-30", 30, 0),
        ("2024-01-01", "2024-12-31", 366, 0),
        ("2026-01-01", "2026-12-31", 365, 31),
        ("0001-01-01", "9999-12-31", 3_652_059, 31),
    ],
)
def test_both_ends_of_a_period_belong_to_it(start: str, end: str, days: int, in_march: int) -> None:
    """A period of one day has one day; two that meet on a day share it."""
    one = period(start, end)
    assert one.days == days
    assert one.days_shared_with(MARCH) == MARCH.days_shared_with(one) == in_march


def test_a_period_does_not_end_before_it_starts() -> None:
    """422 on the end; the same day is a period."""
    with pytest.raises(Refusal) as refused:
        period("2026-03-02", "2026-03-01")
    problem = refused.value.problem
    assert problem.code is ProblemCode.VALIDATION_ERROR
    assert [(e.loc, e.type) for e in problem.errors] == [(["period_end"], "period_order")]


def test_the_contracts_own_figures() -> None:
    """600.00 in March, and 850.00 over a year of which 16 of 365 days lie in March:
    600 + 13,600 / 365 = 637.2602…, and 637.26 / 3 = 212.42."""
    cost = cost_of(
        MARCH,
        [
            spent("600.00", "2026-03-01", "2026-03-31"),
            spent("850.00", "2026-03-16", "2027-03-15"),
        ],
    )
    assert cost == 600 + Fraction(13_600, 365)
    figures = acquisition(cost, 3)
    assert figures.total_cost == Decimal("637.26")
    assert figures.new_patients == 3
    assert figures.cost_per_acquisition == Decimal("212.42")


@pytest.mark.parametrize(
    ("costs", "exact"),
    [
        ([], Fraction(0)),
        ([("100.00", "2026-03-01", "2026-03-31")], Fraction(100)),
        ([("100.00", "2026-04-01", "2026-04-30")], Fraction(0)),
        ([("0.00", "2026-03-01", "2026-03-31")], Fraction(0)),
        # 59 days from 1 February, 31 of them in March.
        ([("59.00", "2026-02-01", "2026-03-31")], Fraction(31)),
        # One of two days.
        ([("0.01", "2026-03-31", "2026-04-01")], Fraction(1, 200)),
        # Thirds that make a whole: one of three days, twice, and two of three days, twice.
        (
            [
                ("1.00", "2026-02-27", "2026-03-01"),
                ("1.00", "2026-02-27", "2026-03-01"),
                ("1.00", "2026-03-30", "2026-04-01"),
                ("1.00", "2026-03-30", "2026-04-01"),
            ],
            Fraction(2),
        ),
        # Overlaps count twice: the money was spent twice.
        (
            [("10.00", "2026-03-01", "2026-03-10"), ("10.00", "2026-03-01", "2026-03-10")],
            Fraction(20),
        ),
    ],
)
def test_a_cost_counts_by_the_days_that_it_shares(
    costs: Sequence[tuple[str, str, str]], exact: Fraction
) -> None:
    """Its amount times the shared days by all its days, and no rounding before the sum."""
    assert cost_of(MARCH, [spent(*cost) for cost in costs]) == exact


@pytest.mark.parametrize(
    ("dollars", "rounded"),
    [
        (Fraction(1, 200), "0.00"),  # half a cent: between 0 and 1, to the even 0
        (Fraction(3, 200), "0.02"),  # between 1 and 2, to the even 2
        (Fraction(5, 200), "0.02"),  # between 2 and 3, to the even 2
        (Fraction(5, 200) + Fraction(1, 10**30), "0.03"),
        (Fraction(5, 200) - Fraction(1, 10**30), "0.02"),
        (Fraction(2, 3), "0.67"),
        (Fraction(10**15) + Fraction(1, 100), "1000000000000000.01"),
    ],
)
def test_a_cost_is_rounded_once_and_half_to_even(dollars: Fraction, rounded: str) -> None:
    """A difference that no float sees still decides."""
    assert rounded_half_even(dollars) == Decimal(rounded)
    assert str(rounded_half_even(dollars)) == rounded


@pytest.mark.parametrize(
    ("total_cost", "new_patients", "each"),
    [
        ("637.26", 3, "212.42"),
        ("100.00", 3, "33.33"),
        ("200.00", 3, "66.67"),
        ("0.01", 2, "0.01"),  # half a cent goes up
        ("0.03", 2, "0.02"),
        ("0.05", 2, "0.03"),  # to the even one it would be 0.02
        ("0.01", 3, "0.00"),
        ("0.00", 5, "0.00"),
        ("9999999999.99", 1, "9999999999.99"),
    ],
)
def test_the_cost_of_a_new_patient_is_rounded_half_up(
    total_cost: str, new_patients: int, each: str
) -> None:
    """The rounded total by the patients, to cents."""
    assert str(cost_per_acquisition(Decimal(total_cost), new_patients)) == each


def test_without_new_patients_there_is_no_cost_of_one() -> None:
    """Null, whether money was spent or not."""
    assert cost_per_acquisition(Decimal("10.00"), 0) is None
    assert cost_per_acquisition(Decimal("0.00"), 0) is None


def test_the_total_is_of_the_exact_sum() -> None:
    """Three sources with a third of a cent each: nothing by themselves, one cent together."""
    third = cost_of(MARCH, [spent("0.01", "2026-02-27", "2026-03-01")])
    assert acquisition(third, 0).total_cost == Decimal("0.00")
    assert acquisition(exact_sum([third, third, third]), 0).total_cost == Decimal("0.01")


days = st.dates(date(1990, 1, 1), date(2060, 12, 31))
periods = st.tuples(days, st.integers(0, 1_500)).map(
    lambda pair: Period(pair[0], pair[0] + timedelta(pair[1]))
)
amounts = st.integers(0, 10**12 - 1).map(lambda cents: Decimal(cents).scaleb(-2))
spendings = st.lists(st.builds(Spent, amounts, periods), max_size=12)


@given(costs=spendings, whole=periods, cuts=st.lists(days, max_size=6))
def test_the_parts_of_a_split_period_sum_to_the_whole(
    costs: list[Spent], whole: Period, cuts: list[date]
) -> None:
    """However a period is cut, its parts cost together exactly what it costs, and have its days."""
    starts = sorted({whole.start, *(cut for cut in cuts if whole.start < cut <= whole.end)})
    ends = [start - timedelta(1) for start in starts[1:]] + [whole.end]
    parts = [Period(start, end) for start, end in zip(starts, ends, strict=True)]
    assert sum(part.days for part in parts) == whole.days
    assert exact_sum([cost_of(part, costs) for part in parts]) == cost_of(whole, costs)
    for one in costs:
        shared = sum(one.period.days_shared_with(part) for part in parts)
        assert shared == one.period.days_shared_with(whole)


@given(costs=spendings)
def test_a_period_that_holds_all_costs_costs_their_sum(costs: list[Spent]) -> None:
    """No money is lost or made."""
    everything = Period(date.min, date.max)
    assert cost_of(everything, costs) == sum(Fraction(one.amount) for one in costs)


@given(costs=spendings, within=periods)
def test_what_counts_of_a_cost_lies_between_nothing_and_all_of_it(
    costs: list[Spent], within: Period
) -> None:
    """And days without a cost add nothing."""
    for one in costs:
        share = cost_of(within, [one])
        assert 0 <= share <= Fraction(one.amount)
        assert (share == 0) == (not one.amount or not one.period.days_shared_with(within))


def test_ten_thousand_costs_of_different_lengths_are_summed_at_once() -> None:
    """Each brings a denominator of its own; added one after the other this takes many seconds."""
    costs = [
        Spent(Decimal("100.01"), Period(MARCH.start, MARCH.start + timedelta(n)))
        for n in range(31, 10_031)
    ]
    started = time.monotonic()
    cost = cost_of(MARCH, costs)
    assert time.monotonic() - started < 2
    # 31 days of each, and floats are good enough to tell 17,868.50 from its neighbours.
    assert float(cost) == pytest.approx(math.fsum(31 * 100.01 / n for n in range(32, 10_032)))
    assert rounded_half_even(cost) == Decimal("17868.50")
