"""Holding a partner's channel, and letting it go."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest_asyncio

from tests.support.partners.portal import Answer
from tests.support.services.dispatch import (
    Dispatch,
    Org,
    dispatching,
    eventually,
    new_partner,
    refusal,
)

PROBE_EVERY_SECONDS = 0.5
LONGEST_CLAIM_SECONDS = 0.2
"""An attempt begins within the transaction that claims it, and a probe is due from its begin on."""


@pytest_asyncio.fixture(scope="module")
async def dispatch(postgres_database: str, rabbitmq_vhost: str) -> AsyncIterator[Dispatch]:
    """A running replica that makes one attempt at a time in a lane, so that others wait."""
    async with dispatching(
        postgres_database,
        rabbitmq_vhost,
        lane_concurrency=1,
        probe_every_seconds=PROBE_EVERY_SECONDS,
    ) as running:
        yield running


async def held_lane(
    dispatch: Dispatch, org: Org, path: str, waiting: int
) -> tuple[dict[str, Any], str, list[str]]:
    """A lane whose portal has said 410 while others waited in it: the partner, who got the 410,
    and who waits. No probe goes out any more; one may have, in vain, for the first who waits."""
    answers = asyncio.Event()
    partner = dispatch.at_portal(path, Answer(410, when=answers), 503)
    gone = await org.dispatch(partner)
    await eventually(lambda: dispatch.portal.running[path] == 1)
    others = [await org.dispatch(partner) for _ in range(waiting)]
    answers.set()
    await org.until(gone, "failed")
    await dispatch.execute(
        "UPDATE lane SET probe_at = now() + interval '1 hour' WHERE org_id = $1", org.id
    )
    for other in others:
        await org.until(other, "held")
    return partner, gone, others


async def test_gone_holds_a_lane_and_a_probe_that_succeeds_lets_it_go(
    dispatch: Dispatch, org: Org
) -> None:
    """A 410: `partner_channel.held` once, each waiting e-referral `held` with its event; one probe
    at a time goes out until one succeeds; then `partner_channel.released`, and all go."""
    portal, answers = dispatch.portal, asyncio.Event()
    portal.script("gone", Answer(410, when=answers), 503, 503, 201)
    partner = new_partner(ereferral_endpoint=portal.endpoint("gone"))
    first = await org.dispatch(partner)
    await eventually(lambda: portal.running["gone"] == 1)
    waiting = [await org.dispatch(partner) for _ in range(3)]
    answers.set()
    for ereferral in waiting:
        await org.until(ereferral, "delivered")

    probe, *rest = waiting
    assert portal.ids("gone") == [first, probe, probe, probe, *rest]
    made = (await org.get(probe))["attempts"]
    started = [datetime.fromisoformat(attempt["started_at"]) for attempt in made]
    waits = [(later - earlier).total_seconds() for earlier, later in pairwise(started)]
    assert len(waits) == 2 and min(waits) > PROBE_EVERY_SECONDS - LONGEST_CLAIM_SECONDS
    assert await dispatch.heard.story(first) == ["queued", "attempt_failed", "failed"]
    assert await dispatch.heard.story(probe) == [
        "queued",
        "held",
        "attempt_failed",
        "held",
        "attempt_failed",
        "held",
        "delivered",
    ]
    for ereferral in rest:
        assert await dispatch.heard.story(ereferral) == ["queued", "held", "queued", "delivered"]
    held, released = await dispatch.heard.channels(org.id)
    assert (held.type, released.type) == ("held", "released")
    assert (held.version, released.version) == (1, 2)
    assert held.body["subject"] == released.body["subject"] == held.data["id"]
    assert held.data["held"] is True and held.data["held_at"] is not None
    assert released.data["held"] is False and released.data["held_at"] is None
    assert held.data["channel"] == "portal"
    assert held.data["address"] == portal.endpoint("gone")
    assert held.data["referral_partner"] == {"uuid": str(partner["id"]), "name": "Alex Example"}


async def test_what_waits_for_a_retry_and_what_comes_later_are_held_too(
    dispatch: Dispatch, org: Org
) -> None:
    """Every e-referral that waits in a held lane is `held`, whatever it waited for."""
    portal, answers = dispatch.portal, asyncio.Event()
    steps = (Answer(503, {"Retry-After": "3600"}), Answer(410, when=answers), 503)
    partner = dispatch.at_portal("closing", *steps)
    retried = await org.dispatch(partner)
    await org.until(retried, "retry_scheduled")
    gone = await org.dispatch(partner)
    await eventually(lambda: portal.running["closing"] == 1)
    answers.set()
    await org.until(gone, "failed")
    later = await org.dispatch(partner)
    for ereferral in (retried, later):
        shown = await org.until(ereferral, "held")
        assert shown["next_attempt_at"] is None
    # The one that came first may be a probe by now; it is held again.
    story = await dispatch.heard.story(retried)
    assert story[:4] == ["queued", "attempt_failed", "retry_scheduled", "held"]
    assert await dispatch.heard.story(later) == ["queued", "held"]


async def test_a_person_lets_a_held_channel_go(dispatch: Dispatch, org: Org) -> None:
    """`partner_channel.release`: 200, the channel as it is now, and all that is held goes."""
    partner, _, waiting = await held_lane(dispatch, org, "released", waiting=3)
    dispatch.portal.script("released", 201)
    release: dict[str, Any] = {"referral_partner_uuid": str(partner["id"]), "channel": "portal"}
    answered = await org.ask("partner_channel.release", **release)
    assert answered.status == 200
    assert answered.data["held"] is False and answered.data["held_at"] is None
    assert answered.data["channel"] == "portal"
    for ereferral in waiting:
        await org.until(ereferral, "delivered")
        assert (await dispatch.heard.story(ereferral))[-2:] == ["queued", "delivered"]
    for ereferral in waiting[1:]:
        assert await dispatch.heard.story(ereferral) == ["queued", "held", "queued", "delivered"]
    assert [event.type for event in await dispatch.heard.channels(org.id)] == ["held", "released"]
    # Once only: it is not held any more.
    again = await org.ask("partner_channel.release", **release)
    assert refusal(again) == (409, "invalid_transition")


async def test_nothing_to_let_go_is_a_conflict(dispatch: Dispatch, org: Org) -> None:
    """409 where the partner's channel is not held, though another one is."""
    partner, _, waiting = await held_lane(dispatch, org, "still-held", waiting=1)
    known = str(partner["id"])
    answered = await org.ask("partner_channel.release", referral_partner_uuid=known, channel="fax")
    assert refusal(answered) == (409, "invalid_transition")
    refused = await org.ask(
        "partner_channel.release", referral_partner_uuid=known, channel="pigeon"
    )
    assert refused.status == 422
    assert (await org.get(waiting[0]))["status"] == "held"


