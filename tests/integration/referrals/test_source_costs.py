"""Costs of referral sources: what each operation does, and its events."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.integration.referrals.marketing import Marketing, uuid_and_name
from tests.support.refusals import errors, problem
from tests.support.services.referrals import Referrals

IDENTITY = {"id", "version", "created_at", "updated_at"}
MARCH = {"period_start": "2026-03-01", "period_end": "2026-03-31"}


async def test_a_new_cost_shows_every_field(org: Marketing) -> None:
    """The amount with two decimals, the source by its name; get shows the same."""
    source = await org.source()
    data = await org.cost(source, amount=1234.5, notes=" Spring\r\ncampaign ")
    assert {name: value for name, value in data.items() if name not in IDENTITY} == {
        "referral_source": uuid_and_name(source, "Billboard"),
        "amount": "1234.50",
        "period_start": "2026-03-01",
        "period_end": "2026-03-31",
        "notes": "Spring\ncampaign",
    }
    assert data["version"] == 1
    assert UUID(data["id"]).version == 7
    read = await org.ask(
        "referral_source_cost.get", referral_source_uuid=source["id"], cost_uuid=data["id"]
    )
    assert (read.status, read.data) == (200, data)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("0", "0.00"),
        ('"0.10"', "0.10"),
        ("1e2", "100.00"),
        ("0.29", "0.29"),
        ("9999999999.99", "9999999999.99"),
        ('"9999999999.99"', "9999999999.99"),
    ],
)
async def test_an_amount_is_kept_to_the_cent(
    org: Marketing, referrals: Referrals, written: str, shown: str
) -> None:
    """From a JSON number or a decimal string, through the database, into the source's total."""
    source = await org.source()
    body = json.dumps({"org_id": org.id, "referral_source_uuid": source["id"], **MARCH})
    answered = await referrals.client.call(
        "referrals.commands",
        "referral_source_cost.create",
        f'{body[:-1]}, "amount": {written}}}'.encode(),
    )
    assert (answered.status, answered.data["amount"]) == (201, shown)
    (item,) = (await org.ask("referral_source_cost.list", referral_source_uuid=source["id"])).data[
        "items"
    ]
    assert item == answered.data
    assert await org.figures(source) == (0, float(shown))


async def test_create_needs_an_amount_and_a_period(org: Marketing) -> None:
    """All that is missing is told at once."""
    assert errors(await org.ask("referral_source_cost.create")) == {
        ("referral_source_uuid", "missing"),
        ("amount", "missing"),
        ("period_start", "missing"),
        ("period_end", "missing"),
    }


async def test_an_update_changes_what_it_names_and_says_so(
    org: Marketing, referrals: Referrals
) -> None:
    """Null clears the notes; the event names what changed, as it goes out."""
    source = await org.source()
    made = await org.cost(source, notes="Deposit")
    answered = await org.update(
        "referral_source_cost", made, amount="250", notes=None, period_end="2026-04-30"
    )
    assert answered.status == 200
    after = {
        **made,
        "amount": "250.00",
        "notes": None,
        "period_end": "2026-04-30",
        "version": 2,
        "updated_at": answered.data["updated_at"],
    }
    assert answered.data == after
    (event,) = [
        said.body
        for said in await referrals.heard.events(org)
        if said.body["type"] == "referral_source_cost.updated"
    ]
    assert event["changed"] == "amount,notes,period_end"
    assert event["data"] == after
    assert event["subject"] == made["id"]
    assert await org.figures(source) == (0, 250)


async def test_an_update_that_changes_nothing_is_no_version(
    org: Marketing, referrals: Referrals
) -> None:
    """100 and "100.0" are the amount that it has."""
    made = await org.cost(await org.source())
    for fields in ({}, {"amount": 100}, {"amount": "100.0", **MARCH, "notes": " "}):
        answered = await org.update("referral_source_cost", made, **fields)
        assert (answered.status, answered.data) == (200, made)
    assert await referrals.heard.event_types(org) == [
        "referral_source.created",
        "referral_source_cost.created",
    ]


async def test_an_update_of_one_end_is_checked_against_the_other(org: Marketing) -> None:
    """The merged state counts, last of all checks; both ends in one command are seen at once."""
    made = await org.cost(await org.source())
    late = await org.update("referral_source_cost", made, period_start="2026-04-01")
    assert errors(late) == {("period_end", "period_order")}
    assert errors(await org.update("referral_source_cost", made, period_end="2026-02-28")) == {
        ("period_end", "period_order")
    }
    stale = await org.update("referral_source_cost", made, period_end="2026-02-28", base_version=2)
    assert problem(stale, 409, "version_conflict")["current_version"] == 1
    moved = await org.update(
        "referral_source_cost", made, period_start="2026-05-01", period_end="2026-05-01"
    )
    assert moved.status == 200
    one_day = await org.update("referral_source_cost", moved.data, period_end="2026-05-01")
    assert one_day.data["version"] == 2


