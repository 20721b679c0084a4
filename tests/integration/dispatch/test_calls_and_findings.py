"""Findings of staff: how a call went, what became of a mail, what the partner answered."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from contracts.values import format_time
from tests.support.refusals import errors
from tests.support.samples.packages import SENT_AT
from tests.support.services.dispatch import PHONE, Dispatch, Org, new_partner


async def test_a_call_is_asked_for_with_all_that_it_needs(dispatch: Dispatch, org: Org) -> None:
    """`ereferral.call_requested` carries the number, the script and the letter; it needs a person
    at once."""
    ereferral = await org.awaiting_call()
    assert await dispatch.heard.story(ereferral) == ["queued", "call_requested"]
    call = (await dispatch.heard.about(ereferral))[1].data["call"]
    assert call["number"] == PHONE and "Sample Patient" in call["script"]
    assert base64.b64decode(call["letter"]).startswith(b"%PDF-")
    listed = await org.ask("ereferral.list", needs_person=True)
    assert [item["id"] for item in listed.data["items"]] == [ereferral]


async def test_an_extension_comes_with_the_call(dispatch: Dispatch, org: Org) -> None:
    """That of the partner's `tel:` endpoint, in the number, the address and the script."""
    ereferral = await org.dispatch(
        new_partner(ereferral_endpoint="tel:+1-202-555-0143;ext=12", email="desk@example.com")
    )
    shown = await org.until(ereferral, "awaiting_call")
    assert shown["address"] == "+12025550143;ext=12"
    call = (await dispatch.heard.about(ereferral))[1].data["call"]
    assert call["number"] == "+12025550143;ext=12"
    assert "(202) 555-0143 ext. 12\n" in call["script"]


async def test_a_call_that_reached_somebody(dispatch: Dispatch, org: Org) -> None:
    """`reached` is proof: delivered, and the attempt says who said so."""
    ereferral = await org.awaiting_call()
    answered = await org.act(
        "ereferral.complete_call", ereferral, outcome="reached", note="Spoke to the desk."
    )
    assert answered.status == 200 and answered.data["status"] == "delivered"
    (attempt,) = (await org.get(ereferral))["attempts"]
    assert (attempt["channel"], attempt["outcome"]) == ("phone", "delivered")
    assert attempt["detail"] == "Spoke to the desk." and attempt["finished_at"] is not None
    assert await dispatch.heard.story(ereferral) == ["queued", "call_requested", "delivered"]


async def test_a_call_that_nobody_answered(dispatch: Dispatch, org: Org) -> None:
    """It stays, is counted, and is due again after two hours: until then it needs nobody."""
    ereferral = await org.awaiting_call()
    for calls in (1, 2):
        answered = await org.act("ereferral.complete_call", ereferral, outcome="no_answer")
        assert answered.status == 200 and answered.data["status"] == "awaiting_call"
        due, now = answered.data["next_attempt_at"], answered.data["updated_at"]
        waits = datetime.fromisoformat(due) - datetime.fromisoformat(now)
        assert waits.total_seconds() == 7200
        made = (await org.get(ereferral))["attempts"]
        assert [(a["number"], a["outcome"], a["code"]) for a in made] == [
            (n + 1, "transient_failure", "no_answer") for n in range(calls)
        ]
        assert not (await org.ask("ereferral.list", needs_person=True)).data["items"]
        await dispatch.execute("UPDATE ereferral SET call_due_at = now() WHERE org_id = $1", org.id)
        assert (await org.ask("ereferral.list", needs_person=True)).data["total"] == 1
    assert await dispatch.heard.story(ereferral) == [
        "queued",
        "call_requested",
        "attempt_failed",
        "attempt_failed",
    ]


async def test_a_wrong_number_leads_to_the_next_channel(dispatch: Dispatch, org: Org) -> None:
    """Where there is one; else it failed."""
    elsewhere = await org.awaiting_call(email="next@partner.example")
    nowhere = await org.awaiting_call()
    answered = await org.act("ereferral.complete_call", elsewhere, outcome="wrong_number")
    assert answered.status == 200
    assert (answered.data["status"], answered.data["channel"]) == ("queued", "email")
    shown = await org.until(elsewhere, "sent")
    assert [(a["outcome"], a["code"]) for a in shown["attempts"]] == [
        ("permanent_failure", "wrong_number"),
        ("sent", "smtp_250"),
    ]
    assert not shown["possible_repeat"]
    story = await dispatch.heard.story(elsewhere)
    assert story == ["queued", "call_requested", "attempt_failed", "queued", "sent"]
    answered = await org.act("ereferral.complete_call", nowhere, outcome="wrong_number")
    assert answered.status == 200 and answered.data["status"] == "failed"
    story = await dispatch.heard.story(nowhere)
    assert story == ["queued", "call_requested", "attempt_failed", "failed"]


