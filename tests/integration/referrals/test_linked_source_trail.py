"""A source that is linked to a patient is that patient: who saw or changed it is in the trail."""

from typing import Any
from uuid import UUID

import asyncpg

from messaging.trail.audit import about_patient
from tests.integration.referrals.marketing import Marketing, named
from tests.support.database.urls import plain_url
from tests.support.services.referrals import Referrals

PERIOD = ("2026-01-01", "2026-12-31")


async def all_about(org: Marketing, source: dict[str, Any], other: dict[str, Any]) -> None:
    """Every command and query that shows the source or its costs; `other` is whom it brought."""
    cost = await org.cost(source, notes="Flowers for the family")
    about_cost = named("referral_source_cost", cost)
    await org.ask("referral_source_cost.get", **about_cost)
    await org.ask("referral_source_cost.list", referral_source_uuid=source["id"])
    await org.report(*PERIOD)
    changed = await org.ask(
        "referral_source_cost.update", **about_cost, base_version=1, notes="Flowers"
    )
    await org.archive("referral_source_cost", changed.data)
    held = await org.attribution(other, referral_source_uuid=source["id"])
    about_held = named("referral_attribution", held)
    await org.ask("referral_attribution.get", **about_held)
    await org.ask("referral_attribution.list", patient_uuid=other["id"])
    noted = await org.ask(
        "referral_attribution.update", **about_held, base_version=1, source_note="At dinner"
    )
    await org.archive("referral_attribution", noted.data)


async def test_whom_a_source_is_linked_to_is_in_the_trail_of_all_that_shows_it(
    org: Marketing, referrals: Referrals
) -> None:
    """Its costs, its report, and the attributions of those whom it brought."""
    linked, other = await org.patient(name="Rita Roe"), await org.patient()
    source = await org.source(linked_patient_uuid=linked["id"])
    await all_about(org, source, other)
    trail = await about_patient(referrals.service.system_engine, org.id, UUID(linked["id"]))
    assert [one.operation for one in trail] == [
        "patient.put",
        "referral_source.create",
        "referral_source_cost.create",
        "referral_source_cost.get",
        "referral_source_cost.list",
        "referral_source.report",
        "referral_source_cost.update",
        "referral_source_cost.archive",
        "referral_attribution.create",
        "referral_attribution.get",
        "referral_attribution.list",
        "referral_attribution.update",
        "referral_attribution.archive",
    ]


async def test_an_archived_source_is_still_the_patient_where_its_name_is_shown(
    org: Marketing, referrals: Referrals
) -> None:
    """No operation finds it, and attributions go on showing it."""
    linked, other = await org.patient(name="Rita Roe"), await org.patient()
    source = await org.source(linked_patient_uuid=linked["id"])
    held = await org.attribution(other, referral_source_uuid=source["id"])
    await org.archive("referral_source", source)
    await org.ask("referral_attribution.get", **named("referral_attribution", held))
    await org.archive("referral_attribution", held)
    trail = await about_patient(referrals.service.system_engine, org.id, UUID(linked["id"]))
    assert [one.operation for one in trail[-2:]] == [
        "referral_attribution.get",
        "referral_attribution.archive",
    ]


async def test_a_source_that_is_linked_to_nobody_is_about_nobody(
    org: Marketing, referrals: Referrals
) -> None:
    """What was read of it leaves no entry; its attributions are about whom it brought alone."""
    other = await org.patient()
    await all_about(org, await org.source(), other)
    database = await asyncpg.connect(plain_url(referrals.database_url))
    rows = await database.fetch(
        "SELECT operation, patient_ids FROM referrals.audit WHERE org_id = $1 ORDER BY seq", org.id
    )
    await database.close()
    whom = [UUID(other["id"])]
    assert [(row["operation"], row["patient_ids"]) for row in rows] == [
        ("patient.put", whom),
        ("referral_source.create", []),
        ("referral_source_cost.create", []),
        ("referral_source_cost.update", []),
        ("referral_source_cost.archive", []),
        ("referral_attribution.create", whom),
        ("referral_attribution.get", whom),
        ("referral_attribution.list", whom),
        ("referral_attribution.update", whom),
        ("referral_attribution.archive", whom),
    ]


async def test_whoever_is_shown_is_in_the_audit_trail(org: Marketing, referrals: Referrals) -> None:
    """A referring patient, and one that a source is linked to: their names are shown as well."""
    patient, referrer = await org.patient(), await org.patient(name="Rita Roe")
    source = await org.source(linked_patient_uuid=referrer["id"])
    held = await org.attribution(patient, referring_patient_uuid=referrer["id"])
    await org.ask("referral_attribution.get", **named("referral_attribution", held))
    await org.ask("referral_attribution.list", patient_uuid=patient["id"])
    await org.source_now(source)
    await org.ask("referral_source.list")
    trail = await about_patient(referrals.service.system_engine, org.id, UUID(referrer["id"]))
    assert [one.operation for one in trail] == [
        "patient.put",
        "referral_source.create",
        "referral_attribution.create",
        "referral_attribution.get",
        "referral_attribution.list",
        "referral_source.get",
        "referral_source.list",
    ]