async def test_a_create_may_bring_its_own_id_once(org: Marketing) -> None:
    """For good, and for every source of the org."""
    own = str(uuid4())
    source, other = await org.source(), await org.source()
    cost = await org.cost(source, id=own)
    assert cost["id"] == own
    for one in (source, other):
        again = await org.ask(
            "referral_source_cost.create",
            id=own,
            referral_source_uuid=one["id"],
            amount=1,
            **MARCH,
        )
        problem(again, 409, "already_exists")
    await org.archive("referral_source_cost", cost)
    again = await org.ask(
        "referral_source_cost.create", id=own, referral_source_uuid=source["id"], amount=1, **MARCH
    )
    problem(again, 409, "already_exists")
    assert await org.figures(source) == (0, 0)


async def test_a_source_that_is_not_active_still_has_costs(org: Marketing) -> None:
    """Bills come late."""
    source = await org.source(is_active=False)
    assert (await org.cost(source))["amount"] == "100.00"


async def test_the_events_tell_of_every_change(org: Marketing, referrals: Referrals) -> None:
    """Created, updated, archived: one subject, versions 1, 2, 3; the last with the last state."""
    made = await org.cost(await org.source())
    changed = await org.update("referral_source_cost", made, amount=1)
    await org.archive("referral_source_cost", changed.data)
    events = [
        said.body
        for said in await referrals.heard.events(org)
        if said.body["type"].startswith("referral_source_cost.")
    ]
    assert [
        (e["type"], e["aggregateversion"], e["data"]["version"], e["data"]["amount"])
        for e in events
    ] == [
        ("referral_source_cost.created", 1, 1, "100.00"),
        ("referral_source_cost.updated", 2, 2, "1.00"),
        ("referral_source_cost.archived", 3, 3, "1.00"),
    ]
    assert {(e["source"], e["subject"], e["dataschema"], e["orgid"]) for e in events} == {
        ("/referrals", made["id"], "urn:handoff:schema:referral_source_cost:v1", org.id)
    }
    assert events[0]["data"] == made
    assert [e.get("changed") for e in events] == [None, "amount", None]


async def test_a_list_goes_by_the_periods_start_then_by_id(org: Marketing) -> None:
    """Of one source, without the archived; overlaps are allowed."""
    source, other = await org.source(), await org.source()
    await org.cost(other)
    ids = sorted(str(uuid4()) for _ in range(3))
    for own in reversed(ids):
        await org.cost(source, id=own)
    april = await org.cost(source, period_start="2026-04-01", period_end="2026-04-01")
    january = await org.cost(source, period_start="2026-01-01", period_end="2026-12-31")
    gone = await org.cost(source)
    await org.archive("referral_source_cost", gone)

    async def listed(**fields: Any) -> dict[str, Any]:
        answered = await org.ask(
            "referral_source_cost.list", referral_source_uuid=source["id"], **fields
        )
        data: dict[str, Any] = answered.data
        return data

    in_order = [january["id"], *ids, april["id"]]
    whole = await listed()
    assert [item["id"] for item in whole["items"]] == in_order
    assert (whole["page"], whole["page_size"], whole["total"]) == (1, 50, 5)
    assert whole["items"][0] == january
    second = await listed(page=2, page_size=2)
    assert [item["id"] for item in second["items"]] == in_order[2:4]
    assert second["total"] == 5
    assert await listed(page=4, page_size=2) == {
        "items": [],
        "page": 4,
        "page_size": 2,
        "total": 5,
    }


async def test_a_cost_shows_the_name_that_its_source_has_now(org: Marketing) -> None:
    """In reply, get and list."""
    source = await org.source()
    cost = await org.cost(source)
    await org.ask(
        "referral_source.update", referral_source_uuid=source["id"], base_version=1, name="Neon"
    )
    changed = await org.update("referral_source_cost", cost, notes="paid")
    assert changed.data["referral_source"] == uuid_and_name(source, "Neon")
    (item,) = (await org.ask("referral_source_cost.list", referral_source_uuid=source["id"])).data[
        "items"
    ]
    assert item == changed.data