async def test_an_unknown_outcome_that_turned_out_well(dispatch: Dispatch, org: Org) -> None:
    """`delivered`: it is, the note stays with its attempt, and nothing more is sent."""
    ereferral = await dispatch.unknown(org, "well@partner.example", phone=PHONE)
    answered = await org.act(
        "ereferral.resolve", ereferral, outcome="delivered", note="They have it."
    )
    assert answered.status == 200 and answered.data["status"] == "delivered"
    (attempt,) = (await org.get(ereferral))["attempts"]
    assert attempt["detail"] == "They have it."
    story = await dispatch.heard.story(ereferral)
    assert story == ["queued", "outcome_unknown", "delivered"]
    assert len(dispatch.mail.to("well@partner.example")) == 1


async def test_an_unknown_outcome_that_did_not_arrive(dispatch: Dispatch, org: Org) -> None:
    """`not_delivered` goes on to the next channel, which says that it may be a repeat: an attempt
    before may have been received, whatever a person found. Without one it failed."""
    ereferral = await dispatch.unknown(org, "badly@partner.example", phone=PHONE)
    answered = await org.act("ereferral.resolve", ereferral, outcome="not_delivered")
    assert answered.status == 200
    assert (answered.data["status"], answered.data["channel"]) == ("queued", "phone")
    shown = await org.until(ereferral, "awaiting_call")
    assert shown["possible_repeat"]
    alone = await dispatch.unknown(org, "alone@partner.example")
    answered = await org.act("ereferral.resolve", alone, outcome="not_delivered")
    assert answered.status == 200 and answered.data["status"] == "failed"
    assert await dispatch.heard.story(alone) == ["queued", "outcome_unknown", "failed"]


@pytest.mark.parametrize("response", ["accepted", "rejected", "in-progress", "completed", "failed"])
async def test_the_partners_answer_is_told(dispatch: Dispatch, org: Org, response: str) -> None:
    """`record_response` in any state: a version and an event of its own, the status stays."""
    ereferral = await org.dispatch(dispatch.at_portal("answers"))
    before = await org.until(ereferral, "delivered")
    answered = await org.ask(
        "ereferral.record_response",
        ereferral_uuid=ereferral,
        response=response,
        note="By fax.",
    )
    assert answered.status == 200
    assert answered.data["status"] == "delivered"
    assert answered.data["version"] == before["version"] + 1
    event = (await dispatch.heard.about(ereferral))[-1]
    assert event.type == "response_recorded"
    assert (event.data["response"], event.data["response_note"]) == (response, "By fax.")


async def test_an_answer_has_the_time_at_which_it_was_given(dispatch: Dispatch, org: Org) -> None:
    """docs/contract/wire.md#ereferrals: at most 5 minutes after now, not before the referral was
    created; the event tells it."""
    ereferral = await org.dispatch(dispatch.at_portal("dated"))
    await org.until(ereferral, "delivered")
    named: dict[str, Any] = {"ereferral_uuid": ereferral, "response": "accepted"}
    now = datetime.now(UTC)
    for wrong, kind in (
        ("9999-12-31T23:59:59Z", "time_in_future"),
        (format_time(now + timedelta(minutes=6)), "time_in_future"),
        (format_time(SENT_AT - timedelta(seconds=1)), "time_too_early"),
    ):
        refused = await org.ask("ereferral.record_response", occurred_at=wrong, **named)
        assert errors(refused) == {("occurred_at", kind)}
    for right in (format_time(now + timedelta(minutes=4)), format_time(SENT_AT)):
        answered = await org.ask("ereferral.record_response", occurred_at=right, **named)
        assert answered.status == 200
        event = (await dispatch.heard.about(ereferral))[-1]
        assert event.data["response_occurred_at"] == right
    assert (await org.ask("ereferral.record_response", **named)).status == 200
    assert "response_occurred_at" not in (await dispatch.heard.about(ereferral))[-1].data


async def test_an_answer_that_is_none_or_to_nothing_is_refused(org: Org) -> None:
    """A response that there is not (422) is told before an e-referral that there is not (404)."""
    for response, expected in (("perhaps", 422), ("accepted", 404)):
        answered = await org.ask(
            "ereferral.record_response", ereferral_uuid=str(uuid4()), response=response
        )
        assert answered.status == expected
