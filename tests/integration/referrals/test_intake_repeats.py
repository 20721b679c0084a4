"""The same submission again, on a running service: one group a day, unless all was rejected."""

import asyncio
from typing import Any

import asyncpg

from tests.integration.referrals.marketing import Marketing
from tests.integration.referrals.test_intake import ALICE, FULLER, shown
from tests.support.database.urls import plain_url
from tests.support.services.referrals import Referrals


async def submit(org: Marketing, **fields: Any) -> dict[str, Any]:
    """The group that a submission is answered with."""
    answered = await org.ask("intake.submit", **{"rows": FULLER, "fingerprint": "f", **fields})
    assert answered.status == 202, answered
    data: dict[str, Any] = answered.data
    return data


async def test_ten_at_once_are_one_group(org: Marketing, referrals: Referrals) -> None:
    """Each under a message id of its own; all are answered with the same rows."""
    groups = await asyncio.gather(*(submit(org) for _ in range(10)))
    assert all(group == groups[0] for group in groups)
    assert (await org.ask("intake.list")).data["total"] == 3
    assert await referrals.heard.event_types(org) == ["intake.received"] * 3


async def test_what_was_rejected_may_come_again(org: Marketing) -> None:
    """All of it; it says which group it may repeat, and is then the one that is known."""
    first = await submit(org)
    for number, intake in enumerate(first["intake_uuids"]):
        assert await submit(org) == first, f"{3 - number} wait"
        reject = {"intake_uuid": intake, "base_version": 1, "reason": "duplicate"}
        assert (await org.ask("intake.reject", **reject)).status == 200
    second = await submit(org)
    assert second["group_uuid"] != first["group_uuid"]
    row = await shown(org, second["intake_uuids"][0])
    assert row["possible_repeat_of"] == first["group_uuid"]
    assert await submit(org) == second


async def test_on_another_day_it_is_another_one(org: Marketing, referrals: Referrals) -> None:
    """Which says what it may repeat."""
    first = await submit(org)
    database = await asyncpg.connect(plain_url(referrals.database_url))
    try:
        await database.execute(
            "UPDATE referrals.intake_fingerprint SET received_at = received_at - interval '1 day' "
            "WHERE org_id = $1",
            org.id,
        )
    finally:
        await database.close()
    second = await submit(org)
    assert second["group_uuid"] != first["group_uuid"]
    rows = [await shown(org, intake) for intake in second["intake_uuids"]]
    assert {row["possible_repeat_of"] for row in rows} == {first["group_uuid"]}


async def test_without_a_fingerprint_each_is_its_own(org: Marketing) -> None:
    """Two people of one name are two; what repeats a message id is still one."""
    one = await submit(org, fingerprint=None, rows=[ALICE])
    two = await submit(org, fingerprint=None, rows=[ALICE])
    assert one["group_uuid"] != two["group_uuid"]
    assert (await shown(org, two["intake_uuids"][0]))["possible_repeat_of"] is None
