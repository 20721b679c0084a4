"""Telling a partner that a referral is cancelled which they have, or may have."""

import base64
from typing import Any

import pytest

from tests.integration.dispatch.shown import is_cancelled
from tests.support.partners.portal import Answer
from tests.support.partners.relay import LOSE_AFTER_DATA
from tests.support.services.dispatch import Dispatch, Org, new_partner

TOMORROW = {"Retry-After": "86400"}


async def test_after_delivery_the_portal_is_told(dispatch: Dispatch, org: Org) -> None:
    """A bundle with the ServiceRequest revoked and the Task cancelled, under `<id>.cancel`; then
    it is cancelled. A second cancel tells nobody again."""
    ereferral = await org.dispatch(dispatch.at_portal("told"))
    await org.until(ereferral, "delivered")
    answered = await org.cancel(ereferral)
    assert answered.status == 202 and answered.data["status"] == "queued"
    shown = await org.until(ereferral, "cancelled")
    sent, told = dispatch.portal.at("told")
    assert told.id == told.headers["idempotency-key"] == f"{ereferral}.cancel"
    assert told.resource("ServiceRequest")["status"] == "revoked"
    assert told.resource("Task")["status"] == "cancelled"
    identifier = sent.resource("ServiceRequest")["identifier"]
    assert told.resource("ServiceRequest")["identifier"] == identifier
    assert [a["outcome"] for a in shown["attempts"]] == ["delivered", "delivered"]
    assert await dispatch.heard.story(ereferral) == ["queued", "delivered", "queued", "cancelled"]

    assert is_cancelled(await org.cancel(ereferral))
    assert (await org.get(ereferral))["version"] == 4
    assert len(dispatch.portal.at("told")) == 2


async def test_who_may_have_it_is_told_though_it_went_elsewhere(
    dispatch: Dispatch, org: Org
) -> None:
    """Before a retry, and after it failed on every channel, the portal that answered 500 hears of
    the cancel; no other attempt is made."""
    waiting = await org.dispatch(dispatch.at_portal("maybe", Answer(500, TOMORROW), 200))
    await org.until(waiting, "retry_scheduled")
    dispatch.mail.script("refuses@partner.example", "550 no")
    failed = await org.dispatch(
        dispatch.at_portal("faulty", 500, 500, 500, 200, email="refuses@partner.example")
    )
    await org.until(failed, "failed")
    for ereferral, path, before in ((waiting, "maybe", 1), (failed, "faulty", 3)):
        assert (await org.cancel(ereferral)).status == 202
        await org.until(ereferral, "cancelled")
        assert dispatch.portal.ids(path) == [ereferral] * before + [f"{ereferral}.cancel"]


async def test_the_word_of_a_cancel_is_retried(dispatch: Dispatch, org: Org) -> None:
    """A portal that cannot take it now gets the same bytes again."""
    ereferral = await org.dispatch(dispatch.at_portal("stubborn", 201, 503, 200))
    await org.until(ereferral, "delivered")
    await org.cancel(ereferral)
    await org.until(ereferral, "cancelled")
    _, first, second = dispatch.portal.at("stubborn")
    assert first.id == second.id == f"{ereferral}.cancel" and first.body == second.body
    assert await dispatch.heard.story(ereferral) == [
        "queued",
        "delivered",
        "queued",
        "attempt_failed",
        "retry_scheduled",
        "cancelled",
    ]


@pytest.mark.parametrize("steps", [["250 ok"], [LOSE_AFTER_DATA, "250 ok"]])
async def test_after_a_mail_a_letter_of_cancellation_follows(
    dispatch: Dispatch, org: Org, steps: list[Any]
) -> None:
    """The relay took it, or nobody knows: a second mail says that it is cancelled."""
    address = f"mail-{len(steps)}@partner.example"
    dispatch.mail.script(address, *steps)
    ereferral = await org.dispatch(new_partner(email=address))
    await org.until(ereferral, "sent", "outcome_unknown")
    assert (await org.cancel(ereferral)).status == 202
    await org.until(ereferral, "cancelled")
    first, second = dispatch.mail.to(address)
    assert "cancel" not in first.text.lower() and "cancel" in second.text.lower()
    assert "cancel" in second.message["Subject"].lower()
    assert second.message["Message-ID"] != first.message["Message-ID"]
    assert (await dispatch.heard.story(ereferral))[2:] == ["queued", "cancelled"]


