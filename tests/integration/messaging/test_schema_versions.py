"""A program and a schema that is newer than it, as during a rolling update."""

import asyncpg

from messaging.database.revisions import head
from messaging.replies.client import open_client
from services.referrals.home import MIGRATIONS
from tests.support.database.urls import plain_url
from tests.support.services.referrals import Org, migrated, running_referrals
from tests.support.waiting import until

NEXT = f"{int(head(MIGRATIONS)) + 1:04}"


async def test_a_newer_schema_is_worked_with_where_it_says_so(
    postgres_database: str, rabbitmq_vhost: str
) -> None:
    """`handoff migrate` writes down which the oldest program is that works with the schema. One
    that is older is not ready and says why; it is again once the schema lets it."""
    database = await asyncpg.connect(plain_url(await migrated(postgres_database)))
    note = "COMMENT ON TABLE referrals.alembic_version IS 'oldest program: {}'"
    said = await database.fetchval("SELECT obj_description('referrals.alembic_version'::regclass)")
    assert said.startswith("oldest program: ")
    await database.execute("UPDATE referrals.alembic_version SET version_num = $1", NEXT)
    async with (
        running_referrals(postgres_database, rabbitmq_vhost) as service,
        open_client(rabbitmq_vhost) as client,
    ):
        assert (await Org(client).partner())["version"] == 1
        await database.execute(note.format(NEXT))
        await until(lambda: not service.health.ready)
        assert service.health.report()["migrations"] == (
            f"at {NEXT}, and this program, made for {head(MIGRATIONS)}, is too old"
        )
        await database.execute(note.format(head(MIGRATIONS)))
        await until(lambda: service.health.ready)
    await database.close()
