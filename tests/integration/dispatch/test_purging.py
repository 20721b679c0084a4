"""Retention of packages: what ended long ago loses what it was made of, and says so when asked."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from messaging.trail.audit import Operator, about_patient
from services.ereferral_dispatch import purging
from services.ereferral_dispatch.purging import Purged
from tests.support.database.urls import plain_url
from tests.support.samples.packages import PATIENT_ID
from tests.support.services.dispatch import Dispatch, Org, new_partner, refusal

REASON = "The patient has moved away"

OPERATOR = Operator(client="handoff", actor="staff-9")
AN_HOUR = timedelta(hours=1)


@pytest_asyncio.fixture(autouse=True)
async def _nothing_left_to_purge(dispatch: Dispatch) -> None:
    """The orgs of the tests before are purged: a purge is about all orgs."""
    await purge(dispatch, AN_HOUR)


async def purge(dispatch: Dispatch, passed: timedelta) -> Purged:
    """A purge of what ended up to now, as it would be made so much later."""
    before = datetime.now(UTC) + passed
    return await purging.purge(dispatch.service.system_engine, before, OPERATOR)


async def held(dispatch: Dispatch, org: Org) -> tuple[int, int]:
    """How many packages and how many composed letters and bundles an org has."""
    row = await dispatch.database.fetchrow(
        "SELECT (SELECT count(*) FROM ereferral_dispatch.package WHERE org_id = $1),"
        " (SELECT count(*) FROM ereferral_dispatch.composed WHERE org_id = $1)",
        org.id,
    )
    return row[0], row[1]


async def delivered(dispatch: Dispatch, org: Org, **fields: Any) -> str:
    """An e-referral that a portal took."""
    ereferral = await org.dispatch(dispatch.at_portal("takes", **fields))
    await org.reaches(ereferral, "delivered")
    return ereferral


async def failed(org: Org, dispatch: Dispatch) -> str:
    """An e-referral that its portal refused; nothing was received."""
    ereferral = await org.dispatch(dispatch.at_portal("refuses", 400))
    await org.reaches(ereferral, "failed")
    return ereferral


async def test_what_has_not_ended_for_so_long_is_kept(dispatch: Dispatch, org: Org) -> None:
    """Neither what ended later, nor what still stands in front of a person or waits."""
    await delivered(dispatch, org)
    assert await purge(dispatch, -AN_HOUR) == Purged(0, 0)
    waiting = new_partner(phone="+12025550111", preferred_contact_method="phone")
    call = await org.dispatch(waiting)
    await org.reaches(call, "awaiting_call")
    assert await purge(dispatch, AN_HOUR) == Purged(packages=1, composed=1)
    assert await held(dispatch, org) == (1, 0)
    assert (await org.act("ereferral.retry", call)).status == 202


async def test_a_dry_run_counts_what_the_real_one_then_does(dispatch: Dispatch, org: Org) -> None:
    """And changes nothing. The e-referral and its attempts stay as they were."""
    shown = [await org.get(await delivered(dispatch, org)) for _ in range(2)]
    await failed(org, dispatch)
    before = datetime.now(UTC) + AN_HOUR
    counted = await purging.purgeable(dispatch.service.system_engine, before)
    assert counted == Purged(packages=3, composed=3)
    assert await held(dispatch, org) == (3, 3)
    assert await purge(dispatch, AN_HOUR) == counted
    assert await held(dispatch, org) == (0, 0)
    assert await purge(dispatch, AN_HOUR) == Purged(0, 0)
    assert [await org.get(one["id"]) for one in shown] == shown


async def test_each_purged_package_is_in_the_patients_trail(dispatch: Dispatch, org: Org) -> None:
    """Who, which e-referral, whose data."""
    ereferral = await delivered(dispatch, org)
    await purge(dispatch, AN_HOUR)
    trail = await about_patient(dispatch.service.system_engine, org.id, PATIENT_ID)
    (entry,) = [one for one in trail if one.operation == "ereferral.purge"]
    assert (entry.client, entry.actor) == ("handoff", "staff-9")
    assert entry.record_id == UUID(ereferral)


async def test_a_purge_goes_through_any_number_in_small_transactions(
    dispatch: Dispatch, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as there are, however few one transaction takes."""
    monkeypatch.setattr(purging, "AT_A_TIME", 2)
    for _ in range(5):
        await failed(org, dispatch)
    assert (await purge(dispatch, AN_HOUR)).packages == 5
    assert await held(dispatch, org) == (0, 0)


async def test_what_somebody_works_on_is_left_for_the_next_time(
    dispatch: Dispatch, org: Org
) -> None:
    """A purge waits for nobody's row: it may run beside the services."""
    busy, free = await failed(org, dispatch), await failed(org, dispatch)
    other = await asyncpg.connect(plain_url(dispatch.settings.database_url))
    async with asyncio.timeout(20):
        async with other.transaction():
            await other.execute(
                "SELECT FROM ereferral_dispatch.ereferral WHERE id = $1 FOR NO KEY UPDATE",
                UUID(busy),
            )
            assert (await purge(dispatch, AN_HOUR)).packages == 1
        await other.close()
    assert (await org.act("ereferral.retry", free)).status == 409
    assert (await purge(dispatch, AN_HOUR)).packages == 1


