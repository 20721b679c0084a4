"""Whoever was put before lists were searched is found as those since."""

import asyncio
import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio
from alembic import command
from alembic.config import Config

from ops.servers import Servers, drop_database
from ops.servers.databases import database_url
from services.referrals.home import MIGRATIONS
from tests.support.database.urls import plain_url
from tests.support.services.referrals import Referrals, new_org_id

ORG, LARGE_ORG = new_org_id(), new_org_id()
MANY = 5_003
"""More than the migration fills at a time."""
_VERSIONED = "1, now(), now()"
_BEFORE = f"""
    INSERT INTO referrals.patient
        (org_id, id, name, phone, email, observed_at, version, created_at, updated_at, deleted_at)
    VALUES
        ('{ORG}', gen_random_uuid(), 'Οδός Straße', '+12025550143', 'S@Example.com', now(),
            {_VERSIONED}, NULL),
        ('{ORG}', gen_random_uuid(), NULL, NULL, NULL, now(), 0, now(), now(), now());
    INSERT INTO referrals.patient
        (org_id, id, name, observed_at, version, created_at, updated_at)
    SELECT '{LARGE_ORG}', gen_random_uuid(), 'Patient ' || n, now(), {_VERSIONED}
    FROM generate_series(1, {MANY}) n;
    INSERT INTO referrals.provider (org_id, id, name, observed_at, version, created_at, updated_at)
    VALUES ('{ORG}', gen_random_uuid(), 'Dr. Éva Rand', now(), {_VERSIONED});
    INSERT INTO referrals.referral_partner (org_id, id, contact_type, first_name, last_name,
        practice_name, country, is_active, accepts_ereferral, sort_name, search_text, version,
        created_at, updated_at)
    VALUES
        ('{ORG}', gen_random_uuid(), 'provider', 'Ann', 'Weiß', 'Root House', 'US', true, false,
            'ann weiß', 'ann weiss\\nroot house', {_VERSIONED}),
        ('{ORG}', gen_random_uuid(), 'lab', NULL, 'Archer', 'Bright Lab', 'US', true, false,
            'bright lab', 'archer\\nbright lab', {_VERSIONED});
    INSERT INTO referrals.referral (org_id, id, patient_id, referral_partner_id, priority, reason,
        status, dispatch_version, overdue, version, created_at, updated_at)
    SELECT '{ORG}', gen_random_uuid(), p.id, r.id, 'routine', r.contact_type, 'draft', 0, false,
        {_VERSIONED}
    FROM referrals.patient p, referrals.referral_partner r
    WHERE p.org_id = '{ORG}' AND p.name IS NOT NULL AND r.org_id = '{ORG}';
"""


@pytest_asyncio.fixture(scope="module")
async def postgres_database(servers: Servers) -> AsyncIterator[str]:
    """A database at the revision before, with rows of that time."""
    name = f"test_{secrets.token_hex(8)}"
    server = await asyncpg.connect(plain_url(servers.postgres_url))
    await server.execute(f"CREATE DATABASE {name}")
    await server.close()
    url = database_url(servers.postgres_url, name)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    await asyncio.to_thread(command.upgrade, config, "0009")
    database = await asyncpg.connect(plain_url(url))
    await database.execute(_BEFORE)
    await database.close()
    yield url
    drop_database(servers.postgres_url, name)


@pytest.mark.parametrize("search", ["ΟΔΌΣ", "strasse", "0143", "s@EXAMPLE"])
async def test_a_patient_of_before_is_found(referrals: Referrals, search: str) -> None:
    """By name, phone and e-mail, case-folded in every script; a tombstone is in no list."""
    listed = await referrals.org(ORG).ask("patient.list", search=search)
    assert [item["name"] for item in listed.data["items"]] == ["Οδός Straße"]
    assert (await referrals.org(ORG).ask("patient.list")).data["total"] == 1


async def test_a_provider_of_before_is_found(referrals: Referrals) -> None:
    """By name."""
    listed = await referrals.org(ORG).ask("provider.list", search="ÉVA")
    assert [item["name"] for item in listed.data["items"]] == ["Dr. Éva Rand"]


async def test_all_of_an_org_are_found(referrals: Referrals) -> None:
    """However many there are."""
    org = referrals.org(LARGE_ORG)
    assert (await org.ask("patient.list", search="PATIENT")).data["total"] == MANY
    first = await org.ask("patient.list", page_size=3)
    assert [one["name"] for one in first.data["items"]] == [
        "Patient 1",
        "Patient 10",
        "Patient 100",
    ]


@pytest.mark.parametrize(
    ("search", "kinds"),
    [
        ("STRASSE", {"provider", "lab"}),
        ("ann weiss", {"provider"}),
        ("root house", set()),
        ("bright", {"lab"}),
        ("archer", set()),
        ("0143", set()),
    ],
)
async def test_a_referral_of_before_is_found_by_the_names_that_it_shows(
    referrals: Referrals, search: str, kinds: set[str]
) -> None:
    """The patient's, and the partner's display name; its `reason` says to which partner it is."""
    listed = await referrals.org(ORG).ask("referral.list", search=search)
    assert {item["reason"] for item in listed.data["items"]} == kinds