async def test_a_partner_that_was_never_sent_anything_is_not_found(
    dispatch: Dispatch, org: Org
) -> None:
    """404, before anything is said about the channel; another org's partner is not this one's."""
    partner, _, waiting = await held_lane(dispatch, org, "known", waiting=1)
    for asking, partner_uuid in ((org, str(uuid4())), (dispatch.org(), str(partner["id"]))):
        answered = await asking.ask(
            "partner_channel.release", referral_partner_uuid=partner_uuid, channel="portal"
        )
        assert refusal(answered) == (404, "referral_partner_not_found")
    assert (await org.get(waiting[0]))["status"] == "held"


async def lane_of(dispatch: Dispatch, org: Org) -> tuple[int, bool]:
    """Failures in a row of the org's one lane, and whether it is held."""
    row = await dispatch.database.fetchrow(
        "SELECT failures, held_at IS NOT NULL AS held FROM ereferral_dispatch.lane "
        "WHERE org_id = $1",
        org.id,
    )
    return row["failures"], row["held"]


async def test_twenty_failures_in_a_row_over_ten_minutes_hold_a_lane(
    dispatch: Dispatch, org: Org
) -> None:
    """Nineteen do not, though the first was long ago; nor do twenty within moments."""
    dispatch.portal.script("failing", 404)
    partner = new_partner(ereferral_endpoint=dispatch.portal.endpoint("failing"))
    sent = [await org.dispatch(partner) for _ in range(19)]
    for ereferral in sent:
        await org.until(ereferral, "failed")
    assert await lane_of(dispatch, org) == (19, False)
    await org.until(await org.dispatch(partner), "failed")
    assert await lane_of(dispatch, org) == (20, False)
    await dispatch.execute(
        "UPDATE lane SET failing_since = now() - interval '10 minutes' WHERE org_id = $1", org.id
    )
    assert await lane_of(dispatch, org) == (20, False)
    await org.until(await org.dispatch(partner), "failed")
    assert (await lane_of(dispatch, org))[1] is True
    assert [event.type for event in await dispatch.heard.channels(org.id)] == ["held"]


async def test_an_answer_about_one_document_is_no_failure_of_the_channel(
    dispatch: Dispatch, org: Org
) -> None:
    """400, 409, 413 and 422 neither lengthen the streak nor end it; a success ends it."""
    dispatch.portal.script("picky", 404, 400, 409, 413, 422, 201)
    partner = new_partner(ereferral_endpoint=dispatch.portal.endpoint("picky"))
    counts = []
    for _ in range(5):
        await org.until(await org.dispatch(partner), "failed")
        counts.append((await lane_of(dispatch, org))[0])
    assert counts == [1, 1, 1, 1, 1]
    await org.until(await org.dispatch(partner), "delivered")
    assert await lane_of(dispatch, org) == (0, False)