@pytest.mark.parametrize("phone", [None, "+12025550111"])
async def test_who_cannot_be_told_is_called(
    dispatch: Dispatch, org: Org, phone: str | None
) -> None:
    """`awaiting_call`, with or without a number; when somebody was reached it is cancelled."""
    path = f"deaf-{phone is None}"
    ereferral = await org.dispatch(dispatch.at_portal(path, 201, 403, phone=phone))
    await org.until(ereferral, "delivered")
    await org.cancel(ereferral)
    await org.until(ereferral, "awaiting_call")
    story = await dispatch.heard.story(ereferral)
    assert story[:4] == ["queued", "delivered", "queued", "attempt_failed"]
    assert story[-1] == "call_requested"
    listed = await org.ask("ereferral.list", needs_person=True)
    assert [item["id"] for item in listed.data["items"]] == [ereferral]
    # Another cancel changes nothing: it is being told already.
    answered = await org.cancel(ereferral)
    assert answered.status == 202 and answered.data["status"] == "awaiting_call"
    answered = await org.act("ereferral.complete_call", ereferral, outcome="reached")
    assert is_cancelled(answered)
    assert dispatch.portal.ids(path) == [ereferral, f"{ereferral}.cancel"]


async def test_after_a_person_was_reached(dispatch: Dispatch, org: Org) -> None:
    """Who was told on the phone is told on the phone."""
    ereferral = await org.dispatch(new_partner(phone="+12025550111"))
    await org.until(ereferral, "awaiting_call")
    await org.act("ereferral.complete_call", ereferral, outcome="reached")
    assert (await org.cancel(ereferral)).status == 202
    await org.until(ereferral, "awaiting_call")
    call = (await dispatch.heard.about(ereferral))[-1]
    assert call.type == "call_requested" and "cancel" in call.data["call"]["script"].lower()
    assert is_cancelled(await org.act("ereferral.complete_call", ereferral, outcome="reached"))


async def test_every_channel_that_may_have_it_is_told(dispatch: Dispatch, org: Org) -> None:
    """A portal that answered 500 may have it, and a relay took the mail after it: both hear that it
    is cancelled, and then it is."""
    address = "both@partner.example"
    ereferral = await org.dispatch(dispatch.at_portal("both", 500, 500, 500, 200, email=address))
    await org.until(ereferral, "sent")
    assert (await org.cancel(ereferral)).status == 202
    await org.until(ereferral, "cancelled")
    assert dispatch.portal.ids("both")[3:] == [f"{ereferral}.cancel"]
    _, told = dispatch.mail.to(address)
    assert "cancel" in told.message["Subject"].lower()
    story = await dispatch.heard.story(ereferral)
    assert story[story.index("sent") :] == ["sent", "queued", "queued", "cancelled"]


async def test_a_mail_that_a_person_did_not_find_is_told_too(dispatch: Dispatch, org: Org) -> None:
    """The portal may have it, and so may the mail that somebody said never arrived."""
    address = "vanished@partner.example"
    dispatch.mail.script(address, LOSE_AFTER_DATA, "250 ok")
    ereferral = await org.dispatch(dispatch.at_portal("perhaps", 500, 500, 500, 200, email=address))
    await org.until(ereferral, "outcome_unknown")
    await org.act("ereferral.resolve", ereferral, outcome="not_delivered")
    await org.until(ereferral, "failed")
    assert (await org.cancel(ereferral)).status == 202
    await org.until(ereferral, "cancelled")
    assert dispatch.portal.ids("perhaps")[3:] == [f"{ereferral}.cancel"]
    assert len(dispatch.mail.to(address)) == 2


