"""Retention of the inbox: a reply is kept whole for 7 days, a message id for 30."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from messaging.replies.client import Reply
from messaging.trail.retention import Horizon, forget
from tests.support.refusals import problem
from tests.support.services.referrals import Org, Referrals

REPLIES = timedelta(days=7)
MESSAGES = timedelta(days=30)
AN_HOUR = timedelta(hours=1)


async def forget_after(referrals: Referrals, passed: timedelta) -> int:
    """A round of retention as it would be made so much later."""
    now = datetime.now(UTC) + passed
    horizon = Horizon(replies=now - REPLIES, messages=now - MESSAGES)
    return (await forget(referrals.service.system_engine, horizon)).total


async def test_a_reply_is_whole_until_7_days_then_its_status_and_id_alone_until_30(
    org: Org, referrals: Referrals
) -> None:
    """Then the message id is known no more, and a repeat is a new message."""
    message_id = uuid4()
    given = {"first_name": "Ann", "last_name": "Archer"}

    async def create() -> Reply:
        return await org.ask("referral_partner.create", message_id=message_id, **given)

    first = await create()
    assert await forget_after(referrals, REPLIES - AN_HOUR) == 0
    assert await create() == first
    assert await forget_after(referrals, REPLIES + AN_HOUR) == 1
    assert await create() == Reply(201, {"id": first.data["id"]}, None)
    assert await forget_after(referrals, REPLIES + AN_HOUR) == 0
    assert await forget_after(referrals, MESSAGES - AN_HOUR) == 0
    assert (await create()).data == {"id": first.data["id"]}
    assert (await org.ask("referral_partner.list")).data["total"] == 1
    assert await forget_after(referrals, MESSAGES + AN_HOUR) == 1
    again = await create()
    assert again.status == 201
    assert again.data["id"] != first.data["id"]
    assert (await org.ask("referral_partner.list")).data["total"] == 2


async def test_an_emptied_archive_and_an_emptied_refusal_keep_their_status(
    org: Org, referrals: Referrals
) -> None:
    """The id of what was archived; a refusal has none. Nothing is done a second time."""
    archive, refused = uuid4(), uuid4()
    uuid = (await org.partner())["id"]
    named = {"referral_partner_uuid": uuid, "base_version": 1}
    first = await org.ask("referral_partner.archive", message_id=archive, **named)
    assert first == Reply(204, None, None)
    not_found = await org.ask("referral_partner.update", message_id=refused, **named, city="X")
    problem(not_found, 404, "referral_partner_not_found")
    assert await forget_after(referrals, REPLIES + AN_HOUR) >= 2
    again = await org.ask("referral_partner.archive", message_id=archive, **named)
    assert again == Reply(204, {"id": uuid}, None)
    again = await org.ask("referral_partner.update", message_id=refused, **named, city="X")
    assert again.status == 404
    assert (await referrals.heard.event_types(org)).count("referral_partner.archived") == 1


async def test_an_emptied_reply_still_knows_another_body(org: Org, referrals: Referrals) -> None:
    """`message_id_reused` for as long as the id is known."""
    message_id = uuid4()
    await org.ask("referral_partner.create", message_id=message_id, first_name="A", last_name="B")
    await forget_after(referrals, REPLIES + AN_HOUR)
    reused = await org.ask(
        "referral_partner.create", message_id=message_id, first_name="A", last_name="C"
    )
    problem(reused, 409, "message_id_reused")


@pytest.mark.parametrize("days", [7, 30])
async def test_retention_works_through_any_number_of_rows(
    org: Org, referrals: Referrals, days: int
) -> None:
    """In small transactions, each org's alike, and tells how many rows it has changed."""
    others = [referrals.org() for _ in range(3)]
    for one in (org, *others):
        await one.patient()
    assert await forget_after(referrals, timedelta(days=days) + AN_HOUR) >= 4
    assert await forget_after(referrals, timedelta(days=days) + AN_HOUR) == 0
