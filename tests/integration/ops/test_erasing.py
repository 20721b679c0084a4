"""`handoff erase-patient`: a patient's data is gone, what was done with it is known."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import pytest

from messaging.trail.audit import about_patient
from tests.integration.ops.canary_patient import (
    TRACES,
    attribute,
    canary,
    counts,
    erase,
    fill,
    partner_at,
    places,
    sent,
    settled,
)
from tests.integration.referrals.marketing import named
from tests.support.database.urls import plain_url
from tests.support.samples.canary import NAME
from tests.support.services.both import Both
from tests.support.services.referrals import Org

BEFORE = "2026-01-05T08:00:00Z"
ARCHIVED = ("referral_attribution", "referral_source_cost", "referral_source")


async def test_nothing_of_a_patient_is_left_but_ids_and_the_trail(both: Both, org: Org) -> None:
    """Every table of both databases is searched, archived rows too. Another patient keeps
    everything."""
    other = await org.referral(notes="Another one's own")
    patient = await fill(both, org)
    assert set(places(await both.everything_stored(), org)) == {
        "referrals.patient",
        "referrals.referral",
        "referrals.referral_timeline",
        "referrals.referral_attribution",
        "referrals.referral_source",
        "referrals.referral_source_cost",
        "referrals.contact",
        "referrals.intake",
        "referrals.intake_fingerprint",
        "referrals.inbox",
        "ereferral_dispatch.package",
        "ereferral_dispatch.composed",
        "ereferral_dispatch.ereferral",
        "ereferral_dispatch.attempt",
    }
    trail = await about_patient(both.referrals.service.system_engine, org.id, UUID(patient))
    assert await whole_replies_of_dispatch(both, org) == 5

    dry = counts(await erase(both, org, patient, "--dry-run"))
    assert dry == {
        "directory record": 1,
        "contacts": 2,
        "referrals": 3,
        "timeline entries": dry["timeline entries"],
        "attributions": 4,
        "costs of those sources": 2,
        "sources linked to them": 1,
        "stored replies": dry["stored replies"],
        "packages": 2,
        "letters and bundles": 2,
        "e-referrals": 1,
        "attempts": 1,
        "early cancels": 0,
        "intake rows": 1,
    }
    assert dry["timeline entries"] >= 6 and dry["stored replies"] >= 9
    assert len(places(await both.everything_stored(), org)) == 14
    assert counts(await erase(both, org, patient)) == dry

    assert places(await both.everything_stored(), org) == {}
    assert await whole_replies_of_dispatch(both, org) == 0
    kept = await about_patient(both.referrals.service.system_engine, org.id, UUID(patient))
    assert kept[: len(trail)] == trail
    assert [one.operation for one in kept[len(trail) :]] == ["patient.erase"]
    shown = await org.ask("referral.get", referral_uuid=other["id"])
    assert shown.data["notes"] == "Another one's own"
    await settled(both)
    assert places(await both.everything_stored(), org) == {}
    again = await erase(both, org, patient)
    assert again.exit_code == 0
    assert f"Nothing is left to erase about patient {patient} of {org.id}.\n" in again.stdout


async def whole_replies_of_dispatch(both: Both, org: Org) -> int:
    """How many replies dispatch keeps for repeats with the resource that they show."""
    statement = (
        "SELECT count(*) FROM ereferral_dispatch.inbox WHERE org_id = $1 AND reply IS NOT NULL"
    )
    count: int = await both.dispatch.database.fetchval(statement, org.id)
    return count


async def test_subscribers_are_told_without_the_data(both: Both, org: Org) -> None:
    """What was changed is a version of its own, with its event; the patient is archived."""
    patient = await fill(both, org)
    before = len(await both.referrals.heard.events(org))
    await erase(both, org, patient)
    told = [said.body for said in (await both.referrals.heard.events(org))[before:]]
    assert sorted((one["type"], one.get("changed") or "") for one in told) == [
        ("contact.archived", ""),
        ("contact.put", "name,observed_at"),
        ("intake.linked", ""),
        ("patient.archived", ""),
        ("referral.updated", "cancel_reason,notes,reason,reason_codes,teeth"),
        ("referral.updated", "notes,reason,reason_codes,teeth"),
        ("referral.updated", "reason"),
        ("referral_attribution.archived", ""),
        ("referral_attribution.updated", "source_note"),
        ("referral_attribution.updated", "source_note"),
        ("referral_attribution.updated", "source_note"),
        ("referral_source.updated", "description,name"),
        ("referral_source_cost.archived", ""),
        ("referral_source_cost.updated", "notes"),
    ]
    assert not [one for one in told if any(trace in str(one) for trace in TRACES)]
    (archived,) = [one for one in told if one["type"] == "patient.archived"]
    assert archived["aggregateversion"] == 2
    assert archived["data"]["name"] == "[erased]" and archived["data"]["phone"] is None


async def test_what_is_archived_is_told_as_archived_once_more(both: Both, org: Org) -> None:
    """Under its next version and without the data: no version is passed over, and nothing comes
    back."""
    patient = str((await canary(org))["id"])
    await attribute(org, patient)
    made = [said.body for said in await both.referrals.heard.events(org)]
    for resource in ARCHIVED:
        gone = [one["subject"] for one in made if one["type"] == f"{resource}.archived"]
        there = [one for one in made if one["type"] == f"{resource}.created"]
        for thing in (one["data"] for one in there if one["subject"] not in gone):
            archive = {"base_version": 1, **named(resource, thing)}
            assert (await org.ask(f"{resource}.archive", **archive)).status == 204
    before = len(await both.referrals.heard.events(org))
    assert (await erase(both, org, patient)).exit_code == 0
    told = [said.body for said in (await both.referrals.heard.events(org))[before:]]
    assert sorted((one["type"], one["aggregateversion"]) for one in told) == [
        ("patient.archived", 2),
        *[("referral_attribution.archived", 3)] * 4,
        ("referral_source.archived", 3),
        *[("referral_source_cost.archived", 3)] * 2,
    ]
    assert not [one for one in told if "changed" in one or any(x in str(one) for x in TRACES)]


async def test_a_number_as_it_was_given_is_erased_too(both: Both, org: Org) -> None:
    """It is kept beside the one that it was read as, also where the country has no such number."""
    await org.practice(country="US", observed_at=BEFORE)
    patient = str((await canary(org, phone="(202) 555-0187", observed_at=BEFORE))["id"])
    await org.practice(country="GB", observed_at=BEFORE)
    await settled(both)

    async def kept() -> tuple[str | None, ...]:
        database = await asyncpg.connect(plain_url(both.referrals.database_url))
        numbers = "phone, phone_given, phone_country"
        row = await database.fetchrow(
            f"SELECT {numbers} FROM referrals.patient WHERE org_id = $1", org.id
        )
        await database.close()
        return tuple(row)

    assert await kept() == (None, "(202) 555-0187", "GB")
    assert (await erase(both, org, patient)).exit_code == 0
    assert await kept() == (None, None, None)


async def test_only_what_was_observed_later_brings_a_patient_back(both: Both, org: Org) -> None:
    """What was observed before the erasure, such as a replayed message, does not."""
    patient = str((await canary(org, observed_at=BEFORE))["id"])
    await settled(both)
    assert (await erase(both, org, patient)).exit_code == 0
    stale = {"patient_uuid": patient, "name": f"Karla {NAME}", "observed_at": BEFORE}
    held = await org.ask("patient.put", **stale)
    assert (held.status, held.data) == (200, None)
    assert (await org.ask("patient.get", patient_uuid=patient)).status == 404
    assert places(await both.everything_stored(), org) == {}
    now = datetime.now(UTC).isoformat()
    newer = await org.ask("patient.put", **{**stale, "observed_at": now})
    assert newer.data["name"] == f"Karla {NAME}"
    assert (await org.ask("patient.get", patient_uuid=patient)).status == 200


async def test_a_contact_gets_its_name_back_from_what_was_observed_later_alone(
    both: Both, org: Org
) -> None:
    """It is still there, linked to the patient, and called nothing; a stale put changes nothing."""
    patient = str((await canary(org))["id"])
    contact = await org.contact(name=f"Karla {NAME}", patient_uuid=patient)
    await settled(both)
    assert counts(await erase(both, org, patient))["contacts"] == 1
    shown = await org.ask("contact.get", contact_uuid=contact["id"])
    assert (shown.data["name"], shown.data["version"]) == ("[erased]", 2)
    assert shown.data["patient"] == {"uuid": patient, "name": "[erased]"}
    assert (await org.ask("contact.list", search="karla")).data["total"] == 0
    put = {"contact_uuid": contact["id"], "name": f"Karla {NAME}"}
    stale = await org.ask("contact.put", **put, observed_at=BEFORE)
    assert (stale.status, stale.data) == (200, shown.data)
    newer = await org.ask("contact.put", **put, observed_at=datetime.now(UTC).isoformat())
    assert (newer.data["name"], newer.data["patient"]) == (f"Karla {NAME}", None)


async def test_a_repeat_after_the_erasure_shows_nothing(both: Both, org: Org) -> None:
    """The stored reply is empty: status and id alone, and still one effect."""
    message_id, patient = uuid4(), str(uuid4())
    given = {"patient_uuid": patient, "name": f"Karla {NAME}", "observed_at": BEFORE}
    assert (await org.ask("patient.put", message_id=message_id, **given)).status == 200
    await settled(both)
    await erase(both, org, patient)
    repeated = await org.ask("patient.put", message_id=message_id, **given)
    assert (repeated.status, repeated.data) == (200, {"id": patient})


async def test_another_orgs_patient_of_the_same_id_stays(both: Both, org: Org) -> None:
    """Ids are taken per org."""
    patient = str((await canary(org))["id"])
    neighbour = both.referrals.org()
    await canary(neighbour, patient_uuid=patient)
    await settled(both)
    await erase(both, org, patient)
    shown = await neighbour.ask("patient.get", patient_uuid=patient)
    assert shown.data["name"] == f"Karla {NAME}"


@pytest.mark.parametrize("options", [(), ("--dry-run",)], ids=["erased", "dry run"])
async def test_of_a_patient_that_nobody_ever_knew_it_says_so(
    both: Both, org: Org, options: tuple[str, ...]
) -> None:
    """A mistyped org or id must not look like an erasure."""
    patient = str((await canary(org))["id"])
    await settled(both)
    for other_org, other_patient in ((org, str(uuid4())), (both.referrals.org(), patient)):
        ended = await erase(both, other_org, other_patient, *options)
        assert ended.exit_code == 1 and "erased" not in ended.stdout
        said = f"Nothing is known of patient {other_patient} of {other_org.id}: are both ids right?"
        assert said in ended.stderr.splitlines()


async def test_a_cancel_after_the_erasure_asks_for_a_call_without_a_script(
    both: Both, org: Org
) -> None:
    """The package is gone. The cancel's reason is a new text: once it is over, it is erased too."""
    patient = str((await canary(org))["id"])
    partner = await partner_at(both, org, "takes", phone="+12025550111")
    referral = await sent(both, org, patient, partner)
    await both.ereferral(org, referral, "delivered")
    await settled(both)
    assert (await erase(both, org, patient)).exit_code == 0
    version = (await org.ask("referral.get", referral_uuid=referral["id"])).data["version"]
    named = {"referral_uuid": referral["id"], "base_version": version}
    cancelled = await org.ask("referral.cancel", **named, reason=f"{NAME} moved away")
    assert (cancelled.status, cancelled.data["status"]) == (200, "revoked")
    call = await both.ereferral(org, referral, "awaiting_call")
    assert (call["channel"], call["address"]) == ("phone", "+12025550111")
    *_, told = await both.dispatch.heard.about(call["id"])
    assert told.type == "call_requested" and "call" not in told.body["data"]
    refused = await erase(both, org, patient)
    assert f"e-referral {call['id']} is awaiting_call" in refused.stderr
    reached = {"base_version": call["version"], "outcome": "reached"}
    await both.ask_dispatch(org, "ereferral.complete_call", ereferral_uuid=call["id"], **reached)
    await both.ereferral(org, referral, "cancelled")
    await settled(both)
    assert (await erase(both, org, patient)).exit_code == 0
    assert places(await both.everything_stored(), org) == {}