async def test_the_call_of_a_partner_without_a_number_has_its_script(
    dispatch: Dispatch, org: Org
) -> None:
    """Script and letter, and no number: whoever calls has to find one."""
    ereferral = await org.dispatch(dispatch.at_portal("numberless", 201, 403))
    await org.until(ereferral, "delivered")
    await org.cancel(ereferral)
    shown = await org.until(ereferral, "awaiting_call")
    assert (shown["channel"], shown["address"]) == ("phone", None)
    assert [(a["channel"], a["address"]) for a in shown["attempts"]][-1] == ("phone", None)
    call = (await dispatch.heard.about(ereferral))[-1]
    assert call.type == "call_requested" and call.data["call"]["number"] is None
    script = call.data["call"]["script"]
    assert "CANCELLED" in script and "no number is on file" in script
    assert base64.b64decode(call.data["call"]["letter"]).startswith(b"%PDF-")


async def test_a_wrong_number_leads_to_the_partners_other_channels(
    dispatch: Dispatch, org: Org
) -> None:
    """The portal refuses the word of the cancel and the number is wrong: the mail says it. Where
    there is no mail it has failed, and a retry by the portal still tells it."""
    number, address = "+12025550111", "other@partner.example"
    by_mail = await org.dispatch(
        dispatch.at_portal("wrong-1", 201, 403, phone=number, email=address)
    )
    alone = await org.dispatch(dispatch.at_portal("wrong-2", 201, 403, 200, phone=number))
    for ereferral in (by_mail, alone):
        await org.until(ereferral, "delivered")
        await org.cancel(ereferral)
        await org.until(ereferral, "awaiting_call")
        answered = await org.act("ereferral.complete_call", ereferral, outcome="wrong_number")
        assert answered.status == 200
    await org.until(by_mail, "cancelled")
    (told,) = dispatch.mail.to(address)
    assert "cancel" in told.message["Subject"].lower()
    await org.until(alone, "failed")
    assert (await org.act("ereferral.retry", alone, channel="portal")).status == 202
    await org.until(alone, "cancelled")
    assert dispatch.portal.ids("wrong-2") == [alone] + [f"{alone}.cancel"] * 2


async def test_a_person_may_tell_by_another_channel_than_the_one_that_is_tried(
    dispatch: Dispatch, org: Org
) -> None:
    """A retry by mail of a cancellation that the portal cannot take now ends it there."""
    address = "rather@partner.example"
    ereferral = await org.dispatch(
        dispatch.at_portal("slow-ear", 201, Answer(503, TOMORROW), email=address)
    )
    await org.until(ereferral, "delivered")
    await org.cancel(ereferral)
    await org.until(ereferral, "retry_scheduled")
    answered = await org.act("ereferral.retry", ereferral, channel="email")
    assert answered.status == 202 and answered.data["possible_repeat"] is False
    await org.until(ereferral, "cancelled")
    assert len(dispatch.mail.to(address)) == 1


async def test_a_word_of_cancel_that_nobody_knows_about_is_announced_and_then_called(
    dispatch: Dispatch, org: Org
) -> None:
    """The attempt that failed has its event, as any other has, before the state it leads to."""
    address = "unheard@partner.example"
    dispatch.mail.script(address, "250 ok", LOSE_AFTER_DATA)
    ereferral = await org.dispatch(new_partner(email=address, phone="+12025550111"))
    await org.until(ereferral, "sent")
    await org.cancel(ereferral)
    await org.until(ereferral, "awaiting_call")
    assert await dispatch.heard.story(ereferral) == [
        "queued",
        "sent",
        "queued",
        "attempt_failed",
        "queued",
        "call_requested",
    ]
