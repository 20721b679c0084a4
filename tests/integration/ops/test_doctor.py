"""`handoff doctor`, with one replica of referrals running."""

import asyncio
import os
from uuid import uuid4

import asyncpg
import pytest

from tests.command_line import handoff
from tests.integration.ops.parked import park
from tests.referrals_service import plain_url
from tests.services import RunningService


def execute(url: str, statement: str) -> None:
    """A statement as the superuser."""

    async def run() -> None:
        database = await asyncpg.connect(plain_url(url))
        await database.execute(statement)
        await database.close()

    asyncio.run(run())


def test_doctor_says_what_to_do(emptied: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dead letters, a service that does not run, a schema that is not there."""
    park(emptied, str(uuid4()))
    told = handoff("doctor")
    assert told.exit_code == 1
    findings = " ".join(told.stdout.split())
    assert "fine migrations: at" in findings
    assert "dead letters 1: look at them with handoff dead-letters list" in findings
    assert "start handoff serve ereferral-dispatch" in findings
    assert "handoff serve ereferral-dispatch makes it" in findings
    url = os.environ["REFERRALS_DATABASE_URL"]
    monkeypatch.setenv("DISPATCH_DATABASE_URL", url)
    told = handoff("doctor")
    assert "run handoff migrate ereferral-dispatch" in " ".join(told.stdout.split())


def test_doctor_finds_a_database_that_logs_patients_data(
    replica: RunningService, variables: dict[str, str]
) -> None:
    """Statements that are logged come with their values, unless the server is told otherwise."""
    url = variables["REFERRALS_DATABASE_URL"]
    name = url.rpartition("/")[2]
    wrong = "logs statements with their values"
    for setting, value, told in (
        ("log_parameter_max_length", "-1", False),
        ("log_min_duration_statement", "1000", True),
        ("log_parameter_max_length", "0", False),
    ):
        execute(url, f'ALTER DATABASE "{name}" SET {setting} = {value}')
        assert (wrong in " ".join(handoff("doctor").stdout.split())) is told, setting
    execute(url, f'ALTER DATABASE "{name}" RESET log_min_duration_statement')
