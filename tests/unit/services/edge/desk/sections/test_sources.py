"""The report of sources: a cost of which a part counts is explained beside the figure."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.edge.desk.sections import sources
from services.edge.desk.sections.sources import Cut, cut_of
from tests.support.services.page_alone import alone, listed, shown_alone

FIRST, LAST = date(2026, 9, 1), date(2026, 11, 29)


def cost(amount: str, start: str, end: str) -> dict[str, Any]:
    """One cost of these days, both included."""
    return {"amount": amount, "period_start": start, "period_end": end}


@pytest.mark.parametrize(
    ("costs", "cut"),
    [
        ([cost("450.00", "2026-11-01", "2026-11-30")], Cut(Decimal(450), (29, 30))),
        ([cost("450.00", "2026-11-01", "2026-11-29")], None),
        ([cost("90.00", "2026-08-31", "2026-09-01")], Cut(Decimal(90), (1, 2))),
        ([cost("7.00", "2026-12-01", "2026-12-31")], None),
        ([], None),
        (
            [
                cost("450.00", "2026-11-01", "2026-11-30"),
                cost("50.00", "2026-10-01", "2026-10-31"),
                cost("7.00", "2026-12-01", "2026-12-31"),
            ],
            Cut(Decimal(500), (29, 30)),
        ),
        (
            [
                cost("450.00", "2026-11-01", "2026-11-30"),
                cost("50.00", "2026-01-01", "2026-12-31"),
            ],
            Cut(Decimal(500), None),
        ),
    ],
)
def test_what_of_a_cost_counts_is_told(costs: list[dict[str, Any]], cut: Cut | None) -> None:
    """By the days that it shares with the period; one that shares none is not of it."""
    assert cut_of(costs, FIRST, LAST) == cut


async def test_the_page_says_why_it_is_not_the_whole_amount() -> None:
    """Beside the figure, and how the whole of it counts."""
    figures = {"total_cost": "435.00", "new_patients": 0, "cost_per_acquisition": None}
    report = {
        "period_start": "2026-09-01",
        "period_end": "2026-11-29",
        "items": [
            {
                "referral_source": {"uuid": "s-1", "name": "Spring Mailing"},
                "category": "direct_mail",
                **figures,
            }
        ],
        "total": figures,
    }
    answers = {
        "referral_source.report": report,
        "referral_source_cost.list": listed(cost("450.00", "2026-11-01", "2026-11-30")),
    }
    page = await shown_alone(sources.REPORT, alone(answers))
    assert "435.00 of 450.00 · 29 of 30 days" in page.text
    assert "Only the days from From to To count" in page.text
    whole = {**answers, "referral_source_cost.list": listed()}
    assert (
        "Only the days from From to To count"
        not in (await shown_alone(sources.REPORT, alone(whole))).text
    )
