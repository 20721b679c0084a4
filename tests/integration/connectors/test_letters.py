"""Letters that are filed with the patient's documents there: law 32."""

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from contracts.connecting import System
from ops.stubs.alfadocs import AlfaDocsStub
from ops.stubs.alfadocs import served as alfadocs_served
from ops.stubs.faults import Fault, Wrong
from ops.stubs.opendental import served
from tests.integration.connectors.test_writing_back import WITHIN_SECONDS, referred, sent
from tests.support.connectors.running import Connectors
from tests.support.services.command_line import handoff
from tests.support.services.dispatch import Dispatch, dispatching
from tests.support.services.referrals import Org
from tests.support.waiting import until


@pytest_asyncio.fixture(scope="module")
async def dispatch(connectors: Connectors, new_postgres_database: Any) -> AsyncIterator[Dispatch]:
    """Dispatch, which has the letters."""
    async with dispatching(new_postgres_database(), connectors.referrals.rabbitmq_url) as running:
        yield running


async def nothing_to_write(connectors: Connectors, org: Org) -> None:
    """Wait until nothing is left to be written for the org."""

    async def settled() -> bool:
        stored = await connectors.stored()
        return not any(org.id in row for row in stored["outgoing"])

    await until(settled, WITHIN_SECONDS)


async def test_32_an_upload_that_timed_out_but_arrived_is_not_made_again(
    connectors: Connectors, dispatch: Dispatch, org: Org
) -> None:
    """The letter of the referral is filed once, under its reference, as the PDF that it is."""
    async with served(referred()) as stub:
        connected = await connectors.opendental(org, stub, upload_letters=True)
        await connected.finished()
        stub.faults.add(Fault(Wrong.DONE_UNANSWERED, "/documents/Upload"))
        referral = await sent(org, connected)
        await until(lambda: bool(stub.documents), WITHIN_SECONDS)
        await nothing_to_write(connectors, org)
        (filed,) = stub.documents
        assert filed["Description"] == f"Referral letter {referral['reference']}"
        (upload,) = [one for one in stub.faults.asked if one.path.endswith("/documents/Upload")]
        assert upload.body["PatNum"] == 15 and upload.body["extension"] == ".pdf"
        assert b64decode(upload.body["rawBase64"]).startswith(b"%PDF")


async def test_a_letter_is_filed_in_alfadocs_too(
    connectors: Connectors, dispatch: Dispatch, org: Org
) -> None:
    """In the folder Handoff, named by its reference."""
    stub = AlfaDocsStub()
    stub.patient(1, firstName="Mario", lastName="Rossi")
    async with alfadocs_served(stub):
        options = {
            "base": stub.url,
            "practice": stub.practice,
            "archive": stub.archive,
            "patients": "all",
            "upload_letters": True,
        }
        secrets = {"api_key": stub.api_key}
        connected = await connectors.add(org, System.ALFADOCS, "main", options, secrets)
        await connected.finished()
        patient = await connected.uuid("patient", 1)
        referral = await org.sent_referral(patient_uuid=patient)
        await until(lambda: bool(stub.documents.get(1)), WITHIN_SECONDS)
        await nothing_to_write(connectors, org)
        (filed,) = stub.documents[1]
        assert (filed["name"], filed["type"]) == (f"referral-{referral['reference']}.pdf", "other")


async def trail(
    connectors: Connectors, dispatch: Dispatch, org: Org, patient: str
) -> set[tuple[str, str]]:
    """The service and the operation of each entry that `handoff audit` shows of a patient."""
    shown = await asyncio.to_thread(
        handoff,
        *("audit", "--org", org.id, "--patient", patient, "--json"),
        REFERRALS_DATABASE_URL=connectors.referrals.database_url,
        DISPATCH_DATABASE_URL=dispatch.settings.database_url,
        CONNECTORS_DATABASE_URL=connectors.config.database_url,
    )
    assert shown.exit_code == 0, shown.output
    # The services in this process log to stdout meanwhile, which the output may catch.
    entries = [json.loads(line) for line in shown.stdout.splitlines() if line[:1] == "{"]
    return {(one["service"], one["operation"]) for one in entries}


async def test_the_trail_of_a_patient_tells_of_their_connections_too(
    connectors: Connectors, dispatch: Dispatch, org: Org
) -> None:
    """`handoff audit`: that their letter left for the other system, who asked for their number
    there, and who linked one; what was imported of them is in the trail of referrals."""
    async with served(referred()) as stub:
        connected = await connectors.opendental(org, stub, upload_letters=True)
        await connected.finished()
        patient = await connected.uuid("patient", 15)
        await sent(org, connected)
        await until(lambda: bool(stub.documents), WITHIN_SECONDS)
        assert await trail(connectors, dispatch, org, patient) >= {
            ("referrals", "patient.put"),
            ("ereferral_dispatch", "ereferral.letter"),
            ("connectors", "referral.sent"),
            ("connectors", "external_id.list"),
        }
        another = (await org.patient())["id"]
        linked = await connected.ask(
            "external_id.link",
            connection_uuid=str(connected.id),
            kind="patient",
            external_id="77",
            uuid=another,
        )
        assert linked.status == 200
        told = await trail(connectors, dispatch, org, another)
        assert ("connectors", "external_id.link") in told
