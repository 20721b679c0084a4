"""A rolling update under load: the schemas first, then a replica of each service, then another."""

import asyncio
import shutil
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from messaging.database.migrations import migrate
from messaging.database.revisions import head
from messaging.pacing.monitor import LOOK_EVERY_SECONDS
from services.connectors.home import MIGRATIONS as CONNECTORS_MIGRATIONS
from services.ereferral_dispatch.home import MIGRATIONS as DISPATCH_MIGRATIONS
from services.referrals.home import MIGRATIONS as REFERRALS_MIGRATIONS
from tests.faults.rig.beside import Beside, beside
from tests.faults.rig.replicas import RIGGED, ServiceName
from tests.faults.rig.rig import Rig
from tests.support.waiting import until

REPLACED_WITHIN_SECONDS = 60.0
_PLACES = {
    ServiceName.REFERRALS: (REFERRALS_MIGRATIONS, "referral"),
    ServiceName.DISPATCH: (DISPATCH_MIGRATIONS, "ereferral"),
    ServiceName.CONNECTORS: (CONNECTORS_MIGRATIONS, "staged_row"),
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


async def replaced(
    rig: Rig, others: Beside, number: int, revisions: Mapping[ServiceName, str]
) -> None:
    """Let that replica of each service finish and start it again as the next version."""
    fleets = (rig.fleet, others.fleet)
    before = [len(fleet.deaths) for fleet in fleets]
    for fleet, service in (
        *((rig.fleet, service) for service in RIGGED),
        *((others.fleet, service) for service in (ServiceName.CONNECTORS, ServiceName.EDGE)),
    ):
        replica = fleet.of(service)[number]
        replica.plan = replace(replica.plan, revision=revisions.get(service))
        replica.send(signal.SIGTERM)
    for fleet, deaths in zip(fleets, before, strict=True):
        await fleet.until_died(deaths + 2, REPLACED_WITHIN_SECONDS)
        await until(fleet.ready, REPLACED_WITHIN_SECONDS, look_every_seconds=0.1)


async def test_one_replica_after_another_is_replaced_and_nothing_is_lost(
    rig: Rig, tmp_path: Path
) -> None:
    """The schemas are migrated beside the old version, which goes on with them and stays ready;
    then old and new work side by side. Each replica ends by itself with status 0, and every law
    holds: each command has one effect, each e-referral arrives, no event is lost or out of order. A
    program that asks over HTTP goes to the other replica of the edge when its own stops, and what
    it asks for by a key happens once; an import that is broken off makes each row once."""
    async with rig.round() as at_work, beside(rig, tmp_path) as others:
        urls = {
            ServiceName.REFERRALS: rig.databases.referrals.url,
            ServiceName.DISPATCH: rig.databases.dispatch.url,
            ServiceName.CONNECTORS: others.connectors.url,
        }
        revisions = {}
        for service, url in urls.items():
            migrations, revisions[service] = next_version(service, tmp_path)
            await asyncio.to_thread(migrate, url, migrations)
        await asyncio.sleep(2 * LOOK_EVERY_SECONDS)
        for fleet in (rig.fleet, others.fleet):
            assert await fleet.ready(), "the old version works with the new schema"
        await at_work.goes_on()
        for number in (0, 1):
            assert not await others.is_imported(), "the import is in its middle"
            moved = others.moves
            await replaced(rig, others, number, revisions)
            await others.end_leases()
            await at_work.goes_on()
            await others.goes_on()
            assert others.moves > moved
    for fleet in (rig.fleet, others.fleet):
        assert [death.status for death in fleet.deaths] == [0] * 4
