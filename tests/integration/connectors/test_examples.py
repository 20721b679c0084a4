"""Each operation's example, sent to connectors as it stands but for the ids that are made here."""

from typing import Any

import pytest

from contracts.catalogue import OPERATIONS
from contracts.connecting import System
from contracts.documents.examples import EXAMPLES
from contracts.operations import Service
from contracts.replies import ReplyStatus
from ops.stubs.opendental import served
from tests.integration.connectors.practice import practice
from tests.support.connectors.running import Connected, Connectors
from tests.support.services.referrals import Org

OF_CONNECTORS = [n for n, one in OPERATIONS.items() if one.service is Service.CONNECTORS]

OF_ALFADOCS = ("source_map.set", "operator_map.set")


async def archive_of(connectors: Connectors, org: Org) -> Connected:
    """A connection to an archive that does not answer: what is said of it is kept all the same."""
    options = {"base": "http://127.0.0.1:9/api/v1", "practice": 1, "archive": 1}
    return await connectors.add(org, System.ALFADOCS, "archive", options, {"api_key": "x"})


@pytest.mark.parametrize("name", OF_CONNECTORS)
async def test_an_example_works_beside_a_connection(
    connectors: Connectors, org: Org, name: str
) -> None:
    """It has the status of its operation's success, and the fields that its contract shows; the
    row that is decided about is one that may be a duplicate, and numbers that a person explains are
    AlfaDocs'."""
    partner = await org.partner(first_name="Norm", last_name="Davidson", phone="+15033635432")
    stub = practice()
    stub.referral(1, FName="Norm", LName="Davidson", IsDoctor="true", Telephone="5033635432")
    async with served(stub) as there:
        connected = await connectors.opendental(org, there)
        await connected.finished()
        body: dict[str, Any] = dict(EXAMPLES[name].body)
        if name in OF_ALFADOCS:
            connected = await archive_of(connectors, org)
        if "connection_uuid" in body:
            body["connection_uuid"] = str(connected.id)
        if "import_row_uuid" in body:
            (row,) = await connected.rows(resolved=False)
            body |= {"import_row_uuid": row["id"], "base_version": row["version"]}
        if "uuid" in body:
            body["uuid"] = partner["id"]
        answered = await connected.ask(name, **body)
    assert (answered.status, answered.problem) == (OPERATIONS[name].status, None)
    shapes = OPERATIONS[name].replies[ReplyStatus(answered.status)]
    assert set(answered.data) in [set(shape.model_fields) for shape in shapes if shape]
