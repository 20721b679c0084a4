"""Lists: which page, and by which filters."""

from typing import Any

import pytest

from services.edge.desk.sections import partners, sources
from services.edge.desk.sections.listing import listed, offered_partners, page_of
from tests.support.services.page_alone import alone, shown_alone
from tests.support.services.page_alone import listed as a_list


@pytest.mark.parametrize(
    ("said", "page"), [("3", 3), ("", 1), ("0", 1), ("-1", 1), ("x", 1), ("12345678", 1)]
)
def test_a_page_that_is_none_is_the_first(said: str, page: int) -> None:
    """Whatever somebody wrote into the address."""
    assert page_of(alone({}, query={"page": said})) == page


async def test_filters_are_typed_and_kept() -> None:
    """Yes and no as such, what is neither not at all; `any` takes back what is asked for else."""
    asked: dict[str, Any] = {}

    def answer(**fields: Any) -> Any:
        asked.update(fields)
        return a_list()

    query = {"search": " lake ", "is_active": "false", "spam": "maybe", "status": "any"}
    visit = alone({"partner.list": answer}, query=query)
    unless = {"status": "received"}
    shown = await listed(visit, "partner.list", ("search", "status"), ("is_active", "spam"), unless)
    assert asked == {"page": 1, "page_size": 50, "search": "lake", "is_active": False}
    assert shown["kept"] == {"search": "lake", "is_active": "false", "status": "any"}


async def test_partners_and_sources_are_lists_alike() -> None:
    """Each with its own words, and a button for another one."""
    source = {
        "id": "s-1",
        "name": "Spring Mailing",
        "category": "direct_mail",
        "patient_count": 2,
        "total_cost": 450.0,
        "is_active": False,
    }
    shown = await shown_alone(sources.PAGE, alone({"referral_source.list": a_list(source)}))
    assert "Spring Mailing Direct mail 2 450.00 ○ Inactive" in shown.text
    assert {"/desk/org_1/sources/report", "/desk/org_1/sources/new"} <= set(shown.links)
    empty = await shown_alone(partners.PAGE, alone({}))
    assert "There is no partner yet." in empty.text
    assert empty.links.count("/desk/org_1/partners/new") == 2
    none_like_it = await shown_alone(partners.PAGE, alone({}, query={"search": "x"}))
    assert "No partner is like that." in none_like_it.text


async def test_a_choice_of_thousands_has_its_first_and_the_chosen_one() -> None:
    """Two pages are asked for, whatever there is; one behind them is offered where it is meant."""
    pages: list[int] = []

    def answer(**fields: Any) -> Any:
        pages.append(fields["page"])
        start = (fields["page"] - 1) * 200
        return {"items": [{"id": str(start + n)} for n in range(200)], "total": 10_000}

    chosen = {"id": "9000"}
    visit = alone({"referral_partner.list": answer, "referral_partner.get": chosen})
    offered = await offered_partners(visit, "9000")
    assert pages == [1, 2]
    assert (len(offered), offered[0], offered[-1]) == (401, {"id": "0"}, chosen)
    assert len(await offered_partners(visit, "399")) == 400


async def test_a_list_of_thousands_leads_to_its_ends() -> None:
    """And not only to the next page."""
    page = {**a_list(), "items": [], "total": 10_000, "page": 7}
    page["items"] = [
        {
            "id": "s-1",
            "name": "Web",
            "category": "website",
            "patient_count": 0,
            "total_cost": 0.0,
            "is_active": True,
        }
    ]
    shown = await shown_alone(sources.PAGE, alone({"referral_source.list": page}))
    assert "First ← Back Page 7 of 200 On → Last" in shown.text
    assert {f"/desk/org_1/sources?page={n}" for n in (1, 6, 8, 200)} <= set(shown.links)
