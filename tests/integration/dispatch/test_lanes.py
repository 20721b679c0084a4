"""Lanes: who waits for whom, over all replicas."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest_asyncio

from tests.support.partners.portal import Answer, Cut, Portal
from tests.support.services.dispatch import (
    Dispatch,
    Org,
    dispatching,
    eventually,
    new_partner,
    running_dispatch,
)


@pytest_asyncio.fixture(scope="module")
async def dispatch(postgres_database: str, rabbitmq_vhost: str) -> AsyncIterator[Dispatch]:
    """A running replica with partners, a client and a listener."""
    async with dispatching(
        postgres_database, rabbitmq_vhost, attempt_timeout_seconds=60.0
    ) as running:
        yield running


def at(portal: Portal, path: str, **fields: object) -> dict[str, object]:
    return new_partner(ereferral_endpoint=portal.endpoint(path), **fields)


async def test_no_more_than_four_at_a_time_over_all_replicas(dispatch: Dispatch, org: Org) -> None:
    """With two replicas and twelve waiting, four are in flight at one address, and never more."""
    portal, answers = dispatch.portal, asyncio.Event()
    portal.script("crowded", Answer(201, when=answers))
    partner = at(portal, "crowded")
    async with running_dispatch(dispatch.settings):
        sent = await asyncio.gather(*(org.dispatch(partner) for _ in range(12)))
        await eventually(lambda: portal.running["crowded"] == 4)
        # Both replicas look several times meanwhile.
        await asyncio.sleep(0.6)
        assert portal.running["crowded"] == 4
        answers.set()
        for ereferral in sent:
            await org.until(ereferral, "delivered")
    assert portal.most_running["crowded"] == 4
    assert sorted(portal.ids("crowded")) == sorted(sent)


async def test_two_orgs_at_one_address_are_two_lanes(dispatch: Dispatch, org: Org) -> None:
    """A lane is an org's: what one org sends there takes no place of another's."""
    portal, answers, other = dispatch.portal, asyncio.Event(), dispatch.org()
    portal.script("shared", Answer(201, when=answers))
    partner = at(portal, "shared")
    sent = [(mine, await mine.dispatch(partner)) for mine in (org, other) for _ in range(5)]
    await eventually(lambda: portal.running["shared"] == 8)
    answers.set()
    for mine, ereferral in sent:
        await mine.until(ereferral, "delivered")
    assert portal.most_running["shared"] == 8


async def test_a_partner_that_hangs_delays_nobody_else(dispatch: Dispatch, org: Org) -> None:
    """Three hundred wait for a partner that never answers: ten others get theirs meanwhile."""
    portal = dispatch.portal
    portal.script("hangs", Cut.HANG)
    slow = at(portal, "hangs")
    await asyncio.gather(*(org.dispatch(slow) for _ in range(300)))
    await eventually(lambda: portal.running["hangs"] == 4)
    others = [f"healthy-{n}" for n in range(10)]
    sent = await asyncio.gather(*(org.dispatch(at(portal, path)) for path in others))
    for ereferral in sent:
        await org.until(ereferral, "delivered")
    assert [len(portal.at(path)) for path in others] == [1] * 10
    assert len(portal.at("hangs")) == 4 and portal.running["hangs"] == 4
    await dispatch.execute(
        "UPDATE ereferral SET status = 'failed', due_at = NULL WHERE org_id = $1 "
        "AND status = 'queued'",
        org.id,
    )
    portal.let_go("hangs")


async def test_messages_about_one_referral_to_one_partner_go_one_after_another(
    dispatch: Dispatch, org: Org
) -> None:
    """The second starts when the first has ended, though it goes by another channel; another
    referral to that partner does not wait."""
    portal, answers, referral = dispatch.portal, asyncio.Event(), uuid4()
    portal.script("in-turn", Answer(201, when=answers))
    partner = at(portal, "in-turn")
    by_mail = {**partner, "ereferral_endpoint": None, "email": "in-turn@partner.example"}
    first = await org.dispatch(partner, referral_uuid=referral)
    second = await org.dispatch(by_mail, referral_uuid=referral)
    third = await org.dispatch(partner, referral_uuid=referral)
    unrelated = await org.dispatch(by_mail)
    await org.until(unrelated, "sent")
    await eventually(lambda: portal.running["in-turn"] == 1)
    assert (await org.get(second))["status"] == (await org.get(third))["status"] == "queued"
    assert portal.ids("in-turn") == [first]
    answers.set()
    await org.until(third, "delivered")
    ended = {e: (await org.get(e))["attempts"][0] for e in (first, second, third)}
    assert ended[first]["finished_at"] <= ended[second]["started_at"]
    assert ended[second]["finished_at"] <= ended[third]["started_at"]
    assert portal.most_running["in-turn"] == 1


async def test_an_earlier_message_that_waits_is_waited_for(dispatch: Dispatch, org: Org) -> None:
    """Between two attempts of the first nothing of the second goes out; when the first is
    cancelled, it is the second's turn."""
    portal, referral = dispatch.portal, uuid4()
    portal.script("waits", Answer(503, {"Retry-After": "3600"}), 201)
    partner = at(portal, "waits")
    first = await org.dispatch(partner, referral_uuid=referral)
    second = await org.dispatch(partner, referral_uuid=referral)
    await org.until(first, "retry_scheduled")
    await org.until(await org.dispatch(partner), "delivered")
    assert (await org.get(second))["status"] == "queued"
    assert (await org.cancel(first)).status == 200
    await org.until(second, "delivered")
    assert portal.ids("waits").count(first) == 1


async def test_what_waits_for_its_turn_takes_nobodys_place(dispatch: Dispatch, org: Org) -> None:
    """Ten messages wait for an earlier one about their referral: four others are in flight."""
    portal, answers, referral = dispatch.portal, asyncio.Event(), uuid4()
    portal.script("queue", Answer(503, {"Retry-After": "3600"}), Answer(201, when=answers))
    partner = at(portal, "queue")
    first = await org.dispatch(partner, referral_uuid=referral)
    await org.until(first, "retry_scheduled")
    waiting = [await org.dispatch(partner, referral_uuid=referral) for _ in range(10)]
    others = [await org.dispatch(partner) for _ in range(4)]
    await eventually(lambda: portal.running["queue"] == 4)
    assert sorted(portal.ids("queue")[1:]) == sorted(others)
    answers.set()
    for ereferral in others:
        await org.until(ereferral, "delivered")
    assert {(await org.get(ereferral))["status"] for ereferral in waiting} == {"queued"}


async def test_several_that_hear_that_it_is_gone_hold_it_once(dispatch: Dispatch, org: Org) -> None:
    """Four are answered 410 at one moment: one `partner_channel.held`, in its first version."""
    portal, answers = dispatch.portal, asyncio.Event()
    portal.script("gone-at-once", Answer(410, when=answers))
    partner = at(portal, "gone-at-once")
    sent = [await org.dispatch(partner) for _ in range(4)]
    await eventually(lambda: portal.running["gone-at-once"] == 4)
    answers.set()
    for ereferral in sent:
        await org.until(ereferral, "failed")
    held = await dispatch.heard.channels(org.id)
    assert [(event.type, event.version) for event in held] == [("held", 1)]
