"""Changing, sending and cancelling an outbound referral."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from messaging.replies.client import Reply
from tests.integration.referrals.news import shown, tell, timeline
from tests.support.services.referrals import Org, Referrals


async def _update(org: Org, referral: dict[str, Any], **fields: Any) -> Reply:
    fields = {"base_version": referral["version"], **fields}
    return await org.ask("referral.update", referral_uuid=referral["id"], **fields)


async def _cancel(org: Org, referral: dict[str, Any], **fields: Any) -> Reply:
    fields = {"base_version": referral["version"], "reason": "Moved away", **fields}
    return await org.ask("referral.cancel", referral_uuid=referral["id"], **fields)


async def test_an_update_changes_what_it_names_and_nothing_else(
    org: Org, referrals: Referrals
) -> None:
    """PATCH: version, time of change and the fields given; the event names them, sorted."""
    draft = await org.referral(notes="Allergic to penicillin", teeth=["14"])
    lab = await org.partner(contact_type="lab", practice_name="Bright Lab")
    provider = await org.provider(name="Dr. Rose Rand")
    answered = await _update(
        org,
        draft,
        referral_partner_uuid=lab["id"],
        referring_provider_uuid=provider["id"],
        priority="urgent",
        reason="Retreatment of tooth 14",
        reason_codes=[{"system": "http://snomed.info/sct", "code": "109728009"}],
        teeth=["14", "A"],
        notes=None,
        respond_by="2027-01-31T09:30:00+01:00",
    )
    assert answered.status == 200
    expected = {
        **draft,
        "referral_partner": {"uuid": lab["id"], "name": "Bright Lab"},
        "referring_provider": {"uuid": provider["id"], "name": "Dr. Rose Rand"},
        "priority": "urgent",
        "reason": "Retreatment of tooth 14",
        "reason_codes": [
            {"system": "http://snomed.info/sct", "code": "109728009", "display": None}
        ],
        "teeth": ["14", "A"],
        "notes": None,
        "respond_by": "2027-01-31T08:30:00Z",
        "version": 2,
        "updated_at": answered.data["updated_at"],
    }
    assert answered.data == expected
    assert answered.data["updated_at"] > draft["updated_at"]
    assert await shown(org, draft) == expected
    event = (await referrals.heard.events(org))[-1].body
    assert (event["type"], event["subject"]) == ("referral.updated", draft["id"])
    assert event["aggregateversion"] == 2
    assert event["data"] == expected
    assert event["changed"] == (
        "notes,priority,reason,reason_codes,referral_partner,referring_provider,respond_by,teeth"
    )


async def test_null_clears_what_may_be_null(org: Org) -> None:
    """The referring provider too, though it is a reference."""
    provider = await org.provider()
    draft = await org.referral(
        referring_provider_uuid=provider["id"],
        notes="n",
        teeth=["1"],
        reason_codes=[{"system": "s", "code": "c"}],
        respond_by="2027-01-01T00:00:00Z",
    )
    cleared = ("referring_provider", "notes", "teeth", "reason_codes", "respond_by")
    answered = await _update(
        org,
        draft,
        referring_provider_uuid=None,
        **dict.fromkeys(("notes", "teeth", "reason_codes", "respond_by")),
    )
    assert answered.status == 200
    assert [answered.data[name] for name in cleared] == [None] * 5


async def test_an_update_that_changes_nothing_is_no_version(org: Org, referrals: Referrals) -> None:
    """Neither without a field, nor with every field as it is."""
    draft = await org.referral(teeth=["14"], reason_codes=[{"system": "s", "code": "c"}])
    same = {name: draft[name] for name in ("priority", "reason", "teeth", "notes", "respond_by")}
    partner = draft["referral_partner"]["uuid"]
    codes = [{"system": "s", "code": "c"}]
    for fields in ({}, {**same, "referral_partner_uuid": partner, "reason_codes": codes}):
        answered = await _update(org, draft, **fields)
        assert (answered.status, answered.data) == (200, draft)
    assert (await referrals.heard.event_types(org))[-1] == "referral.created"
    assert [entry["event"] for entry in await timeline(org, draft)] == ["referral.created"]


async def test_an_update_keeps_a_partner_that_was_archived_since(org: Org) -> None:
    """It does not name them, so it works, and the reference is shown as before."""
    draft = await org.referral()
    partner = draft["referral_partner"]
    archived = await org.ask(
        "referral_partner.archive", referral_partner_uuid=partner["uuid"], base_version=1
    )
    assert archived.status == 204
    answered = await _update(org, draft, notes="Call before noon")
    assert (answered.status, answered.data["referral_partner"]) == (200, partner)


async def test_what_is_sent_is_frozen(org: Org, referrals: Referrals) -> None:
    """The package holds partner, patient and practice as they were, whatever becomes of them."""
    partner = await org.ereferral_partner(email="desk@example.com")
    patient = await org.patient(name="Paul Pace")
    draft = await org.referral(
        referral_partner_uuid=partner["id"], patient_uuid=patient["id"], reason="First reason"
    )
    assert (await _update(org, draft, reason="Second reason")).status == 200
    await org.practice(name="Main Street Dental")
    sent = await org.ask("referral.send", referral_uuid=draft["id"], base_version=2)
    assert sent.status == 202
    changed = await org.ask(
        "referral_partner.update",
        referral_partner_uuid=partner["id"],
        base_version=1,
        email="new@example.com",
        ereferral_endpoint="https://elsewhere.example/fhir",
    )
    assert changed.status == 200
    await org.patient(
        patient_uuid=patient["id"], name="Paula Pace", observed_at="2026-02-01T00:00:00Z"
    )
    await org.practice(name="Side Street Dental", observed_at="2026-02-01T00:00:00Z")
    (said,) = await referrals.heard.dispatches(org)
    assert said.body["partner"] == partner
    assert said.body["patient"] == patient
    assert said.body["practice"]["name"] == "Main Street Dental"
    assert said.body["referral"] == sent.data
    assert said.body["referral"]["reason"] == "Second reason"


async def test_cancelling_a_draft_ends_it_before_anybody_was_asked(
    org: Org, referrals: Referrals
) -> None:
    """Nothing was requested: the fulfilment stays null and dispatch hears nothing."""
    draft = await org.referral()
    answered = await _cancel(org, draft, reason="  Moved\r\naway ")
    assert answered.status == 200
    expected = {
        **draft,
        "status": "revoked",
        "cancel_reason": "Moved\naway",
        "version": 2,
        "updated_at": answered.data["updated_at"],
    }
    assert answered.data == expected
    event = (await referrals.heard.events(org))[-1].body
    assert (event["type"], event["aggregateversion"]) == ("referral.cancelled", 2)
    assert event["data"] == expected
    assert "changed" not in event
    assert await referrals.heard.dispatches(org) == []


async def test_cancelling_what_was_sent_tells_dispatch_behind_the_package(
    org: Org, referrals: Referrals
) -> None:
    """The request is cancelled with it, and the partner's channel is told which e-referral."""
    sent = await org.sent_referral()
    answered = await _cancel(org, sent)
    assert answered.status == 200
    assert (answered.data["status"], answered.data["fulfilment_status"]) == ("revoked", "cancelled")
    assert answered.data["version"] == 3
    dispatch, cancel = await referrals.heard.dispatches(org)
    assert dispatch.message.routing_key == "ereferral.dispatch"
    assert cancel.message.routing_key == "ereferral.cancel"
    assert cancel.body == {
        "org_id": org.id,
        "ereferral_uuid": sent["ereferral_uuid"],
        "reason": "Moved away",
    }
    assert cancel.properties.message_id != dispatch.properties.message_id


