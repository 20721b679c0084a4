"""The report: what a period's marketing cost, whom it brought, and the one by the other."""

import time
from datetime import UTC, datetime
from typing import Any

import asyncpg

from tests.integration.referrals.marketing import Marketing, uuid_and_name
from tests.support.database.urls import plain_url
from tests.support.services.referrals import Referrals


async def backdate(referrals: Referrals, attribution: dict[str, Any], attributed_at: str) -> None:
    """Make an attribution that was recorded then: the service records them as of now alone."""
    database = await asyncpg.connect(plain_url(referrals.database_url))
    try:
        moved = await database.execute(
            "UPDATE referrals.referral_attribution SET attributed_at = $1 WHERE id = $2",
            datetime.fromisoformat(attributed_at),
            attribution["id"],
        )
        assert moved == "UPDATE 1"
    finally:
        await database.close()


async def brought(
    org: Marketing, referrals: Referrals, source: dict[str, Any], at: str, **fields: Any
) -> dict[str, Any]:
    """A new patient of this source, recorded at that time."""
    attribution = await org.attribution(
        await org.patient(), referral_source_uuid=source["id"], **fields
    )
    await backdate(referrals, attribution, at)
    return attribution


async def test_the_contracts_own_figures(org: Marketing, referrals: Referrals) -> None:
    """600.00 in March, 850.00 over a year of which 16 of 365 days lie in March, three patients:
    637.26 and 212.42 each. A radio spot of 31.00 over 31 February and March days brings nobody."""
    ads = await org.source(name="Google Ads", category="digital_advertising")
    radio = await org.source(name="Radio", category="tv_radio")
    await org.cost(ads, amount="600.00")
    await org.cost(ads, amount="850.00", period_start="2026-03-16", period_end="2027-03-15")
    await org.cost(radio, amount="31.00", period_start="2026-02-28", period_end="2026-03-30")
    for at in ("2026-03-01T00:00:00Z", "2026-03-15T12:00:00Z", "2026-03-31T23:59:59.999999Z"):
        await brought(org, referrals, ads, at)
    # Not in March in UTC, although in March by some clock.
    await brought(org, referrals, ads, "2026-02-28T23:59:59.999999Z")
    await brought(org, referrals, ads, "2026-04-01T00:00:00Z")
    # New by another source, or by none of the marketing.
    await brought(org, referrals, ads, "2026-03-10T00:00:00Z", attribution_role="assist")
    answered = await org.report("2026-03-01", "2026-03-31")
    assert answered.status == 200
    assert answered.data == {
        "period_start": "2026-03-01",
        "period_end": "2026-03-31",
        "items": [
            {
                "referral_source": uuid_and_name(ads, "Google Ads"),
                "category": "digital_advertising",
                "total_cost": "637.26",
                "new_patients": 3,
                "cost_per_acquisition": "212.42",
            },
            {
                "referral_source": uuid_and_name(radio, "Radio"),
                "category": "tv_radio",
                "total_cost": "30.00",
                "new_patients": 0,
                "cost_per_acquisition": None,
            },
        ],
        # 600 + 13,600/365 + 30 = 667.2602…; 667.26 / 3 = 222.42.
        "total": {"total_cost": "667.26", "new_patients": 3, "cost_per_acquisition": "222.42"},
    }


async def test_an_org_without_sources_has_an_empty_report(org: Marketing) -> None:
    """No items, nothing spent, nobody brought."""
    assert (await org.report("2026-03-01", "2026-03-01")).data == {
        "period_start": "2026-03-01",
        "period_end": "2026-03-01",
        "items": [],
        "total": {"total_cost": "0.00", "new_patients": 0, "cost_per_acquisition": None},
    }


async def test_the_total_is_of_the_exact_sum(org: Marketing) -> None:
    """Three sources with a third of a cent each: 0.00 each, 0.01 together."""
    for _ in range(3):
        source = await org.source()
        await org.cost(source, amount="0.01", period_start="2026-02-27", period_end="2026-03-01")
    report = (await org.report("2026-03-01", "2026-03-31")).data
    assert [item["total_cost"] for item in report["items"]] == ["0.00"] * 3
    assert report["total"]["total_cost"] == "0.01"


