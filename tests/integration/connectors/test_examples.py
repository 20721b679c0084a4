"""Each operation's example, sent to connectors as it stands but for the ids that are made here."""

from typing import Any

import pytest

from contracts.catalogue import OPERATIONS
from contracts.documents.examples import EXAMPLES
from contracts.operations import Service
from contracts.replies import ReplyStatus
from ops.stubs.opendental import served
from tests.integration.connectors.practice import practice
from tests.support.connectors.running import Connectors
from tests.support.services.referrals import Org

OF_CONNECTORS = [n for n, one in OPERATIONS.items() if one.service is Service.CONNECTORS]


@pytest.mark.parametrize("name", OF_CONNECTORS)
async def test_an_example_works_beside_a_connection(
    connectors: Connectors, org: Org, name: str
) -> None:
    """It has the status of its operation's success, and the fields that its contract shows; the
    row that is decided about is one that may be a duplicate."""
    partner = await org.partner(first_name="Norm", last_name="Davidson", phone="+15033635432")
    stub = practice()
    stub.referral(1, FName="Norm", LName="Davidson", IsDoctor="true", Telephone="5033635432")
    async with served(stub) as there:
        connected = await connectors.opendental(org, there)
        await connected.finished()
        body: dict[str, Any] = dict(EXAMPLES[name].body)
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
