"""A rolling update under load: the schema first, then one replica after another."""

import asyncio
import shutil
import signal
from dataclasses import replace
from pathlib import Path

from messaging.database.migrations import head, migrate
from messaging.pacing.monitor import LOOK_EVERY_SECONDS
from services.ereferral_dispatch.home import MIGRATIONS as DISPATCH_MIGRATIONS
from services.referrals.home import MIGRATIONS as REFERRALS_MIGRATIONS
from tests.faults.rig.fleet import Replica
from tests.faults.rig.replicas import ServiceName
from tests.faults.rig.rig import Rig
from tests.faults.rig.rounds import Round
from tests.support.waiting import until

REPLACED_WITHIN_SECONDS = 60.0
_PLACES = {
    ServiceName.REFERRALS: (REFERRALS_MIGRATIONS, "referral"),
    ServiceName.DISPATCH: (DISPATCH_MIGRATIONS, "ereferral"),
}
_NEXT = '''"""What the next version of the program brings: something that older ones do not know."""

from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade() -> None:
    op.execute("ALTER TABLE {table} ADD COLUMN of_the_next_version text NOT NULL DEFAULT 'new'")
    op.execute("CREATE INDEX {table}_of_the_next_version ON {table} (of_the_next_version)")
'''


def next_version(service: ServiceName, folder: Path) -> tuple[Path, str]:
    """The migrations of a version to come, and its revision."""
    ours, table = _PLACES[service]
    theirs = folder / service
    shutil.copytree(ours, theirs, ignore=shutil.ignore_patterns("__pycache__"))
    before = head(ours)
    revision = f"{int(before) + 1:04}"
    written = _NEXT.format(revision=revision, before=before, table=table)
    (theirs / "versions" / f"{revision}_next.py").write_text(written)
    return theirs, revision


async def replaced(rig: Rig, at_work: Round, replica: Replica, revision: str) -> None:
    """Let a replica finish and start it again as the next version; the work goes on."""
    replica.plan = replace(replica.plan, revision=revision)
    before = len(rig.fleet.deaths)
    replica.send(signal.SIGTERM)
    await until(lambda: len(rig.fleet.deaths) == before + 1, REPLACED_WITHIN_SECONDS)
    await until(rig.fleet.ready, REPLACED_WITHIN_SECONDS, look_every_seconds=0.1)
    await at_work.goes_on()


async def test_one_replica_after_another_is_replaced_and_nothing_is_lost(
    rig: Rig, tmp_path: Path
) -> None:
    """The schema is migrated beside the old version, which goes on with it and stays ready; then
    old and new work side by side. Each replica ends by itself with status 0, and every law holds:
    each command has one effect, each e-referral arrives, no event is lost or out of order."""
    urls = {
        ServiceName.REFERRALS: rig.databases.referrals.url,
        ServiceName.DISPATCH: rig.databases.dispatch.url,
    }
    async with rig.round() as at_work:
        revisions = {}
        for service in ServiceName:
            migrations, revisions[service] = next_version(service, tmp_path)
            await asyncio.to_thread(migrate, urls[service], migrations)
        await asyncio.sleep(2 * LOOK_EVERY_SECONDS)
        assert await rig.fleet.ready(), "the old version works with the new schema"
        await at_work.goes_on()
        for replica in rig.fleet.replicas:
            await replaced(rig, at_work, replica, revisions[replica.plan.service])
    assert [death.status for death in rig.fleet.deaths] == [0] * 4
