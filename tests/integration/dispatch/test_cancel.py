"""Cancelling an e-referral, wherever it stands."""

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from tests.integration.dispatch.shown import is_cancelled
from tests.support.database.urls import plain_url
from tests.support.partners.portal import Answer, Cut
from tests.support.partners.relay import HANG_AT_RCPT
from tests.support.services.dispatch import Dispatch, Org, eventually, new_partner, running_dispatch

TOMORROW = {"Retry-After": "86400"}


async def test_before_its_dispatch_was_heard(dispatch: Dispatch, org: Org) -> None:
    """A cancel that comes first is taken; the e-referral ends cancelled and nothing is sent."""
    partner, ereferral = dispatch.at_portal("early"), str(uuid4())
    assert (await org.cancel(ereferral)).status == 202
    assert (await org.cancel(ereferral)).status == 202
    await org.dispatch(partner, dispatch_uuid=ereferral)
    await org.until(ereferral, "cancelled")
    assert (await dispatch.heard.story(ereferral))[-1] == "cancelled"
    # The next one there shows that this lane was looked at since.
    await org.until(await org.dispatch(partner), "delivered")
    assert ereferral not in dispatch.portal.ids("early")


async def test_at_the_same_moment_as_its_dispatch(dispatch: Dispatch, org: Org) -> None:
    """Two replicas take the dispatch and its cancel in transactions that do not see each other:
    it ends cancelled all the same."""
    partner = dispatch.at_portal("crossing")
    ids = [str(uuid4()) for _ in range(4)]
    gate = await asyncpg.connect(plain_url(dispatch.settings.database_url))
    async with running_dispatch(dispatch.settings):
        for ereferral in ids:
            async with gate.transaction():
                # Both have decided, and neither can commit.
                await gate.execute(
                    "LOCK TABLE ereferral_dispatch.inbox IN SHARE ROW EXCLUSIVE MODE"
                )
                asked = [
                    asyncio.create_task(org.cancel(ereferral)),
                    asyncio.create_task(org.dispatch(partner, dispatch_uuid=ereferral)),
                ]
                await asyncio.sleep(0.5)
            await asyncio.gather(*asked)
        for ereferral in ids:
            await org.until(ereferral, "cancelled")
    await gate.close()
    posted = dispatch.portal.ids("crossing")
    assert all(posted.count(ereferral) == posted.count(f"{ereferral}.cancel") for ereferral in ids)


async def test_another_orgs_cancel_is_not_this_ones(dispatch: Dispatch, org: Org) -> None:
    """Ids are taken per org: a cancel in one org says nothing in another."""
    ereferral = str(uuid4())
    assert (await dispatch.org().cancel(ereferral)).status == 202
    await org.dispatch(dispatch.at_portal("not-this"), dispatch_uuid=ereferral)
    await org.until(ereferral, "delivered")


async def test_while_it_is_queued(dispatch: Dispatch, org: Org) -> None:
    """Cancelled at once, and nothing is sent."""
    answers, referral = asyncio.Event(), uuid4()
    partner = dispatch.at_portal("queued", Answer(201, when=answers))
    ahead = await org.dispatch(partner, referral_uuid=referral)
    ereferral = await org.dispatch(partner, referral_uuid=referral)
    await eventually(lambda: dispatch.portal.running["queued"] == 1)
    assert is_cancelled(await org.cancel(ereferral))
    answers.set()
    await org.until(ahead, "delivered")
    await org.until(await org.dispatch(partner, referral_uuid=referral), "delivered")
    assert await dispatch.heard.story(ereferral) == ["queued", "cancelled"]
    assert ereferral not in dispatch.portal.ids("queued")


async def test_while_a_retry_is_scheduled(dispatch: Dispatch, org: Org) -> None:
    """After failures in which certainly nothing arrived: cancelled at once."""
    ereferral = await org.dispatch(dispatch.at_portal("retried", Answer(503, TOMORROW)))
    await org.until(ereferral, "retry_scheduled")
    answered = await org.cancel(ereferral)
    assert is_cancelled(answered) and answered.data["next_attempt_at"] is None
    story = await dispatch.heard.story(ereferral)
    assert story == ["queued", "attempt_failed", "retry_scheduled", "cancelled"]
    assert dispatch.portal.ids("retried") == [ereferral]


async def test_while_it_is_held(dispatch: Dispatch, org: Org) -> None:
    """Cancelled at once; it does not go when the channel is let go."""
    partner = dispatch.at_portal("held", 410, 201)
    await org.until(await org.dispatch(partner), "failed")
    ereferral = await org.dispatch(partner)
    await org.until(ereferral, "held")
    assert is_cancelled(await org.cancel(ereferral))
    released = await org.ask(
        "partner_channel.release", referral_partner_uuid=str(partner["id"]), channel="portal"
    )
    assert released.status == 200
    await org.until(await org.dispatch(partner), "delivered")
    assert await dispatch.heard.story(ereferral) == ["queued", "held", "cancelled"]
    assert ereferral not in dispatch.portal.ids("held")


