"""The line that a run is told in while it goes on."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.connecting import System
from ops.connections.watching import Seen, progress
from services.connectors.models import Connection, Run

NOW = datetime(2026, 11, 30, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("phase", "counts", "told"),
    [
        (None, {}, "connecting: 0 rows read, 0 made or changed"),
        ("referrals", {}, "reading referrals: 0 rows read, 0 made or changed"),
        ("patients", {"partner": {"fetched": 4}}, "reading patients: 4 rows read, 0 made"),
        (None, {"partner": {"fetched": 4, "created": 3}}, "applying: 4 rows read, 3 made"),
    ],
)
def test_a_run_connects_reads_and_applies(
    phase: str | None, counts: dict[str, Any], told: str
) -> None:
    """While the other side does not answer nothing is applied."""
    connection = Connection(system=System.OPENDENTAL, lease_until=NOW + timedelta(seconds=60))
    run = Run(phase=phase, counts=counts, started_at=NOW, finished_at=None)
    line = progress(Seen(connection, run, 0, NOW))
    assert line is not None and line.startswith(told)
