"""A partner's answer to a referral, recorded by the practice or heard from dispatch."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.values import format_time
from messaging.replies.client import Reply
from tests.integration.referrals.news import shown, tell, timeline
from tests.support.refusals import errors
from tests.support.services.referrals import Org, Referrals


async def _respond(
    org: Org, referral: dict[str, Any], response: str | None, **fields: Any
) -> Reply:
    return await org.ask(
        "referral.record_response", referral_uuid=referral["id"], response=response, **fields
    )


def _code(answered: Reply) -> tuple[int, str]:
    assert answered.problem is not None, answered
    return answered.status, answered.problem["code"]


@pytest.mark.parametrize(
    ("response", "status"),
    [
        ("accepted", "active"),
        ("rejected", "active"),
        ("in-progress", "active"),
        ("completed", "completed"),
        ("failed", "active"),
    ],
)
async def test_a_response_moves_the_fulfilment(
    org: Org, referrals: Referrals, response: str, status: str
) -> None:
    """Whichever comes first, it is a version with its event; `completed` alone completes."""
    sent = await org.sent_referral()
    answered = await _respond(org, sent, response)
    expected = {
        **sent,
        "status": status,
        "fulfilment_status": response,
        "version": 3,
        "updated_at": answered.data["updated_at"],
    }
    assert (answered.status, answered.data) == (200, expected)
    assert await shown(org, sent) == expected
    event = (await referrals.heard.events(org))[-1].body
    assert (event["type"], event["aggregateversion"]) == ("referral.response_recorded", 3)
    assert event["data"] == {**expected, "response": response}
    assert "changed" not in event


async def test_a_response_never_goes_back(org: Org, referrals: Referrals) -> None:
    """Step by step forward; at each step what lies behind is refused and changes nothing."""
    sent = await org.sent_referral()
    behind = {
        "accepted": ["rejected"],
        "in-progress": ["accepted", "rejected"],
        "completed": ["accepted", "rejected", "in-progress", "failed"],
    }
    for response, refused in behind.items():
        answered = await _respond(org, sent, response)
        assert answered.status == 200
        for earlier in refused:
            assert _code(await _respond(org, sent, earlier)) == (409, "invalid_transition")
        assert await shown(org, sent) == answered.data
    types = await referrals.heard.event_types(org)
    assert types.count("referral.response_recorded") == 3
    entries = [entry["detail"] for entry in await timeline(org, sent)]
    assert entries == [None, None, "accepted", "in-progress", "completed"]


async def test_the_same_response_again_is_written_down_and_changes_nothing(
    org: Org, referrals: Referrals
) -> None:
    """Neither forward nor back: no version, no event, but its note is kept."""
    sent = await org.sent_referral()
    first = await _respond(org, sent, "accepted")
    again = await _respond(org, sent, "accepted", note="Moved to Friday")
    assert (again.status, again.data) == (200, first.data)
    types = await referrals.heard.event_types(org)
    assert types.count("referral.response_recorded") == 1
    details = [entry["detail"] for entry in await timeline(org, sent)]
    assert details[-2:] == ["accepted", "accepted: Moved to Friday"]


async def test_after_a_cancel_a_response_only_joins_the_timeline(
    org: Org, referrals: Referrals
) -> None:
    """200 with what is there; `completed` does not bring it back."""
    sent = await org.sent_referral()
    cancelled = await org.ask(
        "referral.cancel", referral_uuid=sent["id"], base_version=2, reason="Moved away"
    )
    for response in ("completed", "accepted", "accepted"):
        answered = await _respond(org, sent, response, note="Too late")
        assert (answered.status, answered.data) == (200, cancelled.data)
    assert (await referrals.heard.event_types(org))[-1] == "referral.cancelled"
    details = [entry["detail"] for entry in await timeline(org, sent)]
    assert details[-3:] == ["completed: Too late", "accepted: Too late", "accepted: Too late"]


async def test_when_it_occurred_lies_between_the_referrals_creation_and_now(org: Org) -> None:
    """docs/contract/wire.md#referrals: at most 5 minutes after now, and not before it was created;
    it stands in its place in the timeline."""
    sent = await org.sent_referral()
    created, now = datetime.fromisoformat(sent["created_at"]), datetime.now(UTC)
    for wrong, kind in (
        ("9999-12-31T23:59:59Z", "time_in_future"),
        ((now + timedelta(minutes=6)).isoformat(), "time_in_future"),
        ((created - timedelta(microseconds=1)).isoformat(), "time_too_early"),
        ("1999-12-31T23:59:59.5Z", "time_too_early"),
    ):
        refused = await _respond(org, sent, "accepted", occurred_at=wrong)
        assert errors(refused) == {("occurred_at", kind)}
    for response, at in (("accepted", now + timedelta(minutes=4)), ("in-progress", created)):
        answered = await _respond(org, sent, response, occurred_at=at.isoformat())
        assert answered.status == 200
    entries = [(entry["at"], entry["detail"]) for entry in await timeline(org, sent)]
    assert entries[-1] == (format_time(now + timedelta(minutes=4)), "accepted")
    assert (sent["created_at"], "in-progress") in entries[:2]


async def test_an_answer_that_dispatch_heard_stands_where_it_was_given(
    org: Org, referrals: Referrals
) -> None:
    """Where its time was said; what else dispatch tells later stands where it happened."""
    sent = await org.sent_referral()
    given = {"response": "accepted", "response_occurred_at": sent["created_at"]}
    await tell(referrals, org, sent, "response_recorded", version=2, **given)
    later = "2027-01-01T10:00:00Z"
    await tell(referrals, org, sent, "delivered", version=3, time=later, **given)
    entries = [(entry["at"], entry["event"]) for entry in await timeline(org, sent)]
    assert (sent["created_at"], "ereferral.response_recorded") in entries[:2]
    assert entries[-1] == (later, "ereferral.delivered")


async def test_an_answer_that_dispatch_heard_counts_like_one_recorded_here(
    org: Org, referrals: Referrals
) -> None:
    """The same law: forward it moves, the same or back it joins the timeline."""
    sent = await org.sent_referral()
    await tell(referrals, org, sent, "delivered", version=2)
    assert (await shown(org, sent))["fulfilment_status"] == "requested"
    for version, response, fulfilment, own_version in (
        (3, "accepted", "accepted", 4),
        (4, "accepted", "accepted", 4),
        (5, "completed", "completed", 5),
        (6, "in-progress", "completed", 5),
    ):
        await tell(referrals, org, sent, "response_recorded", version=version, response=response)
        now = await shown(org, sent)
        assert (now["fulfilment_status"], now["version"]) == (fulfilment, own_version)
    assert (await shown(org, sent))["status"] == "completed"
    assert (await referrals.heard.event_types(org))[-3:] == [
        "referral.dispatch_changed",
        "referral.response_recorded",
        "referral.response_recorded",
    ]


async def test_the_timeline_shows_what_dispatch_heard(org: Org, referrals: Referrals) -> None:
    """At the time that dispatch gives, with the partner's own words, and who told them."""
    sent = await org.sent_referral()
    await tell(
        referrals,
        org,
        sent,
        "response_recorded",
        version=2,
        actor="staff-7",
        time="2027-03-01T09:00:00Z",
        response="rejected",
        response_note="No capacity before June",
    )
    assert (await timeline(org, sent))[-1] == {
        "at": "2027-03-01T09:00:00Z",
        "event": "ereferral.response_recorded",
        "actor": "staff-7",
        "detail": "rejected: No capacity before June",
        "reason_code": None,
        "scheduled_at": None,
    }


