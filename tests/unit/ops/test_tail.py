"""A line of `handoff events`."""

from datetime import UTC, datetime
from typing import Any

from ops.tail import line


def test_a_line_of_an_event_holds_no_patient_data() -> None:
    """Type, org, subject, version, a status, the names of changed fields: no value of these."""
    event: dict[str, Any] = {
        "type": "patient.put",
        "orgid": "org_1",
        "subject": "01930000-0000-7000-8000-00000000a001",
        "time": datetime(2026, 11, 20, 15, 30, tzinfo=UTC).isoformat(),
        "aggregateversion": 2,
        "changed": "email,name",
        "data": {"name": "Sample Patient", "email": "patient@example.com", "status": "active"},
    }
    assert line(event).split()[1:] == [
        "patient.put",
        "org_1",
        "01930000-0000-7000-8000-00000000a001",
        "v2",
        "status=active",
        "changed=email,name",
    ]
