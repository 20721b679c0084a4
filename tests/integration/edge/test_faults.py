"""A fault of ours, and a body that does not come: what is answered."""

import asyncio
import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.support.services.edge import RunningEdge

SECRET = "Zebulonquackenbush"


async def test_a_fault_of_ours_is_told_by_its_incident_alone(
    edge: RunningEdge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """500 in the shape of all; the log has the incident, the kind and the place, and no text."""

    async def fail(*_: Any, **__: Any) -> None:
        raise ValueError(SECRET)

    caller = edge.caller()
    monkeypatch.setattr(edge.edge.client, "ask", fail)
    with capture_logs() as logged:
        answered = await caller.ask("GET", "/referral-partners")
    assert answered.refusal == (500, "internal_error", [["path"]])
    incident = answered.headers["handoff-request-id"]
    assert answered.data["detail"][0]["msg"] == f"A fault of ours; incident {incident}."
    monkeypatch.undo()
    assert (await caller.ask("GET", "/referral-partners")).status == 200
    (told,) = [line for line in logged if line["event"] == "a fault of ours"]
    assert (told["error"], told["incident"]) == ("ValueError", incident)
    assert told["where"].partition(":")[0].endswith("test_faults.py")
    assert SECRET not in str(logged) and SECRET not in answered.body.decode()


async def test_a_body_that_does_not_come_is_408(
    edge: RunningEdge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When its time is up, and the connection ends."""
    monkeypatch.setattr("services.edge.http.answering.BODY_WITHIN_SECONDS", 0.3)
    caller = edge.caller()
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.edge.port)
    writer.write(
        f"POST /api/v1/{caller.org_id}/referral-partners HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {caller.token}\r\nContent-Type: application/json\r\n"
        'Content-Length: 100\r\n\r\n{"first_name":'.encode()
    )
    said = await asyncio.wait_for(reader.read(), 20)
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.split()[1] == b"408"
    assert json.loads(body)["code"] == "request_timeout"
    writer.close()
