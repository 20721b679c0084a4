"""With every check of the org taken out of referrals' code, the database still keeps orgs apart."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest_asyncio

from services.referrals.home import HOME
from tests.integration.referrals.marketing import Marketing
from tests.support.database.urls import plain_url
from tests.support.services.org_blind import (
    SAME_FOR_ALL,
    Attacks,
    attempt,
    org_blind,
    rows_of,
    unreached,
    without_row_level_security,
)
from tests.support.services.referrals import Referrals, new_org_id

_PERSON = {"first_name": "Alice", "surname": "Smith", "org_type_id": 1}


@pytest_asyncio.fixture(scope="module")
async def database(referrals: Referrals) -> AsyncIterator[asyncpg.Connection]:
    """The superuser."""
    connection = await asyncpg.connect(plain_url(referrals.database_url))
    yield connection
    await connection.close()


async def populated(referrals: Referrals) -> tuple[str, dict[str, str]]:
    """An org with one of everything, each of version 1, and the ids."""
    org = Marketing(referrals.client)
    patient, source = await org.patient(), await org.source()
    partner = await org.ereferral_partner()
    made = {
        "patient": patient,
        "provider": await org.provider(),
        "contact": await org.contact(referral_partner_uuid=partner["id"]),
        "partner": partner,
        "source": source,
        "cost": await org.cost(source),
        "attribution": await org.attribution(patient, referral_source_uuid=source["id"]),
        "referral": await org.referral(
            patient_uuid=patient["id"], referral_partner_uuid=partner["id"]
        ),
    }
    made["other contact"] = await org.contact()
    mapped = {"source": "9", "referral_source_uuid": source["id"]}
    assert (await org.ask("intake_map.put", **mapped)).status == 200
    submitted = await org.ask("intake.submit", rows=[_PERSON], fingerprint="same")
    made["intake"] = {"id": submitted.data["intake_uuids"][0]}
    made["contact_referral"] = await org.contact_referral(contact_uuid=made["contact"]["id"])
    await org.practice()
    return org.id, {name: thing["id"] for name, thing in made.items()}


def everything(ids: dict[str, str]) -> Attacks:
    """Every operation that names what another has made, and every list."""
    partner = {"referral_partner_uuid": ids["partner"]}
    source = {"referral_source_uuid": ids["source"]}
    cost = {**source, "cost_uuid": ids["cost"]}
    patient = {"patient_uuid": ids["patient"]}
    attribution = {**patient, "attribution_uuid": ids["attribution"]}
    referral = {"referral_uuid": ids["referral"]}
    contact = {"contact_uuid": ids["contact"]}
    intake = {"intake_uuid": ids["intake"]}
    contact_referral = {**contact, "contact_referral_uuid": ids["contact_referral"]}
    current = {"base_version": 1}
    period = {"period_start": "2026-03-01", "period_end": "2026-03-31"}
    late = {"observed_at": "2026-02-01T08:00:00Z"}
    return {
        "referral_partner.get": partner,
        "referral_partner.list": {},
        "referral_source.get": source,
        "referral_source.list": {},
        "referral_source.report": period,
        "referral_source_cost.get": cost,
        "referral_source_cost.list": source,
        "referral_attribution.get": attribution,
        "referral_attribution.list": patient,
        "intake.get": intake,
        "intake.list": {},
        "intake_map.list": {},
        "patient.get": patient,
        "patient.list": {},
        "provider.list": {},
        "provider.get": {"provider_uuid": ids["provider"]},
        "practice.get": {},
        "contact.get": contact,
        "contact.list": {},
        "contact_referral.get": contact_referral,
        "contact_referral.list": contact,
        "referral.get": referral,
        "referral.preview": referral,
        "referral.list": {},
        "referral_partner.update": {**partner, **current, "notes": "Mine"},
        "referral_source.update": {**source, **current, "name": "Mine"},
        "referral_source_cost.create": {**source, **period, "amount": "1.00"},
        "referral_source_cost.update": {**cost, **current, "amount": "1.00"},
        "referral_attribution.create": {**patient, **partner, "attribution_role": "assist"},
        "referral_attribution.update": {**attribution, **current, "source_note": "Mine"},
        "referral.create": {**patient, **partner, "reason": "Mine"},
        "referral.update": {**referral, **current, "reason": "Mine"},
        "referral.send": {**referral, **current},
        "referral.record_response": {**referral, "response": "accepted"},
        "referral.cancel": {**referral, **current, "reason": "Mine"},
        "contact.put": {"contact_uuid": str(uuid4()), "name": "Mine", **patient, **late},
        "contact_referral.create": {**contact, "referred_to_uuid": ids["other contact"]},
        "contact_referral.update": {**contact_referral, **current},
        "contact_referral.archive": contact_referral,
        "intake.reject": {**intake, **current, "reason": "spam"},
        "intake.accept": {**intake, **current},
        "intake.link": {**intake, **current, **patient},
        "intake.reopen": {**intake, **current},
        "intake_map.put": {"source": "1", **source},
        "referral_source_cost.archive": {**cost, **current},
        "referral_attribution.archive": {**attribution, **current},
        "referral_source.archive": {**source, **current},
        "referral_partner.archive": {**partner, **current},
        "contact.archive": {**contact, **late},
        "patient.archive": {**patient, **late},
        "provider.archive": {"provider_uuid": ids["provider"], **late},
    }


async def test_the_database_still_hides_and_refuses(
    referrals: Referrals, database: asyncpg.Connection
) -> None:
    """What another org has made is answered like what nobody has, and not a row of it changes."""
    theirs, ids = await populated(referrals)
    nobodys: dict[str, Any] = {name: str(uuid4()) for name in ids}
    await referrals.heard.everything()
    before = await rows_of(database, HOME, theirs)
    with org_blind(referrals.service) as blinding:
        reached = await attempt(referrals.client, new_org_id(), everything(ids))
        missed = await attempt(referrals.client, new_org_id(), everything(nobodys))
    assert reached == missed
    assert unreached(reached, missed) == reached.keys()
    assert blinding.comparisons > 2 * len(reached)
    assert {name for name, (status, _, _) in reached.items() if status < 300} == {
        *("referral_partner.list", "referral_source.list", "referral.list"),
        *("patient.list", "provider.list"),
        *("referral_source.report", "patient.archive", "provider.archive"),
        *("contact.list", "contact.archive", "intake.list", "intake_map.list"),
    }
    assert await rows_of(database, HOME, theirs) == before


async def test_without_the_database_nothing_would(
    referrals: Referrals, database: asyncpg.Connection
) -> None:
    """The checks are really out: with row-level security off as well, everything is reached."""
    _, ids = await populated(referrals)
    nobodys: dict[str, Any] = {name: str(uuid4()) for name in ids}
    attacks = {name: fields for name, fields in everything(ids).items() if name not in SAME_FOR_ALL}
    async with without_row_level_security(database, HOME):
        with org_blind(referrals.service):
            missed = await attempt(referrals.client, new_org_id(), everything(nobodys))
            reached = await attempt(referrals.client, new_org_id(), attacks)
    # It counts on one practice, and finds those of all orgs: a fault, with nothing shown.
    assert unreached(reached, missed) == {"practice.get"} and reached["practice.get"][0] == 500