async def test_a_clock_behind_ours_puts_no_news_before_the_sending(
    org: Org, referrals: Referrals
) -> None:
    """Dispatch keeps another database's time: what it heard happened after it was sent."""
    sent = await org.sent_referral()
    await tell(referrals, org, sent, "queued", version=1, time="2026-01-01T00:00:00Z")
    entries = await timeline(org, sent)
    assert [entry["event"] for entry in entries] == [
        "referral.created",
        "referral.sent",
        "ereferral.queued",
    ]
    assert entries[2]["at"] == sent["sent_at"]


async def test_news_that_is_older_than_the_last_only_joins_the_timeline(
    org: Org, referrals: Referrals
) -> None:
    """By the e-referral's version: neither its status nor its answer counts any more."""
    sent = await org.sent_referral()
    await tell(referrals, org, sent, "delivered", version=5)
    before = await shown(org, sent)
    await tell(
        referrals,
        org,
        sent,
        "response_recorded",
        version=4,
        status="in_progress",
        response="accepted",
    )
    assert await shown(org, sent) == before
    assert before["dispatch_status"] == "delivered"


async def test_a_change_of_both_is_two_versions(org: Org, referrals: Referrals) -> None:
    """News that were missed come with the answer: each event is about one of them."""
    sent = await org.sent_referral()
    await tell(
        referrals,
        org,
        sent,
        "response_recorded",
        version=7,
        status="sent",
        response="completed",
    )
    now = await shown(org, sent)
    assert (now["dispatch_status"], now["status"], now["version"]) == ("sent", "completed", 4)
    told = [
        (said.body["type"], said.body["aggregateversion"], said.body["data"]["status"])
        for said in await referrals.heard.events(org)
        if said.body["subject"] == sent["id"]
    ]
    assert told[-2:] == [
        ("referral.dispatch_changed", 3, "active"),
        ("referral.response_recorded", 4, "completed"),
    ]


async def test_an_answer_names_its_reason_or_its_appointment(
    org: Org, referrals: Referrals
) -> None:
    """In the timeline and the event; the last appointment is on the referral."""
    await org.practice()
    accepted, rejected = await org.sent_referral(), await org.sent_referral()
    for at in ("2027-01-11T09:00:00+01:00", "2027-01-12T08:00:00Z"):
        answered = await _respond(org, accepted, "accepted", scheduled_at=at)
        assert answered.status == 200, answered
    answered = await _respond(org, rejected, "rejected", reason_code="insurance")
    assert (answered.status, answered.data["scheduled_at"]) == (200, None)
    shown = (await org.ask("referral.get", referral_uuid=accepted["id"])).data
    assert shown["scheduled_at"] == "2027-01-12T08:00:00Z"
    assert [entry["scheduled_at"] for entry in shown["timeline"]][-2:] == [
        "2027-01-11T08:00:00Z",
        "2027-01-12T08:00:00Z",
    ]
    shown = (await org.ask("referral.get", referral_uuid=rejected["id"])).data
    assert shown["timeline"][-1]["reason_code"] == "insurance"
    told = [
        said.body["data"]
        for said in await referrals.heard.events(org)
        if said.body["type"] == "referral.response_recorded"
    ]
    assert [(one["scheduled_at"], one.get("response_reason_code")) for one in told] == [
        ("2027-01-11T08:00:00Z", None),
        ("2027-01-12T08:00:00Z", None),
        (None, "insurance"),
    ]