async def test_after_it_failed(dispatch: Dispatch, org: Org) -> None:
    """No channel had taken it: cancelled at once."""
    ereferral = await org.dispatch(dispatch.at_portal("failed", 403))
    await org.until(ereferral, "failed")
    assert is_cancelled(await org.cancel(ereferral))
    assert dispatch.portal.ids("failed") == [ereferral]


async def test_while_a_call_is_awaited(dispatch: Dispatch, org: Org) -> None:
    """Nobody was called: cancelled at once, and the call is no attempt that is still open."""
    ereferral = await org.dispatch(new_partner(phone="+12025550111"))
    await org.until(ereferral, "awaiting_call")
    assert is_cancelled(await org.cancel(ereferral))
    assert await dispatch.heard.story(ereferral) == ["queued", "call_requested", "cancelled"]
    shown = await org.get(ereferral)
    assert all(attempt["finished_at"] is not None for attempt in shown["attempts"])
    assert not (await org.ask("ereferral.list", needs_person=True)).data["items"]


async def test_during_an_attempt_before_its_point_of_no_return(
    dispatch: Dispatch, org: Org
) -> None:
    """Accepted while it is in progress; nothing leaves, and it is cancelled."""
    dispatch.mail.script("slow@partner.example", HANG_AT_RCPT)
    ereferral = await org.dispatch(new_partner(email="slow@partner.example"))
    await eventually(lambda: "slow@partner.example" in dispatch.mail.asked)
    answered = await org.cancel(ereferral)
    assert answered.status == 202 and answered.data["status"] == "in_progress"
    dispatch.mail.let_go("slow@partner.example")
    shown = await org.until(ereferral, "cancelled")
    assert dispatch.mail.to("slow@partner.example") == []
    assert [a["outcome"] for a in shown["attempts"]] == ["transient_failure"]
    assert await dispatch.heard.story(ereferral) == ["queued", "attempt_failed", "cancelled"]


async def test_during_an_attempt_that_then_fails_for_certain(dispatch: Dispatch, org: Org) -> None:
    """The portal had the body and refused it: cancelled, and nobody needs to be told."""
    answers = asyncio.Event()
    ereferral = await org.dispatch(
        dispatch.at_portal("refuses", Answer(403, when=answers), email="never@partner.example")
    )
    await eventually(lambda: dispatch.portal.running["refuses"] == 1)
    assert (await org.cancel(ereferral)).status == 202
    answers.set()
    await org.until(ereferral, "cancelled")
    assert dispatch.portal.ids("refuses") == [ereferral]
    assert dispatch.mail.to("never@partner.example") == []
    assert await dispatch.heard.story(ereferral) == ["queued", "attempt_failed", "cancelled"]


@pytest.mark.parametrize(
    ("path", "step", "story"),
    [
        ("takes-it", 201, ["queued", "delivered", "queued", "cancelled"]),
        ("fails", 500, ["queued", "attempt_failed", "queued", "cancelled"]),
        ("resets", Cut.RESET, ["queued", "attempt_failed", "queued", "cancelled"]),
    ],
)
async def test_during_an_attempt_that_may_have_arrived(
    dispatch: Dispatch, org: Org, path: str, step: Any, story: list[str]
) -> None:
    """Decided at its outcome: the partner is told, after the send has ended and never before."""
    cancelled = asyncio.Event()
    wait = Answer(step, when=cancelled) if isinstance(step, int) else Cut.HANG
    ereferral = await org.dispatch(dispatch.at_portal(path, wait, 200))
    await eventually(lambda: dispatch.portal.running[path] == 1)
    answered = await org.cancel(ereferral)
    assert answered.status == 202 and answered.data["status"] == "in_progress"
    assert (await org.cancel(ereferral)).status == 202
    cancelled.set()
    dispatch.portal.let_go(path)
    await org.until(ereferral, "cancelled")
    assert dispatch.portal.ids(path) == [ereferral, f"{ereferral}.cancel"]
    assert dispatch.portal.most_running[path] == 1
    assert await dispatch.heard.story(ereferral) == story


async def test_a_cancel_needs_its_fields(dispatch: Dispatch, org: Org) -> None:
    """422 without a reason or an id; nothing is cancelled."""
    ereferral = await org.dispatch(dispatch.at_portal("reasons", Answer(503, TOMORROW)))
    await org.until(ereferral, "retry_scheduled")
    wrong: list[dict[str, Any]] = [{}, {"reason": ""}, {"reason": "x" * 2001}]
    for fields in wrong:
        answered = await org.ask("ereferral.cancel", ereferral_uuid=ereferral, **fields)
        assert answered.status == 422, fields
    assert (await org.ask("ereferral.cancel", reason="Moved away")).status == 422
    assert (await org.get(ereferral))["status"] == "retry_scheduled"
