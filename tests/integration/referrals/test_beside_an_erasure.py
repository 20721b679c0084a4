"""Commands that name a patient who is just being erased: none goes through with the old name."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from tests.support.database.urls import plain_url
from tests.support.refusals import problem
from tests.support.services.referrals import Org, Referrals
from tests.support.waiting import until

_WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND wait_event_type = 'Lock'"
)
NAME = "Paula Pace"
OTHER = "01930000-0000-7000-8000-000000000001"


@pytest_asyncio.fixture
async def erasing(referrals: Referrals) -> AsyncIterator[asyncpg.Connection]:
    """A session that locks as `handoff erase-patient` does."""
    session = await asyncpg.connect(plain_url(referrals.database_url))
    yield session
    await session.close()


async def waits(referrals: Referrals) -> None:
    """Until somebody waits for a lock."""
    watching = await asyncpg.connect(plain_url(referrals.database_url))

    async def is_waiting() -> bool:
        return bool(await watching.fetchval(_WAITING))

    await until(is_waiting)
    await watching.close()


@pytest.mark.parametrize(
    ("operation", "naming", "fields"),
    [
        ("referral.create", "patient_uuid", {"reason": "Root canal"}),
        ("contact.put", "patient_uuid", {"contact_uuid": OTHER, "name": NAME}),
        ("referral_attribution.create", "referring_patient_uuid", {}),
        (
            "referral_source.create",
            "linked_patient_uuid",
            {"name": "Friends", "category": "patient_referral"},
        ),
        ("referral_source.update", "linked_patient_uuid", {"base_version": 1}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_command_that_names_them_waits_and_then_finds_them_gone(
    org: Org,
    referrals: Referrals,
    erasing: asyncpg.Connection,
    operation: str,
    naming: str,
    fields: dict[str, Any],
) -> None:
    """docs/operators/retention.md: 404 as for anybody who is archived, and nothing is made."""
    patient = await org.patient(name=NAME)
    needed: dict[str, Any] = {}
    if operation == "referral.create":
        needed = {"referral_partner_uuid": (await org.partner())["id"]}
    elif operation == "contact.put":
        needed = {"observed_at": "2026-01-05T08:00:00Z"}
    elif operation == "referral_attribution.create":
        needed = {"patient_uuid": (await org.patient())["id"]}
    elif operation == "referral_source.update":
        made = await org.ask("referral_source.create", name="Friends", category="patient_referral")
        needed = {"referral_source_uuid": made.data["id"]}
    async with erasing.transaction():
        of_patient, named = "WHERE org_id = $1 AND id = $2", (org.id, UUID(patient["id"]))
        await erasing.execute(f"SELECT FROM referrals.patient {of_patient} FOR UPDATE", *named)
        asked = asyncio.create_task(
            org.ask(operation, **{naming: patient["id"]}, **fields, **needed)
        )
        await waits(referrals)
        gone = f"UPDATE referrals.patient SET name = '[erased]', deleted_at = now() {of_patient}"
        await erasing.execute(gone, *named)
    problem(await asked, 404, "patient_not_found")


async def test_a_source_that_is_the_patient_is_not_told_by_its_old_name(
    org: Org, referrals: Referrals, erasing: asyncpg.Connection
) -> None:
    """Whom it brought shows it as it is called from then on."""
    source = await org.ask("referral_source.create", name=NAME, category="patient_referral")
    brought = (await org.patient())["id"]
    async with erasing.transaction():
        of_source, named = "WHERE org_id = $1 AND id = $2", (org.id, UUID(source.data["id"]))
        locking = f"SELECT FROM referrals.referral_source {of_source} FOR NO KEY UPDATE"
        await erasing.execute(locking, *named)
        references = {"patient_uuid": brought, "referral_source_uuid": source.data["id"]}
        asked = asyncio.create_task(org.ask("referral_attribution.create", **references))
        await waits(referrals)
        renamed = f"UPDATE referrals.referral_source SET name = '[erased]' {of_source}"
        await erasing.execute(renamed, *named)
    answer = await asked
    assert answer.status == 201
    assert answer.data["referral_source"] == {"uuid": source.data["id"], "name": "[erased]"}
