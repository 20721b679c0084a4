"""The filter `specialty` in a database whose locale knows the case of ASCII letters alone."""

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

EARLIER_ORG = new_org_id()
SPECIALTIES = ("Orthopädie", "Fußchirurgie", "ΟΔΟΝΤΙΑΤΡΟΣ", "Endodontics")


@pytest_asyncio.fixture(scope="module")
async def postgres_database(servers: Servers) -> AsyncIterator[str]:
    """A database of the locale C at the revision before, with partners of that time."""
    name = f"test_{secrets.token_hex(8)}"
    server = await asyncpg.connect(plain_url(servers.postgres_url))
    await server.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
    await server.close()
    url = database_url(servers.postgres_url, name)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    await asyncio.to_thread(command.upgrade, config, "0005")
    database = await asyncpg.connect(plain_url(url))
    await database.executemany(
        "INSERT INTO referrals.referral_partner (org_id, id, contact_type, last_name, specialty, "
        "country, is_active, accepts_ereferral, sort_name, search_text, version, created_at, "
        "updated_at) VALUES ($1, gen_random_uuid(), 'other', 'Archer', $2, 'US', true, false, "
        "'archer', 'archer', 1, now(), now())",
        [(EARLIER_ORG, specialty) for specialty in (*SPECIALTIES, None)],
    )
    await database.close()
    yield url
    drop_database(servers.postgres_url, name)


@pytest.mark.parametrize("org_id", [EARLIER_ORG, new_org_id()], ids=["before", "since"])
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("ORTHOPÄDIE", "Orthopädie"),
        ("fussCHIRURGIE", "Fußchirurgie"),
        ("οδοντιατρος", "ΟΔΟΝΤΙΑΤΡΟΣ"),
        ("endodontics", "Endodontics"),
        ("Orthopadie", None),
    ],
)
async def test_case_is_folded_in_every_script_whatever_the_locale(
    referrals: Referrals, org_id: str, asked: str, found: str | None
) -> None:
    """As `search` folds it; partners from before are found as those since."""
    org = referrals.org(org_id)
    if not (await org.ask("referral_partner.list")).data["total"]:
        for specialty in (*SPECIALTIES, None):
            await org.partner(specialty=specialty)
    listed = await org.ask("referral_partner.list", specialty=asked)
    assert [item["specialty"] for item in listed.data["items"]] == ([found] if found else [])
