"""The audit trail: who did or read what, whose record it was; only ever added to."""

import asyncio
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import pytest

from messaging.database.engine import Home
from messaging.trail.audit import about_patient
from services.ereferral_dispatch.home import HOME as DISPATCH
from services.referrals.home import HOME as REFERRALS
from tests.support.database.urls import plain_url
from tests.support.services.dispatch import migrated as dispatch_migrated
from tests.support.services.referrals import Org, Referrals
from tests.support.waiting import until


async def test_what_was_done_and_read_about_a_patient_is_in_the_trail(
    referrals: Referrals, org: Org
) -> None:
    """Oldest first: the client's AMQP user, the person behind it, the operation, the record, the
    message id."""
    patient = await org.patient()
    message_id, client = uuid4(), urlsplit(referrals.rabbitmq_url).username
    partner = await org.ereferral_partner()
    created = await org.ask(
        "referral.create",
        message_id=message_id,
        headers={"actor": "staff-7"},
        user_id=client,
        patient_uuid=patient["id"],
        referral_partner_uuid=partner["id"],
        reason="Root canal",
    )
    who: dict[str, Any] = {"headers": {"actor": "staff-8"}, "user_id": client}
    await org.ask("patient.get", patient_uuid=patient["id"], **who)
    await org.ask("referral.list", patient_uuid=patient["id"])
    await org.ask("referral.list", cursor="")
    await org.ask("referral_partner.get", referral_partner_uuid=partner["id"])
    trail = await about_patient(referrals.service.system_engine, org.id, UUID(patient["id"]))
    assert client
    assert [(one.operation, one.status, one.client, one.actor) for one in trail] == [
        ("patient.put", 200, None, None),
        ("referral.create", 201, client, "staff-7"),
        ("patient.get", 200, client, "staff-8"),
        ("referral.list", 200, None, None),
        ("referral.list", 200, None, None),
    ]
    assert trail[1].record_id == UUID(created.data["id"])
    assert trail[1].message_id == message_id
    assert {one.patient_ids for one in trail} == {(UUID(patient["id"]),)}


async def test_who_reads_a_source_that_is_a_patient_is_in_their_trail(
    referrals: Referrals, org: Org
) -> None:
    """Alone or in a list; what shows other sources only is not."""
    patient = (await org.patient())["id"]
    for fields in (
        {"name": "Friends of Paul", "category": "patient_referral", "linked_patient_uuid": patient},
        {"name": "Web page", "category": "website"},
    ):
        source = await org.ask("referral_source.create", **fields)
        assert source.status == 201, source
        await org.ask("referral_source.get", referral_source_uuid=source.data["id"])
    await org.ask("referral_source.list")
    await org.ask("referral_source.list", category="website")
    trail = await about_patient(referrals.service.system_engine, org.id, UUID(patient))
    assert [one.operation for one in trail] == [
        "patient.put",
        "referral_source.create",
        "referral_source.get",
        "referral_source.list",
    ]


async def test_what_was_refused_leaves_no_trail(referrals: Referrals, org: Org) -> None:
    """Nothing happened, and nobody saw anything."""
    patient = await org.patient()
    refused = await org.ask(
        "referral.create",
        patient_uuid=patient["id"],
        referral_partner_uuid=str(uuid4()),
        reason="Root canal",
    )
    assert refused.status == 404
    trail = await about_patient(referrals.service.system_engine, org.id, UUID(patient["id"]))
    assert [one.operation for one in trail] == ["patient.put"]


async def test_a_repeat_is_not_written_down_again(referrals: Referrals, org: Org) -> None:
    """One effect, one entry."""
    message_id, patient_id = uuid4(), str(uuid4())
    for _ in range(3):
        await org.ask(
            "patient.put",
            message_id=message_id,
            patient_uuid=patient_id,
            name="Paul Pace",
            observed_at="2026-01-05T08:00:00Z",
        )
    trail = await about_patient(referrals.service.system_engine, org.id, UUID(patient_id))
    assert len(trail) == 1


@pytest.mark.parametrize("home", [REFERRALS, DISPATCH], ids=["referrals", "dispatch"])
@pytest.mark.parametrize("system", [False, True], ids=["service", "system"])
async def test_nobody_who_runs_here_may_change_the_trail(
    referrals: Referrals, home: Home, system: bool
) -> None:
    """Each may add and read, a service what its transaction's orgs have: here there are none.
    Neither may change or remove."""
    connection = await asyncpg.connect(plain_url(await dispatch_migrated(referrals.database_url)))
    try:
        role = home.system_role if system else home.service_role
        await connection.execute(f'SET search_path TO {home.schema}; SET ROLE "{role}"')
        for statement in (
            "UPDATE audit SET actor = 'somebody else'",
            "DELETE FROM audit",
            "TRUNCATE audit",
            "DROP TABLE audit",
            "ALTER TABLE audit DISABLE ROW LEVEL SECURITY",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        read = await connection.fetch("SELECT * FROM audit")
        assert system or read == []
    finally:
        await connection.close()


@pytest.mark.parametrize("operation", ["patient.get", "patient.put"])
async def test_nothing_is_shown_or_done_before_its_entry_is_written(
    referrals: Referrals, org: Org, operation: str
) -> None:
    """In one transaction: one that ends while it waits for the trail leaves and shows nothing."""
    patient = (await org.patient())["id"]
    named: dict[str, Any] = {"patient_uuid": patient}
    if operation == "patient.put":
        named = {**named, "name": "Paula Pace", "observed_at": "2026-02-05T08:00:00Z"}
    database = await asyncpg.connect(plain_url(referrals.database_url))
    locking = await asyncpg.connect(plain_url(referrals.database_url))
    async with locking.transaction():
        await locking.execute("LOCK TABLE referrals.audit IN SHARE MODE")
        asked = asyncio.create_task(org.ask(operation, **named))
        await until(lambda: waits_for_the_trail(database))
        await database.execute(f"SELECT pg_terminate_backend(pid) FROM ({_WAITING}) AS waiting")
        await until(lambda: waits_for_the_trail(database))
        assert not asked.done()
        name = await database.fetchval("SELECT name FROM referrals.patient WHERE id = $1", patient)
        assert name == "Paul Pace"
    await locking.close()
    await database.close()
    assert (await asked).status == 200
    trail = await about_patient(referrals.service.system_engine, org.id, UUID(patient))
    assert [one.operation for one in trail] == ["patient.put", operation]


_WAITING = (
    "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
    "AND query LIKE 'INSERT INTO audit%'"
)


async def waits_for_the_trail(database: asyncpg.Connection) -> bool:
    """Whether a session wants to write an entry and has to wait."""
    return bool(await database.fetchval(f"SELECT count(*) FROM ({_WAITING}) AS waiting"))
