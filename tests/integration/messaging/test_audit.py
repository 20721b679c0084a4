"""The audit trail: who did or read what, whose record it was; only ever added to."""

from uuid import UUID, uuid4

import asyncpg
import pytest

from messaging.audit import about_patient
from tests.referrals_service import Org, Referrals, plain_url


async def test_what_was_done_and_read_about_a_patient_is_in_the_trail(
    referrals: Referrals, org: Org
) -> None:
    """Oldest first: the person behind the client, the operation, the record, the message id."""
    patient = await org.patient()
    message_id = uuid4()
    partner = await org.ereferral_partner()
    created = await org.ask(
        "referral.create",
        message_id=message_id,
        headers={"actor": "staff-7"},
        patient_uuid=patient["id"],
        referral_partner_uuid=partner["id"],
        reason="Root canal",
    )
    await org.ask("patient.get", patient_uuid=patient["id"], headers={"actor": "staff-8"})
    await org.ask("referral.list", patient_uuid=patient["id"])
    await org.ask("referral_partner.get", referral_partner_uuid=partner["id"])
    trail = await about_patient(referrals.service.system_engine, org.id, UUID(patient["id"]))
    assert [(one.operation, one.status, one.actor) for one in trail] == [
        ("patient.put", 200, None),
        ("referral.create", 201, "staff-7"),
        ("patient.get", 200, "staff-8"),
        ("referral.list", 200, None),
    ]
    assert trail[1].record_id == UUID(created.data["id"])
    assert trail[1].message_id == message_id
    assert {one.patient_ids for one in trail} == {(UUID(patient["id"]),)}


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


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM audit",
        "UPDATE audit SET actor = 'somebody else'",
        "DELETE FROM audit",
        "TRUNCATE audit",
    ],
)
@pytest.mark.parametrize("role", ["handoff_referrals", "handoff_referrals_system"])
async def test_nobody_who_runs_here_may_change_the_trail(
    referrals: Referrals, role: str, statement: str
) -> None:
    """The service may insert; the system role may read; neither may change or remove."""
    connection = await asyncpg.connect(plain_url(referrals.database_url))
    try:
        await connection.execute(f'SET search_path TO referrals; SET ROLE "{role}"')
        if statement.startswith("SELECT") and role.endswith("_system"):
            await connection.execute(statement)
            return
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()
