"""Secrets and names that must not be told: laws 33, 34, 36, 37 and 40."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest

from ops.stubs.opendental import OpenDentalStub, served
from tests.integration.connectors.practice import practice
from tests.support.connectors.running import KEY, Connectors
from tests.support.database.urls import plain_url
from tests.support.services.command_line import handoff
from tests.support.services.referrals import Org

SSN, NAME, NUMBER = "632458956", "Zyprianowitsch", "5033635432"


def telling() -> OpenDentalStub:
    """A practice whose rows hold what must not be told."""
    stub = practice()
    stub.patient(15, LName=NAME, FName="Paul", SSN=SSN, WirelessPhone=NUMBER)
    stub.patient(435, LName=NAME, FName="Debbie", SSN=SSN)
    stub.referral(1, SSN=SSN, LName=NAME, EMail="nobody at home")
    stub.referral(3, SSN=SSN, LName=NAME)
    return stub


def forms(text: str) -> list[str]:
    """How a text may be written in a row: as it is, and in hexadecimal digits."""
    return [text, text.encode().hex()]


async def test_33_34_and_40_no_row_log_metric_or_event_tells(
    connectors: Connectors, org: Org, capsys: pytest.CaptureFixture[str]
) -> None:
    """No SSN anywhere; no name or number of a patient in connectors' tables, logs, metrics and
    `import.*` events; neither key in a table, a message or a log."""
    stub = telling()
    stub.developer_key, stub.customer_key = "developer-8f2a", "customer-77c1"
    async with served(stub):
        connected = await connectors.opendental(org, stub)
        run = await connected.finished()
        assert run["code"] is None and run["counts"]["patient"]["created"] == 2
        stored = json.dumps(await connectors.stored())
        secret = (SSN, stub.developer_key, stub.customer_key, KEY)
        for hidden in (*secret, NAME, NUMBER):
            assert not any(form in stored for form in forms(hidden)), hidden
        events = json.dumps(await connectors.events_of(org))
        assert "import.row_refused" in events
        written = capsys.readouterr()
        told = events + written.out + written.err + await metrics(connectors)
        for hidden in (*secret, NAME, NUMBER, "nobody at home"):
            assert hidden not in told, hidden
        partner = json.dumps(await connected.partner(1))
        assert SSN not in partner and NAME in partner


async def metrics(connectors: Connectors) -> str:
    """What /metrics tells."""
    from prometheus_client import generate_latest

    return generate_latest().decode()


async def test_37_one_orgs_rows_and_maps_never_serve_another(
    connectors: Connectors, org: Org
) -> None:
    """Another org sees neither the connection nor its rows, and cannot decide about them."""
    stub = practice()
    stub.referral(1, EMail="nobody at home")
    async with served(stub):
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        (row,) = await connected.rows()
        other = connectors.referrals.org()
        ask: Any = type(connected)(connectors, other, connected.id, "main").ask
        for operation, fields in (
            ("connection.get", {"connection_uuid": str(connected.id)}),
            ("connection.runs", {"connection_uuid": str(connected.id)}),
            ("connection.sync", {"connection_uuid": str(connected.id)}),
            (
                "source_map.set",
                {
                    "connection_uuid": str(connected.id),
                    "external_id": "1",
                    "referral_source_uuid": None,
                },
            ),
            (
                "import_row.resolve",
                {"import_row_uuid": row["id"], "base_version": 1, "resolution": "ours"},
            ),
        ):
            answered = await ask(operation, **fields)
            assert answered.status == 404, operation
        for operation in ("connection.list", "import_row.list", "external_id.list"):
            assert (await ask(operation)).data["items"] == [], operation


A_WRITE_THAT_RESTS = (
    """
    INSERT INTO connectors.staged_row (org_id, id, connection_id, kind, external_id,
        external_version, gone, state, code, fields, as_secondary, version, created_at, updated_at)
    VALUES ($1, gen_random_uuid(), $2, 'patient', '15', 'write 1', false, 'refused',
        'refused_there', '{}', false, 1, now(), now())
    """,
    """
    INSERT INTO connectors.outgoing (org_id, message_id, connection_id, target, kind, external_id,
        external_version, operation, body, tries, created_at)
    VALUES ($1, gen_random_uuid(), $2, 'there', 'patient', '15', '1', 'attach', '', 1, now())
    """,
)


async def test_36_an_erased_patient_does_not_return(
    connectors: Connectors, org: Org, new_postgres_database: Any
) -> None:
    """Erased at the command line, though a write about them was refused and rests; the next whole
    reading passes them over, and nothing that is sealed of them is left."""
    from tests.support.services.dispatch import migrated as dispatch_migrated

    async with served(telling()) as stub:
        connected = await connectors.opendental(org, stub)
        await connected.finished()
        patient = await connected.uuid("patient", 15)
        database = await asyncpg.connect(plain_url(connectors.config.database_url))
        async with database.transaction():
            for statement in A_WRITE_THAT_RESTS:
                await database.execute(statement, org.id, connected.id)
        await database.close()
        dispatch = await dispatch_migrated(new_postgres_database())
        variables = {
            "REFERRALS_DATABASE_URL": connectors.referrals.database_url,
            "DISPATCH_DATABASE_URL": dispatch,
            "CONNECTORS_DATABASE_URL": connectors.config.database_url,
        }
        arguments = ("erase-patient", "--org", org.id, "--patient", patient)
        erased = await asyncio.to_thread(handoff, *arguments, **variables)
        assert erased.exit_code == 0, erased.output
        assert "rows known" in erased.output
        stub.patient(15, FName="Pauline")
        await connected.run(full=True)
        held = await org.ask("patient.get", patient_uuid=patient)
        assert held.status == 404 or NAME not in json.dumps(held.data)
        listed = json.dumps((await org.ask("patient.list")).data["items"])
        assert "Pauline" not in listed and "Debbie" in listed