async def test_a_share_between_two_cents_goes_to_the_even_one(org: Marketing) -> None:
    """Half of 0.01 is nothing, half of 0.03 is 0.02; and half of 0.05 too."""
    for amount in ("0.01", "0.03", "0.05"):
        source = await org.source()
        await org.cost(source, amount=amount, period_start="2026-03-31", period_end="2026-04-01")
    report = (await org.report("2026-03-01", "2026-03-31")).data
    assert [item["total_cost"] for item in report["items"]] == ["0.00", "0.02", "0.02"]
    # 0.005 + 0.015 + 0.025 = 0.045: between 4 and 5 cents, to 4.
    assert report["total"]["total_cost"] == "0.04"


async def test_what_is_archived_does_not_count(org: Marketing, referrals: Referrals) -> None:
    """Sources with their costs and patients, costs, attributions; and who is no longer primary."""
    kept, gone = await org.source(name="Kept"), await org.source(name="Gone")
    for source in (kept, gone):
        await org.cost(source)
        await brought(org, referrals, source, "2026-03-02T00:00:00Z")
    await org.archive("referral_source_cost", await org.cost(kept, amount=7))
    lost = await brought(org, referrals, kept, "2026-03-02T00:00:00Z")
    await org.archive("referral_attribution", lost)
    second = await brought(org, referrals, kept, "2026-03-02T00:00:00Z")
    await org.ask(
        "referral_attribution.update",
        patient_uuid=second["patient"]["uuid"],
        attribution_uuid=second["id"],
        base_version=1,
        attribution_role="secondary",
    )
    await org.archive("referral_source", gone)
    report = (await org.report("2026-03-01", "2026-03-31")).data
    (item,) = report["items"]
    assert item["referral_source"]["name"] == "Kept"
    figures = {"total_cost": "100.00", "new_patients": 1, "cost_per_acquisition": "100.00"}
    assert report["total"] == figures
    assert {name: item[name] for name in figures} == figures


async def test_a_source_that_is_not_active_is_in_the_report(org: Marketing) -> None:
    """Its money was spent; the items stand by sort_order."""
    names = ["Zebra", "Aardvark", "Middle"]
    for name in names:
        await org.cost(await org.source(name=name, is_active=name != "Aardvark"))
    report = (await org.report("2026-03-01", "2026-03-31")).data
    assert [item["referral_source"]["name"] for item in report["items"]] == names
    assert report["total"]["total_cost"] == "300.00"


async def test_the_longest_period_holds_everything(org: Marketing, referrals: Referrals) -> None:
    """Every date that can be written is a period's end."""
    source = await org.source()
    await org.cost(source, amount=5, period_start="0001-01-01", period_end="9999-12-31")
    await brought(org, referrals, source, "9999-12-31T23:59:59Z")
    report = (await org.report("0001-01-01", "9999-12-31")).data
    assert report["total"] == {
        "total_cost": "5.00",
        "new_patients": 1,
        "cost_per_acquisition": "5.00",
    }


async def test_a_report_over_fifty_thousand_costs_is_fast(
    org: Marketing, referrals: Referrals
) -> None:
    """A second at the very most, on a machine that does much else; the sum is still exact."""
    source = await org.source()
    database = await asyncpg.connect(plain_url(referrals.database_url))
    try:
        # 0.01 for each of 25,000 costs within March, and 0.02 for as many that begin on its last
        # day and have two days: 250.00 and 250.00.
        await database.execute(
            """
            INSERT INTO referrals.referral_source_cost (
                org_id, id, referral_source_id, amount, period_start, period_end, version,
                created_at, updated_at
            )
            SELECT $1, gen_random_uuid(), $2, CASE WHEN n % 2 = 0 THEN 0.01 ELSE 0.02 END,
                CASE WHEN n % 2 = 0 THEN date '2026-03-01' + n % 31 ELSE '2026-03-31' END,
                CASE WHEN n % 2 = 0 THEN date '2026-03-01' + n % 31 ELSE '2026-04-01' END,
                1, $3, $3
            FROM generate_series(1, 50000) n
            """,
            org.id,
            source["id"],
            datetime.now(UTC),
        )
        await database.execute("ANALYZE referrals.referral_source_cost")
    finally:
        await database.close()
    await org.report("2026-03-01", "2026-03-31")
    started = time.monotonic()
    report = (await org.report("2026-03-01", "2026-03-31")).data
    assert time.monotonic() - started < 1
    assert report["total"]["total_cost"] == "500.00"
