"""`handoff migrate` on a real server."""

import asyncio

import asyncpg
import pytest

from tests.support.database.urls import plain_url
from tests.support.services.command_line import handoff


def test_migrating_twice_does_it_once(variables: dict[str, str]) -> None:
    """The first run says from what to what, the second that there is nothing to do."""
    first, again = (migrated() for _ in range(2))
    assert ["migrated from nothing to" in line for line in first] == [True, True]
    assert ["nothing to do" in line for line in again] == [True, True]
    assert [line.partition(":")[0] for line in again] == ["referrals", "ereferral-dispatch"]


def test_an_older_program_leaves_a_newer_schema_alone(variables: dict[str, str]) -> None:
    """After the way back to the version before, which has no downgrades."""
    url = plain_url(variables["REFERRALS_DATABASE_URL"])
    assert handoff("migrate", "referrals").exit_code == 0

    async def set_revision(number: int) -> None:
        database = await asyncpg.connect(url)
        await database.execute(
            "UPDATE referrals.alembic_version "
            "SET version_num = lpad((version_num::int + $1)::text, 4, '0')",
            number,
        )
        await database.close()

    asyncio.run(set_revision(1))
    left = handoff("migrate", "referrals")
    asyncio.run(set_revision(-1))
    assert left.exit_code == 0
    assert left.stdout.endswith("newer than this program; nothing to do\n")


def migrated() -> list[str]:
    """What `handoff migrate` said, a line for each service."""
    ended = handoff("migrate")
    assert ended.exit_code == 0, ended.output
    return ended.stdout.splitlines()


def test_migrate_says_that_there_is_no_such_database(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line that names the variable and the database."""
    url = variables["REFERRALS_DATABASE_URL"].rpartition("/")[0] + "/nowhere_at_all"
    monkeypatch.setenv("REFERRALS_DATABASE_URL", url)
    ended = handoff("migrate", "referrals")
    assert ended.exit_code == 1
    assert "REFERRALS_DATABASE_URL: there is no database nowhere_at_all" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
