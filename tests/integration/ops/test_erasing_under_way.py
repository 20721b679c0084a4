"""`handoff erase-patient` while something about the patient is under way: that ends first."""

from uuid import UUID

import asyncpg
import pytest

from tests.integration.ops.canary_patient import (
    canary,
    counts,
    erase,
    partner_at,
    places,
    sent,
    settled,
)
from tests.support.database.urls import plain_url
from tests.support.samples.canary import NAME
from tests.support.services.both import Both
from tests.support.services.referrals import Org


async def test_what_is_under_way_has_to_end_first(both: Both, org: Org) -> None:
    """One line with the e-referral and what to do; nothing is changed. Once cancelled, it goes."""
    patient = str((await canary(org))["id"])
    both.dispatch.portal.script("broken", 503)
    partner = await partner_at(both, org, "broken", phone="+12025550111")
    referral = await sent(both, org, patient, partner)
    await both.ereferral(org, referral, "awaiting_call")
    await settled(both)
    before = places(await both.everything_stored(), org)
    refused = await erase(both, org, patient)
    assert refused.exit_code == 1
    [said] = [line for line in refused.stderr.splitlines() if "Nothing is erased" in line]
    assert f"e-referral {referral['ereferral_uuid']} is awaiting_call" in said
    assert places(await both.everything_stored(), org) == before
    version = (await org.ask("referral.get", referral_uuid=referral["id"])).data["version"]
    named = {"referral_uuid": referral["id"], "base_version": version, "reason": "Moved"}
    assert (await org.ask("referral.cancel", **named)).status == 200
    await both.ereferral(org, referral, "cancelled")
    await settled(both)
    assert (await erase(both, org, patient)).exit_code == 0
    assert places(await both.everything_stored(), org) == {}


async def test_what_is_between_the_services_has_to_arrive_first(both: Both, org: Org) -> None:
    """A package that dispatch has not, news that referrals has not: they would bring data back.
    A package that comes after its cancel is not waited for; the cancel's reason goes."""
    patient = str((await canary(org))["id"])
    referral = await sent(both, org, patient, await partner_at(both, org, "takes"))
    await both.ereferral(org, referral, "delivered")
    await settled(both)
    database = both.dispatch.database
    uuid = UUID(referral["ereferral_uuid"])
    await database.execute(
        "UPDATE ereferral_dispatch.ereferral SET version = version + 1 WHERE id = $1", uuid
    )
    refused = await erase(both, org, patient)
    assert f"news of e-referral {uuid} has not reached referrals" in refused.stderr
    assert counts(await erase(both, org, patient, "--dry-run", "--despite-missing-news"))
    for table in ("attempt", "composed", "package", "answer_link"):
        statement = f"DELETE FROM ereferral_dispatch.{table} WHERE ereferral_id = $1"
        await database.execute(statement, uuid)
    await database.execute("DELETE FROM ereferral_dispatch.ereferral WHERE id = $1", uuid)
    refused = await erase(both, org, patient)
    assert refused.exit_code == 1
    assert f"package of e-referral {uuid} has not reached dispatch" in refused.stderr
    named = {"ereferral_uuid": str(uuid), "reason": f"{NAME} moved away"}
    assert (await both.ask_dispatch(org, "ereferral.cancel", **named)).status == 202
    assert "ereferral_dispatch.early_cancel" in places(await both.everything_stored(), org)
    assert counts(await erase(both, org, patient))["early cancels"] == 1
    assert places(await both.everything_stored(), org) == {}


@pytest.mark.parametrize("service", ["referrals", "dispatch"])
async def test_what_is_to_be_published_is_published_first(
    both: Both, org: Org, service: str
) -> None:
    """An outbox row holds a copy and is promised: it is neither erased nor passed over."""
    patient = str((await canary(org))["id"])
    referral = await sent(both, org, patient, await partner_at(both, org, "takes"))
    await both.ereferral(org, referral, "delivered")
    await settled(both)
    schema, url, subject, what = {
        "referrals": ("referrals", both.referrals.database_url, patient, "messages"),
        "dispatch": (
            "ereferral_dispatch",
            both.dispatch.settings.database_url,
            referral["ereferral_uuid"],
            "events",
        ),
    }[service]
    database = await asyncpg.connect(plain_url(url))
    # No relay can publish it: its exchange does not exist.
    await database.execute(
        f"INSERT INTO {schema}.outbox (org_id, subject, exchange, routing_key, message_id,"
        " content_type, headers, body) VALUES ($1, $2, 'no.such.exchange', 'patient.put',"
        " gen_random_uuid(), 'application/cloudevents+json', '{}', ''::bytea)",
        org.id,
        subject,
    )
    refused = await erase(both, org, patient)
    await database.execute(f"DELETE FROM {schema}.outbox WHERE subject = $1", subject)
    await database.close()
    assert refused.exit_code == 1
    assert f"{service} has 1 {what} about the patient to publish" in refused.stderr
    assert (await erase(both, org, patient)).exit_code == 0
