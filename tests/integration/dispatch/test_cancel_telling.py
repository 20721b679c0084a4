"""Telling a partner that a referral is cancelled which they have, or may have."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from messaging.client import Answered
from tests.dispatch_service import Dispatch, Org, dispatching, new_partner
from tests.partner_stubs import Answer, Relay

TOMORROW = {"Retry-After": "86400"}


@pytest_asyncio.fixture(scope="module")
async def dispatch(postgres_database: str, rabbitmq_vhost: str) -> AsyncIterator[Dispatch]:
    """A running replica with partners, a client and a listener."""
    async with dispatching(
        postgres_database, rabbitmq_vhost, probe_every_seconds=3600.0
    ) as running:
        yield running


@pytest.fixture
def org(dispatch: Dispatch) -> Org:
    """An org of this test's own."""
    return dispatch.org()


def is_cancelled(answered: Answered) -> bool:
    """200 with an e-referral that is cancelled."""
    return answered.status == 200 and answered.data["status"] == "cancelled"


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


@pytest.mark.parametrize("steps", [["250 ok"], [Relay.LOSE_AFTER_DATA, "250 ok"]])
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


async def test_the_portal_is_told_though_a_later_mail_did_not_arrive(
    dispatch: Dispatch, org: Org
) -> None:
    """A portal may have it; the mail after it, a person found, never arrived: who may have it is
    told all the same."""
    dispatch.mail.script("vanished@partner.example", Relay.LOSE_AFTER_DATA, "250 ok")
    ereferral = await org.dispatch(
        dispatch.at_portal("perhaps", 500, 500, 500, 200, email="vanished@partner.example")
    )
    await org.until(ereferral, "outcome_unknown")
    await org.act("ereferral.resolve", ereferral, outcome="not_delivered")
    await org.until(ereferral, "failed")
    assert (await org.cancel(ereferral)).status == 202
    await org.until(ereferral, "cancelled")
    told = dispatch.portal.ids("perhaps")[3:]
    assert told == [f"{ereferral}.cancel"] or len(dispatch.mail.to("vanished@partner.example")) == 2
