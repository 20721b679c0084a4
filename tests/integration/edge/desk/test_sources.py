"""The pages of sources: what each costs, and what a new patient costs by each."""

import csv
from typing import Any

import pytest

from tests.support.services.both import Both
from tests.support.services.desk import at_the_desk
from tests.support.services.edge import Caller, RunningEdge
from tests.support.services.referrals import Org

NOVEMBER = "period_start=2026-11-01&period_end=2026-11-30"


@pytest.fixture
def org(both: Both, caller: Caller) -> Org:
    """The caller's org, asked over the broker."""
    return both.referrals.org(caller.org_id)


async def test_a_source_and_its_costs_are_written_down(edge: RunningEdge, caller: Caller) -> None:
    """Made, costed, mended, archived; a third decimal is refused beside its field."""
    visitor = await at_the_desk(edge, caller.org_id)
    assert "There is no source yet." in (await visitor.open("/sources")).text
    form = (await visitor.open("/sources/new")).form("referral_source.create")
    made = await visitor.press(form, name="Spring mailing", category="direct_mail")
    assert "The source is there." in made.text
    cost = made.form("referral_source_cost.create")
    days: dict[str, Any] = {"period_start": "2026-11-01", "period_end": "2026-11-30"}
    wrong = await visitor.press(cost, amount="100.005", **days)
    assert (wrong.status, 'id="cost-new-amount-wrong1"' in wrong.html) == (422, True)
    kept = wrong.form("referral_source_cost.create")
    assert kept.value("period_start") == "2026-11-01"
    added = await visitor.press(kept, amount="100.50")
    assert "The cost is written down." in added.text and "Costs 100.50" in added.text
    mended = await visitor.press(added.form("referral_source_cost.update"), amount="90")
    assert "Costs 90.00" in mended.text
    saved = await visitor.press(mended.form("referral_source.update"), description="To all")
    assert "Saved." in saved.text
    gone = await visitor.press(saved.form("referral_source_cost.archive"))
    assert "Nothing was spent on it yet." in gone.text
    archived = await visitor.press(gone.form("referral_source.archive"))
    assert "The source is archived." in archived.text
    assert "There is no source yet." in archived.text


async def test_a_stale_source_shows_what_it_says_now(edge: RunningEdge, caller: Caller) -> None:
    """Nothing that was typed is lost."""
    source = await caller.source()
    visitor = await at_the_desk(edge, caller.org_id)
    path = f"/sources/{source['id']}"
    late = (await visitor.open(path)).form("referral_source.update")
    await visitor.press((await visitor.open(path)).form("referral_source.update"), name="Sign")
    refused = await visitor.press(late, name="Banner")
    assert (refused.status, "Name: Sign" in refused.text) == (409, True)
    assert refused.form("referral_source.update").value("name") == "Banner"


async def test_the_report_is_the_same_in_bars_figures_and_csv(
    edge: RunningEdge, caller: Caller, org: Org
) -> None:
    """637.26 for 3 patients are 212.42 each; what nobody came by has no bar. A name that a
    spreadsheet would run is a text."""
    ads = await caller.source(name="=Ads", category="digital_advertising")
    await caller.source(name="Sign")
    path = f"/referral-sources/{ads['id']}/costs"
    days = {"period_start": "2026-11-01", "period_end": "2026-11-30"}
    await caller.made(path, {"amount": "637.26", **days})
    for _ in range(3):
        patient = await org.patient()
        await caller.made(
            f"/patients/{patient['id']}/referral-attributions",
            {"referral_source_uuid": ads["id"], "attributed_at": "2026-11-05T09:00:00Z"},
        )
    visitor = await at_the_desk(edge, caller.org_id)
    page = await visitor.open(f"/sources/report?{NOVEMBER}")
    assert "637.26 Cost 3 New patients 212.42 Cost per acquisition" in page.text
    assert page.html.count('<rect class="bar"') == 1
    leads = next(link for link in page.links if "report.csv" in link)
    written = await visitor.ask("GET", leads)
    assert written.headers["content-type"] == "text/csv; charset=utf-8"
    assert (
        'filename="cost-per-acquisition-2026-11-01-2026-11-30.csv"'
        in (written.headers["content-disposition"])
    )
    rows = list(csv.reader(written.html.lstrip("\ufeff").splitlines()))
    assert rows == [
        ["Source", "Category", "Cost", "New patients", "Cost per acquisition"],
        ["'=Ads", "Digital advertising", "637.26", "3", "212.42"],
        ["Sign", "Walk-in", "0.00", "0", ""],
        ["All sources", "", "637.26", "3", "212.42"],
    ]


async def test_a_report_of_no_days_says_what_is_wrong(edge: RunningEdge, caller: Caller) -> None:
    """The dates stay where they were typed."""
    visitor = await at_the_desk(edge, caller.org_id)
    page = await visitor.open("/sources/report?period_start=2026-12-01&period_end=2026-11-01")
    assert "Please look at this again" in page.text
    assert 'value="2026-12-01"' in page.html


async def test_who_may_only_read_sources_sees_no_form(edge: RunningEdge, caller: Caller) -> None:
    """Neither of the source, nor of its costs; the report needs its own right."""
    source = await caller.source()
    reader = await at_the_desk(edge, caller.org_id, operations=["*.list", "*.get"])
    page = await reader.open(f"/sources/{source['id']}")
    assert page.status == 200
    assert not any(page.does(f"referral_source{one}") for one in (".update", ".archive"))
    assert not page.does("referral_source_cost.create")
    assert (await reader.open("/sources/report")).status == 403
    assert (await reader.open("/sources/new")).status == 403
