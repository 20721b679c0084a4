"""Overdue: sent, unanswered, and its time is past. One event, soon."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.event import listen, remove
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from messaging.database.engine import open_engine
from services.referrals.home import HOME, PUBLISHING
from services.referrals.models.referral import TimelineEntry
from services.referrals.overdue import ROWS_AT_A_TIME, mark_overdue
from tests.integration.referrals.news import shown, tell, timeline
from tests.support.database.urls import plain_url
from tests.support.services.referrals import Org, Referrals, running_referrals

PROMISED_WITHIN_SECONDS = 15.0
PAST = "2026-01-31T09:00:00Z"
NOW = datetime(2026, 2, 1, tzinfo=UTC)


async def _until_overdue(org: Org, referral: dict[str, Any]) -> dict[str, Any]:
    async with asyncio.timeout(PROMISED_WITHIN_SECONDS):
        while True:
            now = await shown(org, referral)
            if now["overdue"]:
                return now
            await asyncio.sleep(0.1)


async def _overdue_count(orgs: list[Org]) -> int:
    listed = [await org.ask("referral.list", overdue=True) for org in orgs]
    return sum(answered.data["total"] for answered in listed)


async def _sweep(database_url: str) -> int:
    """One sweep, as a replica of its own would do it."""
    engine: AsyncEngine = open_engine(
        database_url, HOME, role=HOME.system_role, name="test.sweep", pool_size=0
    )
    try:
        return await mark_overdue(engine, PUBLISHING)
    finally:
        await engine.dispose()


async def test_one_event_within_fifteen_seconds_however_many_replicas_look(
    org: Org, referrals: Referrals
) -> None:
    """Its time comes while two replicas run; later sweeps of both find nothing more to say."""
    draft = await org.referral(notes="n")
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    await org.practice()
    updated = await org.ask(
        "referral.update", referral_uuid=draft["id"], base_version=1, respond_by=soon
    )
    sent = await org.ask("referral.send", referral_uuid=draft["id"], base_version=2)
    assert (updated.status, sent.status, sent.data["overdue"]) == (200, 202, False)
    async with running_referrals(referrals.database_url, referrals.rabbitmq_url):
        now = await _until_overdue(org, draft)
        assert [await _sweep(referrals.database_url) for _ in range(2)] == [0, 0]
    assert await shown(org, draft) == now
    assert now == {
        **sent.data,
        "overdue": True,
        "version": 4,
        "updated_at": now["updated_at"],
    }
    told = [
        said.body
        for said in await referrals.heard.events(org)
        if said.body["type"] == "referral.overdue"
    ]
    assert [event["data"] for event in told] == [now]
    assert (told[0]["subject"], told[0]["aggregateversion"]) == (draft["id"], 4)
    assert "causationid" not in told[0] and "changed" not in told[0]
    (entry,) = [e for e in await timeline(org, draft) if e["event"] == "referral.overdue"]
    assert (entry["actor"], entry["detail"]) == (None, None)


async def test_sweeps_at_the_same_time_mark_each_referral_once(
    org: Org, referrals: Referrals
) -> None:
    """Two sweeps run against each other over more than one transaction's worth, in many orgs."""
    orgs = [org, referrals.org()]
    for each in orgs:
        await each.practice()
    partners = [(await each.ereferral_partner())["id"] for each in orgs]
    patients = [(await each.patient())["id"] for each in orgs]
    count = ROWS_AT_A_TIME + 20
    # All become due at one moment, which is made past behind the service's back.
    sent = await asyncio.gather(
        *(
            orgs[n % 2].sent_referral(
                patient_uuid=patients[n % 2], referral_partner_uuid=partners[n % 2]
            )
            for n in range(count)
        )
    )
    database = await asyncpg.connect(plain_url(referrals.database_url))
    await database.execute(
        "UPDATE referrals.referral SET respond_by = $1 WHERE id = ANY($2)",
        datetime(2026, 1, 31, tzinfo=UTC),
        [referral["id"] for referral in sent],
    )
    await database.close()
    async with asyncio.timeout(PROMISED_WITHIN_SECONDS):
        while await _overdue_count(orgs) < count:
            await asyncio.gather(*(_sweep(referrals.database_url) for _ in range(2)))
    told = [
        said.body["subject"]
        for said in await referrals.heard.everything()
        if said.body.get("type") == "referral.overdue"
        and said.body["orgid"] in (orgs[0].id, orgs[1].id)
    ]
    assert sorted(told) == sorted(referral["id"] for referral in sent)