async def test_what_was_purged_cannot_be_sent_again(dispatch: Dispatch, org: Org) -> None:
    """409 `invalid_transition`, and it stands as it stood; nothing goes out."""
    ereferral = await failed(org, dispatch)
    await purge(dispatch, AN_HOUR)
    before = await org.get(ereferral)
    assert refusal(await org.act("ereferral.retry", ereferral)) == (409, "invalid_transition")
    assert await org.get(ereferral) == before
    assert dispatch.portal.ids("refuses").count(ereferral) == 1


async def test_a_cancel_of_what_never_left_needs_no_package(dispatch: Dispatch, org: Org) -> None:
    """`cancelled`; nobody has to be told."""
    ereferral = await failed(org, dispatch)
    await purge(dispatch, AN_HOUR)
    answered = await org.cancel(ereferral)
    assert (answered.status, answered.data["status"]) == (200, "cancelled")


@pytest.mark.parametrize("fields", [{}, {"phone": "+12025550111"}], ids=["portal", "phone too"])
async def test_a_cancel_of_what_arrived_and_was_purged_asks_for_a_call(
    dispatch: Dispatch, org: Org, fields: dict[str, str]
) -> None:
    """No cancellation can be composed: a person tells the partner, by phone where there is one."""
    ereferral = await delivered(dispatch, org, **fields)
    await purge(dispatch, AN_HOUR)
    answered = await org.cancel(ereferral)
    assert (answered.status, answered.data["status"]) == (202, "awaiting_call")
    assert answered.data["channel"] == "phone"
    needs_person = await org.ask("ereferral.list", needs_person=True)
    assert [one["id"] for one in needs_person.data["items"]] == [ereferral]
    assert refusal(await org.act("ereferral.retry", ereferral)) == (409, "invalid_transition")
    no_answer = await org.act("ereferral.complete_call", ereferral, outcome="no_answer")
    assert no_answer.data["status"] == "awaiting_call"
    reached = await org.act("ereferral.complete_call", ereferral, outcome="reached")
    assert reached.data["status"] == "cancelled"
    assert await dispatch.heard.story(ereferral) == [
        "queued", "delivered", "call_requested", "attempt_failed", "cancelled",
    ]  # fmt: skip
    assert dispatch.portal.ids("takes").count(ereferral) == 1


async def test_a_response_can_still_be_recorded(dispatch: Dispatch, org: Org) -> None:
    """The partner may answer after the package is gone."""
    ereferral = await delivered(dispatch, org)
    await purge(dispatch, AN_HOUR)
    named: dict[str, Any] = {"ereferral_uuid": ereferral, "response": "completed"}
    assert (await org.ask("ereferral.record_response", **named)).status == 200


async def purge_reasons(dispatch: Dispatch, passed: timedelta) -> int:
    """A purge of early cancels' reasons up to now, as it would be made so much later."""
    before = datetime.now(UTC) + passed
    return await purging.purge_early_reasons(dispatch.service.system_engine, before, OPERATOR)


async def stored_reasons(dispatch: Dispatch, org: Org) -> list[str]:
    """What an org's early cancels say."""
    rows = await dispatch.database.fetch(
        "SELECT reason FROM ereferral_dispatch.early_cancel WHERE org_id = $1", org.id
    )
    return [row["reason"] for row in rows]


async def cancelled_early(org: Org) -> str:
    """An e-referral that dispatch knows by its cancel alone."""
    ereferral = str(uuid4())
    asked = await org.ask("ereferral.cancel", ereferral_uuid=ereferral, reason=REASON)
    assert asked.status == 202
    return ereferral


async def test_an_early_cancel_loses_its_reason_and_still_holds(
    dispatch: Dispatch, org: Org
) -> None:
    """Its dispatch ends cancelled, however late it comes, and nothing is sent."""
    ereferral = await cancelled_early(org)
    assert await purge_reasons(dispatch, -AN_HOUR) == 0
    assert await stored_reasons(dispatch, org) == [REASON]
    assert await purge_reasons(dispatch, AN_HOUR) == 1
    assert await stored_reasons(dispatch, org) == ["[erased]"]
    assert await purge_reasons(dispatch, AN_HOUR) == 0
    partner = dispatch.at_portal("late")
    await org.dispatch(partner, dispatch_uuid=ereferral)
    await org.until(ereferral, "cancelled")
    # The next one there shows that this lane was looked at since.
    await org.until(await org.dispatch(partner), "delivered")
    assert ereferral not in dispatch.portal.ids("late")


async def test_each_purged_reason_is_in_the_trail(
    dispatch: Dispatch, org: Org, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever e-referral it was; the patient's where dispatch came to know whose it is. However
    few one transaction takes."""
    monkeypatch.setattr(purging, "AT_A_TIME", 2)
    early = [await cancelled_early(org) for _ in range(5)]
    await org.dispatch(dispatch.at_portal("late"), dispatch_uuid=early[0])
    assert await purge_reasons(dispatch, AN_HOUR) == 5
    rows = await dispatch.database.fetch(
        "SELECT record_id, patient_ids, client, actor FROM ereferral_dispatch.audit"
        " WHERE org_id = $1 AND operation = 'early_cancel.purge'",
        org.id,
    )
    whose = {str(row["record_id"]): row["patient_ids"] for row in rows}
    assert whose == {early[0]: [PATIENT_ID], **{ereferral: [] for ereferral in early[1:]}}
    assert {(row["client"], row["actor"]) for row in rows} == {("handoff", "staff-9")}
