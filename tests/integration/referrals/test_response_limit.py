"""The number of responses that one referral takes, on a real database."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg

from tests.integration.referrals.news import tell, timeline
from tests.support.database.urls import plain_url
from tests.support.refusals import problem
from tests.support.services.referrals import Org, Referrals


async def _were_recorded(
    referrals: Referrals, org: Org, referral: dict[str, Any], count: int
) -> None:
    """Responses that stand in the timeline already."""
    database = await asyncpg.connect(plain_url(referrals.database_url))
    try:
        await database.execute(
            """
            INSERT INTO referrals.referral_timeline (org_id, referral_id, at, event, detail)
            SELECT $1, $2, now(), 'referral.response_recorded', 'accepted: Again'
            FROM generate_series(1, $3::integer)
            """,
            org.id,
            UUID(referral["id"]),
            count,
        )
    finally:
        await database.close()


async def test_after_two_hundred_responses_only_one_that_moves_it_on_is_taken(
    org: Org, referrals: Referrals
) -> None:
    """409 for the same again; what goes back is refused as ever; what moves it on is taken, and
    what dispatch heard joins the timeline."""
    sent = await org.sent_referral()
    same: dict[str, Any] = {"referral_uuid": sent["id"], "response": "accepted", "note": "Again"}
    assert (await org.ask("referral.record_response", **same)).status == 200
    await _were_recorded(referrals, org, sent, 198)
    assert (await org.ask("referral.record_response", **same)).status == 200
    before = await timeline(org, sent)
    refused = problem(await org.ask("referral.record_response", **same), 409, "invalid_transition")
    assert refused["detail"] == (
        "This referral has 200 responses and takes no more that change nothing: "
        "only one that moves it on."
    )
    back = await org.ask("referral.record_response", **{**same, "response": "rejected"})
    assert "never back" in problem(back, 409, "invalid_transition")["detail"]
    assert await timeline(org, sent) == before
    await tell(referrals, org, sent, "response_recorded", version=9, response="accepted")
    moved = await org.ask("referral.record_response", **{**same, "response": "completed"})
    assert (moved.status, moved.data["status"]) == (200, "completed")
    assert len(await timeline(org, sent)) == len(before) + 2


async def test_after_a_cancel_messages_of_one_moment_pass_no_more_than_two_hundred(
    org: Org, referrals: Referrals
) -> None:
    """Of twenty at once, five find room: those of one transaction count each other."""
    sent = await org.sent_referral()
    cancel: dict[str, Any] = {"referral_uuid": sent["id"], "base_version": 2, "reason": "Moved"}
    assert (await org.ask("referral.cancel", **cancel)).status == 200
    await _were_recorded(referrals, org, sent, 195)
    answers = await asyncio.gather(
        *(
            org.ask("referral.record_response", referral_uuid=sent["id"], response="completed")
            for _ in range(20)
        )
    )
    assert sorted(answered.status for answered in answers) == [200] * 5 + [409] * 15
    recorded = [
        entry
        for entry in await timeline(org, sent)
        if entry["event"] == "referral.response_recorded"
    ]
    assert len(recorded) == 200