async def test_all_that_a_sweep_writes_down_goes_in_one_statement(
    org: Org, referrals: Referrals
) -> None:
    """Thousands may become due at once; their entries are not written one by one, and in order."""
    referral = UUID((await org.referral())["id"])
    entries = [
        TimelineEntry(
            org_id=org.id, referral_id=referral, at=NOW, dispatch_version=0, event=f"e{n}"
        )
        for n in range(ROWS_AT_A_TIME)
    ]
    engine = referrals.service.system_engine
    statements: list[str] = []

    def note(*executed: Any) -> None:
        statements.append(executed[2])

    listen(engine.sync_engine, "before_cursor_execute", note)
    async with AsyncSession(engine) as session:
        session.add_all(entries)
        await session.flush()
        ids = [entry.id for entry in entries]
        await session.rollback()
    remove(engine.sync_engine, "before_cursor_execute", note)
    assert len([one for one in statements if "INTO referral_timeline" in one]) == 1
    assert ids == sorted(ids)


async def test_a_response_ends_it_in_its_own_version(org: Org, referrals: Referrals) -> None:
    """One version that shows both; and it does not come back."""
    sent = await org.sent_referral(respond_by=PAST)
    await _sweep(referrals.database_url)
    assert (await _until_overdue(org, sent))["version"] == 3
    answered = await org.ask(
        "referral.record_response", referral_uuid=sent["id"], response="rejected"
    )
    expected = (4, False, "rejected", PAST)
    keys = ("version", "overdue", "fulfilment_status", "respond_by")
    assert tuple(answered.data[key] for key in keys) == expected
    listed = await org.ask("referral.list", overdue=True)
    assert listed.data["total"] == 0


async def test_a_cancel_and_an_answer_by_dispatch_end_it_too(
    org: Org, referrals: Referrals
) -> None:
    """Each in its own version; news that is no answer leaves it."""
    one = await org.sent_referral(respond_by=PAST)
    other = await org.sent_referral(respond_by=PAST)
    await _sweep(referrals.database_url)
    for referral in (one, other):
        await _until_overdue(org, referral)
    listed = await org.ask("referral.list", overdue=True)
    assert [item["id"] for item in listed.data["items"]] == [other["id"], one["id"]]
    cancelled = await org.ask(
        "referral.cancel", referral_uuid=one["id"], base_version=3, reason="Moved away"
    )
    assert (cancelled.data["version"], cancelled.data["overdue"]) == (4, False)
    await tell(referrals, org, other, "delivered", version=2)
    assert (await shown(org, other))["overdue"] is True
    await tell(referrals, org, other, "response_recorded", version=3, response="accepted")
    assert (await shown(org, other))["overdue"] is False


@pytest.mark.parametrize("how", ["draft", "answered", "cancelled", "in time"])
async def test_what_is_not_waited_for_is_not_overdue(
    org: Org, referrals: Referrals, how: str
) -> None:
    """Not a draft, not what was answered or cancelled, and nothing before its time."""
    if how == "draft":
        made = await org.referral(respond_by=PAST)
    else:
        made = await org.sent_referral()
        assert made["respond_by"] is not None
    named = {"referral_uuid": made["id"]}
    if how == "answered":
        await org.ask("referral.record_response", **named, response="accepted")
    if how == "cancelled":
        await org.ask("referral.cancel", **named, base_version=2, reason="r")
    if how in ("answered", "cancelled"):
        database = await asyncpg.connect(plain_url(referrals.database_url))
        await database.execute(
            "UPDATE referrals.referral SET respond_by = $1 WHERE id = $2",
            datetime(2026, 1, 31, tzinfo=UTC),
            made["id"],
        )
        await database.close()
    await _sweep(referrals.database_url)
    assert (await shown(org, made))["overdue"] is False
