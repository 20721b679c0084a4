"""Hints from AlfaDocs' appointments: told once, applied where the connection says so."""

from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.connecting import System
from ops.stubs.alfadocs import AlfaDocsStub, served
from tests.support.connectors.running import Connected, Connectors
from tests.support.services.referrals import Org


async def visited(connectors: Connectors, org: Org, stub: AlfaDocsStub, **more: Any) -> Connected:
    """A connection whose operator 5 is a partner, and a patient referred to that partner."""
    stub.operator(5, "Dr. Verdi")
    stub.patient(1, firstName="Mario", lastName="Rossi")
    options = {"base": stub.url, "practice": stub.practice, "archive": stub.archive, **more}
    secrets = {"api_key": stub.api_key}
    options |= {"patients": "all"}
    connected = await connectors.add(org, System.ALFADOCS, "main", options, secrets)
    await connected.finished()
    return connected


async def referred(org: Org, connected: Connected) -> dict[str, Any]:
    """The patient's referral to the operator's partner."""
    await org.practice()
    partner = await org.ereferral_partner()
    mapped = await connected.ask(
        "operator_map.set",
        connection_uuid=str(connected.id),
        external_id="5",
        referral_partner_uuid=partner["id"],
    )
    assert mapped.status == 200, mapped
    patient = await connected.uuid("patient", 1)
    return await org.sent_referral(patient_uuid=patient, referral_partner_uuid=partner["id"])


def appointment(state: str, operator: int = 5) -> dict[str, Any]:
    """One in a week, in the shape of their page."""
    day = datetime.now(UTC).date() + timedelta(days=7)
    return {
        "id": 1,
        "patientId": 1,
        "operatorId": operator,
        "date": f"{day.isoformat()} 09:00:00",
        "state": state,
    }


async def hints_of(connectors: Connectors, org: Org) -> list[dict[str, Any]]:
    """The hints that were told about the org."""
    found = await connectors.events_of(org)
    return [one["data"]["hint"] for one in found if one["type"] == "connection.fulfilment_hint"]


async def shown(org: Org, referral: dict[str, Any]) -> str:
    """How far a referral is."""
    answered = await org.ask("referral.get", referral_uuid=referral["id"])
    return str(answered.data["fulfilment_status"])


async def test_a_hint_is_told_once_and_changes_nothing(connectors: Connectors, org: Org) -> None:
    """Booked, and later that the patient came; while nobody mapped the operator, nothing is even
    asked for."""
    async with served(AlfaDocsStub()) as stub:
        connected = await visited(connectors, org, stub)
        assert not [one for one in stub.faults.asked if one.path.endswith("/appointments")]
        referral = await referred(org, connected)
        stub.appointments.append(appointment("confirmed"))
        stub.appointments.append({**appointment("done", operator=6), "id": 2})
        await connected.run()
        await connected.run()
        booked = {"referral_uuid": referral["id"], "hint": "booked"}
        assert await hints_of(connectors, org) == [booked]
        stub.appointments[0]["state"] = "done"
        await connected.run()
        came = {"referral_uuid": referral["id"], "hint": "came"}
        assert await hints_of(connectors, org) == [booked, came]
        assert await shown(org, referral) == "requested"


async def test_hints_are_applied_where_the_connection_says_so(
    connectors: Connectors, org: Org
) -> None:
    """Booked is accepted, came is in progress; completed never comes of it."""
    async with served(AlfaDocsStub()) as stub:
        connected = await visited(connectors, org, stub, apply_hints=True)
        referral = await referred(org, connected)
        stub.appointments.append(appointment("confirmed"))
        await connected.run()
        assert await shown(org, referral) == "accepted"
        stub.appointments[0]["state"] = "done"
        await connected.run()
        await connected.run()
        assert await shown(org, referral) == "in-progress"
        assert len(await hints_of(connectors, org)) == 2
