"""`handoff erase-patient` beside commands about the same patient, which lock in another order."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio
from typer.testing import Result

from ops import erasing
from tests.integration.ops.canary_patient import canary, erase, places, settled
from tests.support.database.urls import plain_url
from tests.support.samples.canary import NAME
from tests.support.services.both import Both
from tests.support.services.referrals import Org
from tests.support.waiting import until

_WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'handoff.erase_patient'"
    " AND wait_event_type = 'Lock'"
)
_ANOTHER_REFERRAL = """
    INSERT INTO referrals.referral
    SELECT (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid()))).*
    FROM referrals.referral r WHERE r.id = $1
"""


@pytest_asyncio.fixture
async def database(both: Both) -> AsyncIterator[asyncpg.Connection]:
    """A session of somebody else's. It looks for a deadlock later than the erasure, which so always
    is the one to lose."""
    session = await asyncpg.connect(plain_url(both.referrals.database_url))
    await session.execute("SET deadlock_timeout = '60s'")
    yield session
    await session.close()


async def in_a_deadlock(
    both: Both, org: Org, patient: str, referral: str, database: asyncpg.Connection
) -> asyncio.Task[Result]:
    """An erasure that a command waits for and that waits for this command.

    The command changes a referral of the patient and makes another one, as a batch may.
    """
    async with database.transaction():
        await database.execute("SELECT FROM referrals.referral WHERE id = $1 FOR UPDATE", referral)
        erased = asyncio.create_task(erase(both, org, patient))
        watching = await asyncpg.connect(plain_url(both.referrals.database_url))

        async def waits() -> bool:
            return bool(await watching.fetchval(_WAITING))

        await until(waits)
        await watching.close()
        await database.execute(_ANOTHER_REFERRAL, referral)
    return erased


async def test_it_is_tried_again_and_erases_what_was_made_meanwhile(
    both: Both, org: Org, database: asyncpg.Connection
) -> None:
    """The command is done, the erasure too, and nothing of the patient is left."""
    patient = str((await canary(org))["id"])
    referral = await org.referral(patient_uuid=patient, reason=f"Root canal of {NAME}")
    await settled(both)
    ended = await (await in_a_deadlock(both, org, patient, referral["id"], database))
    assert ended.exit_code == 0, ended.output
    count = "SELECT count(*) FROM referrals.referral WHERE patient_id = $1"
    assert await database.fetchval(count, patient) == 2
    assert places(await both.everything_stored(), org) == {}


async def test_where_it_never_comes_through_it_says_what_to_do(
    both: Both, org: Org, database: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line, exit status 1, and nothing is erased."""
    monkeypatch.setattr(erasing, "TRIES", 1)
    patient = str((await canary(org))["id"])
    referral = await org.referral(patient_uuid=patient)
    await settled(both)
    ended = await (await in_a_deadlock(both, org, patient, referral["id"], database))
    assert ended.exit_code == 1
    (said,) = [line for line in ended.stderr.splitlines() if "REFERRALS_DATABASE_URL" in line]
    assert said.endswith("is working with the same rows; run it again")
    name = "SELECT name FROM referrals.patient WHERE id = $1"
    assert NAME in await database.fetchval(name, patient)
