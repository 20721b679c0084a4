"""Retries by staff: of which e-referrals, when, and the order of the checks."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from messaging.replies.client import Reply
from tests.support.partners.portal import Answer
from tests.support.services.dispatch import Dispatch, Org, eventually, new_partner, refusal

TOMORROW = {"Retry-After": "86400"}


async def test_retry_of_what_failed(dispatch: Dispatch, org: Org) -> None:
    """202 and one attempt now, by the channel where it stood."""
    ereferral = await org.dispatch(dispatch.at_portal("failed", 403, 201))
    await org.until(ereferral, "failed")
    answered = await org.act("ereferral.retry", ereferral)
    assert answered.status == 202 and answered.data["status"] == "queued"
    await org.until(ereferral, "delivered")
    story = await dispatch.heard.story(ereferral)
    assert story == ["queued", "attempt_failed", "failed", "queued", "delivered"]
    assert dispatch.portal.ids("failed") == [ereferral] * 2


async def test_retry_of_what_waits_for_its_time(dispatch: Dispatch, org: Org) -> None:
    """A retry scheduled for tomorrow is made now."""
    ereferral = await org.dispatch(dispatch.at_portal("tomorrow", Answer(503, TOMORROW), 201))
    await org.until(ereferral, "retry_scheduled")
    assert (await org.act("ereferral.retry", ereferral)).status == 202
    shown = await org.until(ereferral, "delivered")
    assert [a["code"] for a in shown["attempts"]] == ["http_503", "http_201"]
    first, second = dispatch.portal.at("tomorrow")
    assert first.body == second.body and not shown["possible_repeat"]


async def test_retry_of_an_unknown_outcome_says_that_it_may_be_a_repeat(
    dispatch: Dispatch, org: Org
) -> None:
    """The partner may have the first mail: the second says so, and so does `possible_repeat`."""
    address = "again@partner.example"
    ereferral = await dispatch.unknown(org, address)
    answered = await org.act("ereferral.retry", ereferral)
    assert answered.status == 202 and answered.data["possible_repeat"] is True
    await org.until(ereferral, "sent")
    first, second = dispatch.mail.to(address)
    assert "may be a repeat" not in first.text.lower()
    assert "may be a repeat" in second.text.lower()
    assert first.message["Message-ID"] == second.message["Message-ID"]


async def test_retry_of_what_is_held_goes_though_its_channel_is_held(
    dispatch: Dispatch, org: Org
) -> None:
    """One attempt now. It fails: held again, and nobody else goes; it succeeds: all are let go."""
    partner = dispatch.at_portal("held", 410, 503, 201)
    await org.until(await org.dispatch(partner), "failed")
    ereferral, other = await org.dispatch(partner), await org.dispatch(partner)
    for one in (ereferral, other):
        await org.until(one, "held")
    assert (await org.act("ereferral.retry", ereferral)).status == 202
    await eventually(lambda: len(dispatch.portal.at("held")) == 2)
    await org.until(ereferral, "held")
    assert (await org.get(other))["status"] == "held"
    assert (await org.act("ereferral.retry", ereferral)).status == 202
    for one in (ereferral, other):
        await org.until(one, "delivered")
    assert await dispatch.heard.story(ereferral) == [
        "queued",
        "held",
        "queued",
        "attempt_failed",
        "held",
        "queued",
        "delivered",
    ]
    assert dispatch.portal.ids("held")[1:] == [ereferral, ereferral, other]
    assert [event.type for event in await dispatch.heard.channels(org.id)] == ["held", "released"]


async def test_retry_of_what_awaits_a_call(dispatch: Dispatch, org: Org) -> None:
    """By another channel it is sent there; by its own the call is asked for anew. The call that
    was not made is no open attempt."""
    by_mail = await org.awaiting_call(email="instead@partner.example")
    answered = await org.act("ereferral.retry", by_mail, channel="email")
    assert answered.status == 202 and answered.data["channel"] == "email"
    shown = await org.until(by_mail, "sent")
    assert [(a["channel"], a["outcome"]) for a in shown["attempts"]] == [
        ("phone", "transient_failure"),
        ("email", "sent"),
    ]
    by_phone = await org.awaiting_call()
    assert (await org.act("ereferral.retry", by_phone)).status == 202
    shown = await org.until(by_phone, "awaiting_call")
    assert [a["finished_at"] is None for a in shown["attempts"]] == [False, True]
    story = await dispatch.heard.story(by_phone)
    assert story == ["queued", "call_requested", "queued", "call_requested"]


async def test_retry_by_another_channel_declares_what_may_have_arrived(
    dispatch: Dispatch, org: Org
) -> None:
    """A portal that answered 500 may have it: a mail says so, another try there need not."""
    steps = (Answer(500, TOMORROW), Answer(500, TOMORROW), 201)
    partner = dispatch.at_portal("declared", *steps, email="declared@partner.example")
    ereferral = await org.dispatch(partner)
    await org.until(ereferral, "retry_scheduled")
    answered = await org.act("ereferral.retry", ereferral, channel="portal")
    assert answered.status == 202 and answered.data["possible_repeat"] is False
    await eventually(lambda: len(dispatch.portal.at("declared")) == 2)
    await org.until(ereferral, "retry_scheduled")
    answered = await org.act("ereferral.retry", ereferral, channel="email")
    assert answered.status == 202 and answered.data["possible_repeat"] is True
    await org.until(ereferral, "sent")
    (mail,) = dispatch.mail.to("declared@partner.example")
    assert "may be a repeat" in mail.text.lower()


async def test_retry_is_refused_where_there_is_nothing_to_retry(
    dispatch: Dispatch, org: Org
) -> None:
    """409 invalid_transition while it is queued or in progress, and once it is delivered, sent or
    cancelled."""
    answers, referral = asyncio.Event(), uuid4()
    partner = dispatch.at_portal("busy", Answer(201, when=answers))
    in_progress = await org.dispatch(partner, referral_uuid=referral)
    queued = await org.dispatch(partner, referral_uuid=referral)
    await eventually(lambda: dispatch.portal.running["busy"] == 1)
    sent = await org.dispatch(new_partner(email="busy@partner.example"))
    await org.until(sent, "sent")
    for ereferral, status in ((in_progress, "in_progress"), (queued, "queued"), (sent, "sent")):
        assert (await org.get(ereferral))["status"] == status
        refused = await org.act("ereferral.retry", ereferral)
        assert refusal(refused) == (409, "invalid_transition")
    await org.cancel(queued)
    assert refusal(await org.act("ereferral.retry", queued)) == (409, "invalid_transition")
    answers.set()
    await org.until(in_progress, "delivered")
    assert refusal(await org.act("ereferral.retry", in_progress)) == (409, "invalid_transition")


@pytest.mark.parametrize(
    ("operation", "fields", "wrong"),
    [
        ("ereferral.retry", {}, {"channel": "pigeon"}),
        ("ereferral.complete_call", {"outcome": "reached"}, {"outcome": "busy"}),
        ("ereferral.resolve", {"outcome": "delivered"}, {"outcome": "maybe"}),
    ],
)
async def test_the_order_of_the_checks(
    dispatch: Dispatch, org: Org, operation: str, fields: dict[str, Any], wrong: dict[str, Any]
) -> None:
    """422 before 404, 404 before 409 version_conflict with the present version, that before
    409 invalid_transition; none of them changes anything."""
    ereferral = await org.dispatch(dispatch.at_portal("order"))
    version = (await org.until(ereferral, "delivered"))["version"]
    nobody, stale = str(uuid4()), version + 1

    async def ask(ereferral_uuid: str, base_version: int | None, **others: Any) -> Reply:
        given = {**fields, **others, "ereferral_uuid": ereferral_uuid}
        if base_version is not None:
            given["base_version"] = base_version
        return await org.ask(operation, **given)

    assert refusal(await ask(nobody, 1, **wrong)) == (422, "validation_error")
    assert refusal(await ask(nobody, None)) == (422, "validation_error")
    assert refusal(await ask(nobody, 0)) == (422, "validation_error")
    assert refusal(await ask(nobody, 1)) == (404, "ereferral_not_found")
    conflict = await ask(ereferral, stale)
    assert refusal(conflict) == (409, "version_conflict") and conflict.problem is not None
    assert conflict.problem["current_version"] == version
    refused = await ask(ereferral, version)
    assert refusal(refused) == (409, "invalid_transition") and refused.problem is not None
    assert refused.problem.get("current_version") is None
    elsewhere = dispatch.org()
    theirs = await elsewhere.ask(
        operation, **fields, ereferral_uuid=ereferral, base_version=version
    )
    assert refusal(theirs) == (404, "ereferral_not_found")
    assert (await org.get(ereferral))["version"] == version


async def test_retry_by_a_channel_that_the_partner_does_not_have(
    dispatch: Dispatch, org: Org
) -> None:
    """422 no_usable_contact_point, once nothing else is wrong."""
    ereferral = await org.dispatch(dispatch.at_portal("only", 403))
    await org.until(ereferral, "failed")
    refused = await org.act("ereferral.retry", ereferral, channel="fax")
    assert refusal(refused) == (422, "no_usable_contact_point")
    assert (await org.get(ereferral))["status"] == "failed"
