"""`handoff call`, with one replica of referrals running."""

import json
from uuid import uuid4

from tests.support.services.command_line import called, handoff
from tests.support.services.process import RunningService


def test_a_call_prints_the_reply_and_ends_with_its_kind(replica: RunningService) -> None:
    """0 for a success, 1 for a problem; a repeated message id has one effect."""
    patient = str(uuid4())
    body = {
        "org_id": "org_called",
        "patient_uuid": patient,
        "name": "Sample Patient",
        "observed_at": "2026-01-05T08:00:00Z",
    }
    same = ("patient.put", json.dumps(body), "--message-id", str(uuid4()), "--actor", "staff-7")
    status, reply = called(*same)
    assert (status, reply["status"], reply["data"]["version"]) == (0, 200, 1)
    assert called(*same) == (status, reply)
    named = json.dumps({"org_id": "org_called", "patient_uuid": patient})
    assert called("patient.get", named)[1]["data"] == reply["data"]
    unknown = json.dumps({"org_id": "org_called", "patient_uuid": str(uuid4())})
    status, reply = called("patient.get", unknown)
    assert (status, reply["problem"]["code"]) == (1, "patient_not_found")


def test_a_call_that_nobody_would_take_is_not_sent(replica: RunningService) -> None:
    """Dispatch does not run: the command is not left in its queue to be done later."""
    dispatch = {"org_id": "org_called", "ereferral_uuid": str(uuid4()), "reason": "Sample"}
    ended = handoff("call", "ereferral.cancel", json.dumps(dispatch))
    assert ended.exit_code == 1
    assert "handoff serve ereferral-dispatch" in ended.stderr
