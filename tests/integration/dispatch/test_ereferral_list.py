"""`ereferral.list`: filters, order, pages, and what needs a person."""

from typing import Any
from uuid import uuid4

from tests.support.services.dispatch import Dispatch, Org, new_partner

STATUSES = (
    "queued",
    "in_progress",
    "retry_scheduled",
    "held",
    "awaiting_call",
    "sent",
    "delivered",
    "outcome_unknown",
    "failed",
    "cancelled",
)


async def listed(org: Org, **fields: Any) -> list[str]:
    answered = await org.ask("ereferral.list", **fields)
    assert answered.status == 200, answered
    found = [item["id"] for item in answered.data["items"]]
    assert answered.data["total"] == len(found)
    return found


async def in_every_status(dispatch: Dispatch, org: Org) -> dict[str, str]:
    """An e-referral in each status, oldest first, each in a lane that is held: there is nothing to
    be done for any of them."""
    found = {}
    for status in STATUSES:
        partner = new_partner(ereferral_endpoint=dispatch.portal.endpoint(status))
        found[status] = await org.dispatch(partner)
        await org.until(found[status], "delivered")
        await dispatch.execute(
            "UPDATE lane SET held_at = now(), probe_at = now() + interval '1 hour' "
            "WHERE org_id = $1",
            org.id,
        )
        await dispatch.execute(
            "UPDATE ereferral SET status = $1, call_due_at = now() WHERE org_id = $2 AND id = $3",
            status,
            org.id,
            found[status],
        )
    return found


async def test_each_status_finds_its_own(dispatch: Dispatch, org: Org) -> None:
    """`status` finds those in it; without it all are listed, newest first."""
    ids = await in_every_status(dispatch, org)
    for status in STATUSES:
        assert await listed(org, status=status) == [ids[status]]
    assert await listed(org) == list(reversed(ids.values()))
    refused = await org.ask("ereferral.list", status="lost")
    assert refused.status == 422


async def test_what_needs_a_person_is_listed_oldest_first(dispatch: Dispatch, org: Org) -> None:
    """A call that is due, an outcome that nobody knows and a channel that is off; a call that is
    due later is none of them; `false` lists all others, newest first."""
    ids = await in_every_status(dispatch, org)
    needing = [ids["held"], ids["awaiting_call"], ids["outcome_unknown"]]
    assert await listed(org, needs_person=True) == needing
    others = [uuid for uuid in reversed(ids.values()) if uuid not in needing]
    assert await listed(org, needs_person=False) == others
    await dispatch.execute(
        "UPDATE ereferral SET call_due_at = now() + interval '2 hours' WHERE org_id = $1", org.id
    )
    assert await listed(org, needs_person=True) == [ids["held"], ids["outcome_unknown"]]
    assert ids["awaiting_call"] in await listed(org, needs_person=False)


async def test_a_partners_and_a_referrals_own(dispatch: Dispatch, org: Org) -> None:
    """`referral_partner_uuid` and `referral_uuid`, alone and together with a status."""
    portal, referral = dispatch.portal, uuid4()
    one = new_partner(ereferral_endpoint=portal.endpoint("one"))
    two = new_partner(ereferral_endpoint=portal.endpoint("two"))
    first = await org.dispatch(one, referral_uuid=referral)
    second = await org.dispatch(two, referral_uuid=referral)
    third = await org.dispatch(two)
    for ereferral in (first, second, third):
        await org.until(ereferral, "delivered")
    assert await listed(org, referral_uuid=str(referral)) == [second, first]
    assert await listed(org, referral_partner_uuid=str(two["id"])) == [third, second]
    both = {"referral_uuid": str(referral), "referral_partner_uuid": str(two["id"])}
    assert await listed(org, **both) == [second]
    assert await listed(org, **both, status="failed") == []


async def test_a_filter_that_names_what_was_never_sent_is_refused(
    dispatch: Dispatch, org: Org
) -> None:
    """Dispatch knows partners and referrals by their e-referrals, each org its own."""
    partner = new_partner(ereferral_endpoint=dispatch.portal.endpoint("known"))
    referral = uuid4()
    await org.dispatch(partner, referral_uuid=referral)
    known = {"referral_partner_uuid": str(partner["id"]), "referral_uuid": str(referral)}
    assert len(await listed(org, **known)) == 1
    for asking, name, uuid in (
        (org, "referral_partner_uuid", str(uuid4())),
        (org, "referral_uuid", str(uuid4())),
        *((dispatch.org(), name, uuid) for name, uuid in known.items()),
    ):
        for paging in ({}, {"cursor": ""}):
            filters: dict[str, Any] = {name: uuid, **paging}
            refused = await asking.ask("ereferral.list", **filters)
            assert refused.status == 404 and refused.problem is not None
            assert refused.problem["code"] == name.replace("_uuid", "_not_found")


async def test_pages(dispatch: Dispatch, org: Org) -> None:
    """Pages of one, in order; past the end there are no items and the true total."""
    partner = new_partner(ereferral_endpoint=dispatch.portal.endpoint("paged"))
    ids = [await org.dispatch(partner) for _ in range(3)]
    for page, expected in ((1, [ids[2]]), (3, [ids[0]]), (4, [])):
        data = (await org.ask("ereferral.list", page=page, page_size=1)).data
        assert [item["id"] for item in data["items"]] == expected
        assert (data["total"], data["page"], data["page_size"]) == (3, page, 1)


async def test_no_org_sees_anothers(dispatch: Dispatch, org: Org) -> None:
    """Another org's e-referral is not listed, and is not found like one that does not exist."""
    partner = new_partner(ereferral_endpoint=dispatch.portal.endpoint("mine"))
    ereferral = await org.dispatch(partner)
    other = dispatch.org()
    assert await listed(other) == []
    for uuid in (ereferral, str(uuid4())):
        got = await other.ask("ereferral.get", ereferral_uuid=uuid)
        assert got.status == 404 and got.problem is not None
        assert got.problem["code"] == "ereferral_not_found"
