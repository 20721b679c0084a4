"""One replica's clock is two days ahead of everybody's."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import orjson
import pytest
import pytest_asyncio

from messaging.replies.client import listen
from ops.servers import Servers
from tests.faults.judging.reading import Database
from tests.faults.parties.subscriber import EXCHANGES
from tests.faults.rig.rig import Rig, open_rig
from tests.support.database.urls import plain_url

AHEAD_DAYS = 2.0


@pytest_asyncio.fixture(scope="module")
async def rig(own_servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    """The second replica of each service lives in the day after tomorrow."""
    folder = tmp_path_factory.mktemp("rig")
    async with open_rig(own_servers, folder, clock_ahead_days=AHEAD_DAYS) as running:
        yield running


async def times_beyond(database: Database, limit: datetime) -> list[str]:
    """Columns that hold a time after `limit`; an answer is wished for in 14 days from then."""
    found = []
    connection = await asyncpg.connect(plain_url(database.url))
    columns = await connection.fetch(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = $1 "
        "AND data_type LIKE 'timestamp%'",
        database.schema,
    )
    assert len(columns) > 10
    for table, column in columns:
        latest = await connection.fetchval(f"SELECT max({column}) FROM {database.schema}.{table}")
        wished = timedelta(days=14) if column == "respond_by" else timedelta()
        if latest is not None and latest > limit + wished:
            found.append(f"{table}.{column} {latest}")
    await connection.close()
    return found


async def test_a_wrong_clock_decides_nothing(rig: Rig) -> None:
    """Both replicas of each service work on the same rows; what they write down, what subscribers
    are told and what partners get is by the database's clock, and every law holds."""
    async with (
        listen(rig.url, dict.fromkeys(EXCHANGES, "#")) as heard,
        rig.round() as at_work,
    ):
        await at_work.goes_on(60)
    assert 0 < rig.partners.clock_difference_seconds < 300
    now = datetime.now(UTC)
    event_times = [orjson.loads(heard.get_nowait().body)["time"] for _ in range(heard.qsize())]
    assert datetime.fromisoformat(max(event_times)) < now + timedelta(hours=1)
    for database in (rig.databases.referrals, rig.databases.dispatch):
        assert await times_beyond(database, now + timedelta(hours=1)) == []
    for replica in rig.fleet.replicas:
        said = next(line for line in replica.log.read_bytes().splitlines() if b'"clock"' in line)
        clock = orjson.loads(said)
        ahead = timedelta(days=replica.plan.clock_ahead_days).total_seconds()
        for told in (clock["time"], datetime.fromisoformat(clock["now"]).timestamp()):
            assert abs(told - now.timestamp() - ahead) < 3600, "it is as wrong as it was set"
