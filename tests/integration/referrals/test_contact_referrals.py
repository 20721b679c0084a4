"""Contact referrals on real servers: conditional changes, order, races."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from messaging.replies.client import Reply
from messaging.trail.audit import about_patient
from tests.integration.referrals.marketing import uuid_and_name
from tests.support.refusals import problem
from tests.support.services.referrals import Org, Referrals

CLIENTS = 8


def named(made: dict[str, Any]) -> dict[str, Any]:
    """The fields by which an operation names one."""
    return {"contact_uuid": made["referred_by"]["uuid"], "contact_referral_uuid": made["id"]}


async def update(org: Org, made: dict[str, Any], **fields: Any) -> Reply:
    """Change one as it was last seen."""
    given = {"updated_in_db_at": made["updated_in_db_at"], **named(made), **fields}
    return await org.ask("contact_referral.update", **given)


async def listed(org: Org, contact: str, **asked: Any) -> list[str]:
    """The ids of those by a contact."""
    page = await org.ask("contact_referral.list", contact_uuid=contact, **asked)
    assert page.status == 200, page
    return [item["id"] for item in page.data["items"]]


async def test_one_is_shown_as_it_was_made(org: Org) -> None:
    """In the reply, by get and in a list the same, in whole seconds; no attribution comes of it."""
    by, to = await org.contact(), await org.contact(name="Nora")
    id_ = str(uuid4())
    pair = {"contact_uuid": by["id"], "referred_to_uuid": to["id"]}
    made = await org.contact_referral(id=id_, **pair)
    assert made == {
        "id": id_,
        "version": 1,
        "created_at": made["updated_at"],
        "updated_at": made["updated_at"],
        "updated_in_db_at": made["updated_at"],
        "referred_by": uuid_and_name(by, "Pace household"),
        "referred_to": uuid_and_name(to, "Nora"),
    }
    assert datetime.fromisoformat(made["updated_at"]).microsecond == 0
    assert (await org.ask("contact_referral.get", **named(made))).data == made
    page = await org.ask("contact_referral.list", contact_uuid=by["id"])
    assert (page.data["items"], page.data["total"]) == ([made], 1)
    assert await listed(org, to["id"]) == []


async def test_events_tell_what_happened(org: Org, referrals: Referrals) -> None:
    """Created, updated with `overwrote`, archived; none of an attribution."""
    made = await org.contact_referral()
    other = (await org.contact())["id"]
    changed = await update(org, made, referred_to_uuid=other)
    moved = await update(
        org, made, updated_in_db_at="2020-01-01T00:00:00Z", overwrite=True, referred_to_uuid=other
    )
    assert moved.data == changed.data
    again = await update(org, made, overwrite=True, referred_to_uuid=made["referred_to"]["uuid"])
    assert (await org.ask("contact_referral.archive", **named(made))).status == 204
    told = [said.body for said in await referrals.heard.events(org)]
    assert [
        (one["type"], one["aggregateversion"], one.get("changed"), one.get("overwrote"))
        for one in told
        if not one["type"].startswith("contact.")
    ] == [
        ("contact_referral.created", 1, None, None),
        ("contact_referral.updated", 2, "referred_to", False),
        ("contact_referral.updated", 3, "referred_to", True),
        ("contact_referral.archived", 4, None, None),
    ]
    assert told[-2]["data"] == again.data
    assert {one["subject"] for one in told[-4:]} >= {made["id"]}


async def test_those_by_a_contact_come_oldest_first(org: Org) -> None:
    """By when they were made, however their ids sort; one that has moved is with its new contact,
    where its age puts it."""
    by, another = (await org.contact())["id"], (await org.contact())["id"]
    ids = [str(UUID(int=n)) for n in (3, 1, 2)]
    made = [await org.contact_referral(id=id_, contact_uuid=by) for id_ in ids]
    last = await org.contact_referral(contact_uuid=another)
    assert await listed(org, by) == ids
    assert await listed(org, by, page=2, page_size=2) == ids[2:]
    assert (await update(org, made[1], referred_by_uuid=another)).status == 200
    assert await listed(org, by) == [ids[0], ids[2]]
    assert await listed(org, another) == [ids[1], last["id"]]
    problem(
        await org.ask("contact_referral.get", **named(made[1])), 404, "contact_referral_not_found"
    )


async def test_what_was_changed_since_is_not_changed(org: Org) -> None:
    """409 with the version; what get shows then is the base of the next try."""
    made = await org.contact_referral()
    one, other = (await org.contact())["id"], (await org.contact())["id"]
    first = await update(org, made, referred_to_uuid=one)
    told = problem(await update(org, made, referred_to_uuid=other), 409, "version_conflict")
    assert told["current_version"] == 2
    for nothing in ({}, {"updated_in_db_at": None}):
        based: dict[str, Any] = {**named(made), **nothing, "referred_to_uuid": other}
        problem(await org.ask("contact_referral.update", **based), 409, "version_conflict")
    shown = (await org.ask("contact_referral.get", **named(made))).data
    assert shown == first.data
    assert (await update(org, shown, referred_to_uuid=other)).data["version"] == 3


async def test_of_two_who_change_the_same_state_one_succeeds(org: Org) -> None:
    """However many at once; the time rises by a second each round, though all come in one."""
    made = await org.contact_referral()
    to = [(await org.contact())["id"] for _ in range(CLIENTS)]
    held = made
    for _ in range(4):
        answered = await asyncio.gather(*(update(org, held, referred_to_uuid=id_) for id_ in to))
        taken = [one for one in answered if one.status == 200]
        refused = [one for one in answered if one.status == 409]
        # Whoever names whom it refers already changes nothing, and is in nobody's way.
        changed = [one.data for one in taken if one.data["version"] > held["version"]]
        assert (len(changed), len(taken) + len(refused)) == (1, CLIENTS)
        assert all(one.problem and one.problem["code"] == "version_conflict" for one in refused)
        before, after = (
            datetime.fromisoformat(shown["updated_in_db_at"]) for shown in (held, changed[0])
        )
        assert after - before >= timedelta(seconds=1)
        assert after.microsecond == 0
        held = changed[0]
    assert (await org.ask("contact_referral.get", **named(made))).data == held


async def test_an_overwrite_is_in_the_trail_under_its_own_name(
    org: Org, referrals: Referrals
) -> None:
    """With the actor who wanted it; a change that was checked is an update."""
    patient = await org.patient()
    contact = await org.contact(patient_uuid=patient["id"])
    made = await org.contact_referral(contact_uuid=contact["id"])
    other = (await org.contact())["id"]
    changed = await update(org, made, referred_to_uuid=other)
    who: Any = {"actor": "staff-7"}
    await org.ask("contact_referral.update", headers=who, **named(made), overwrite=True)
    trail = await about_patient(referrals.service.system_engine, org.id, UUID(patient["id"]))
    assert [(one.operation, one.actor, one.record_id) for one in trail[-3:]] == [
        ("contact_referral.create", None, UUID(made["id"])),
        ("contact_referral.update", None, UUID(made["id"])),
        ("contact_referral.overwrite", "staff-7", UUID(made["id"])),
    ]
    assert changed.status == 200


async def test_what_is_archived_is_gone_and_its_id_taken(org: Org) -> None:
    """An archive asks for no version; a second one finds nothing."""
    made = await org.contact_referral()
    await update(org, made, referred_to_uuid=(await org.contact())["id"])
    assert await org.ask("contact_referral.archive", **named(made)) == Reply(204, None, None)
    for operation in ("get", "update", "archive"):
        gone = await org.ask(f"contact_referral.{operation}", **named(made))
        problem(gone, 404, "contact_referral_not_found")
    assert await listed(org, made["referred_by"]["uuid"]) == []
    pair = {
        "contact_uuid": made["referred_by"]["uuid"],
        "referred_to_uuid": (await org.contact())["id"],
    }
    taken = await org.ask("contact_referral.create", id=made["id"], **pair)
    problem(taken, 409, "already_exists")