@pytest.mark.parametrize("response", ["accepted", "rejected", "in-progress", "failed"])
async def test_whatever_is_active_can_be_cancelled(org: Org, response: str) -> None:
    """Whatever the partner has answered, but that the work is done."""
    sent = await org.sent_referral()
    answered = await org.ask(
        "referral.record_response", referral_uuid=sent["id"], response=response
    )
    cancelled = await _cancel(org, answered.data)
    assert cancelled.status == 200
    assert cancelled.data["fulfilment_status"] == "cancelled"


def in_athens(utc: str) -> str:
    """The same moment with another offset."""
    return datetime.fromisoformat(utc).astimezone(timezone(timedelta(hours=2))).isoformat()


async def test_the_timeline_tells_it_all_oldest_first(org: Org, referrals: Referrals) -> None:
    """Commands with the actor behind them, dispatch with its own times, answers when given."""
    draft = await org.referral()
    by = {"actor": "user-7"}
    await org.ask(
        "referral.update", headers=by, referral_uuid=draft["id"], base_version=1, notes="n"
    )
    await org.practice()
    sent = await org.ask("referral.send", headers=by, referral_uuid=draft["id"], base_version=2)
    await tell(
        referrals, org, sent.data, "delivered", version=3, time="2027-01-01T10:00:00.000001Z"
    )
    await org.ask(
        "referral.record_response",
        headers=by,
        referral_uuid=draft["id"],
        response="accepted",
        note="Tuesday at nine",
        occurred_at=in_athens(sent.data["sent_at"]),
    )
    await org.ask(
        "referral.cancel",
        headers=by,
        referral_uuid=draft["id"],
        base_version=5,
        reason="Moved away",
    )
    entries = await timeline(org, draft)
    assert [(entry["event"], entry["actor"], entry["detail"]) for entry in entries] == [
        ("referral.created", None, None),
        ("referral.updated", "user-7", "notes"),
        ("referral.sent", "user-7", None),
        ("referral.response_recorded", "user-7", "accepted: Tuesday at nine"),
        ("referral.cancelled", "user-7", "Moved away"),
        ("ereferral.delivered", None, "channel portal"),
    ]
    assert entries[3]["at"] == sent.data["sent_at"]
    assert entries[-1]["at"] == "2027-01-01T10:00:00.000001Z"
    assert entries == sorted(entries, key=lambda entry: entry["at"])
