"""Connectors in the rig: an import whose process is killed again and again, and what came of it.

Everything around it goes on: referrals decides the desks' commands beside those of the import, and
may be under another fault.
"""

import asyncio
import random
import secrets
import signal
from collections import Counter

from contracts.connecting import System
from messaging.database.engine import open_engine
from messaging.database.migrations import migrate
from messaging.trail.audit import Operator
from messaging.wire.connection import connection
from ops.servers import create_database, drop_database
from ops.stubs.opendental import OpenDentalStub, served
from services.connectors import adding
from services.connectors.credentials import stored_secrets
from services.connectors.home import HOME, MIGRATIONS, TOPOLOGY
from services.connectors.rules.identity import connection_id
from services.connectors.sealing import Sealer
from tests.faults.judging.reading import Database
from tests.faults.rig.rig import Rig
from tests.faults.rig.rounds import Round
from tests.support.services.process import running_service
from tests.support.services.referrals import new_org_id
from tests.support.waiting import until

KEY = "5f" * 32
SOURCES, PARTNERS = 40, 20
KILLS = 3
LONGEST_LIFE_SECONDS = 3.0
ENDS_WITHIN_SECONDS = 120.0
_MADE = """
    SELECT
        (SELECT count(*) FROM referrals.referral_source WHERE org_id = $1) AS sources,
        (SELECT count(*) FROM referrals.referral_partner WHERE org_id = $1) AS partners,
        (SELECT count(*) FROM referrals.patient WHERE org_id = $1) AS patients,
        (SELECT count(*) FROM referrals.referral_attribution WHERE org_id = $1) AS attributions,
        (SELECT count(*) FROM referrals.referral_attribution
         WHERE org_id = $1 AND attribution_role = 'primary') AS primaries
"""


async def kill_imports(rig: Rig, at_work: Round, kills: int = KILLS) -> None:
    """Kill connectors in the middle of an import; left alone at last, it makes each row once.

    Raises AssertionError where anything is lacking or there twice.
    """
    url = create_database(rig.postgres.url, f"{rig.vhost}_con_{secrets.token_hex(3)}")
    await asyncio.to_thread(migrate, url, MIGRATIONS)
    held, org_id, stub = Database(url, HOME.schema, "/connectors"), new_org_id(), practice()
    try:
        async with served(stub):
            await add_connection(url, org_id, stub)
            for _ in range(kills):
                await _live_and_be_killed(url, rig.url, stub)
                await held.rows("UPDATE connectors.connection SET lease_until = now()")
            with running_service("connectors", _variables(url, rig.url)):
                await until(lambda: is_over(held), ENDS_WITHIN_SECONDS)
        await judge(rig, org_id)
    finally:
        await delete_queues(rig.url)
        await asyncio.to_thread(drop_database, rig.postgres.url, url.rpartition("/")[2])


def practice() -> OpenDentalStub:
    """Sources, partners, and patients each of whom two of them brought."""
    stub = OpenDentalStub()
    referrals = SOURCES + PARTNERS
    for number in range(1, referrals + 1):
        is_doctor = "true" if number > SOURCES else "false"
        stub.referral(number, LName=f"Practice {number}", IsDoctor=is_doctor)
        stub.patient(number, LName="Rig", FName=f"Patient {number}")
    for number in range(1, 2 * referrals + 1):
        stub.refattach(
            number,
            ReferralNum=number % referrals + 1,
            PatNum=(number + 1) // 2,
            ItemOrder=number % 2,
            RefDate="2025-05-01",
        )
    return stub


async def add_connection(url: str, org_id: str, stub: OpenDentalStub) -> None:
    """Connect an org to a stand-in; its first run begins as soon as somebody claims it."""
    id_, sealer = connection_id(org_id, System.OPENDENTAL, "main"), Sealer(KEY)
    keys = {"developer_key": stub.developer_key, "customer_key": stub.customer_key}
    sealed = stored_secrets(keys, sealer, org_id, id_)
    options = {"bases": (stub.url,), "throttle": "none", "time_zone": str(stub.zone)}
    engine = open_engine(url, HOME, role=HOME.system_role, name="rig", pool_size=1)
    try:
        await adding.add(
            engine, org_id, System.OPENDENTAL, "main", options, sealed, Operator(None, "rig")
        )
    finally:
        await engine.dispose()


async def _live_and_be_killed(url: str, rabbitmq_url: str, stub: OpenDentalStub) -> None:
    """A replica that is killed soon after it asked for the first time, somewhere in its run."""
    asked = len(stub.faults.asked)
    starting = running_service("connectors", _variables(url, rabbitmq_url))
    process = await asyncio.to_thread(starting.__enter__)
    try:
        await until(lambda: len(stub.faults.asked) > asked, ENDS_WITHIN_SECONDS)
        await asyncio.sleep(random.uniform(0, LONGEST_LIFE_SECONDS))
    finally:
        await asyncio.to_thread(process.end, signal.SIGKILL)
        await asyncio.to_thread(starting.__exit__, None, None, None)


async def is_over(held: Database) -> bool:
    """Whether the one connection's import is over, to its last command."""
    rows = await held.rows("SELECT last_success_at FROM connectors.connection")
    left = await held.rows("SELECT count(*) FROM connectors.outgoing")
    return rows[0][0] is not None and left[0][0] == 0


async def judge(rig: Rig, org_id: str) -> None:
    """What an undisturbed import makes: each once, and of each patient one primary attribution."""
    (made,) = await rig.databases.referrals.rows(_MADE, org_id)
    patients = SOURCES + PARTNERS
    assert Counter(dict(made)) == Counter(
        sources=SOURCES,
        partners=PARTNERS,
        patients=patients,
        attributions=2 * patients,
        primaries=patients,
    )


async def delete_queues(url: str) -> None:
    """Delete those of connectors: nobody takes from them any more, and the rig's news would pile up
    there."""
    async with connection(url, "rig.imports") as opened:
        channel = await opened.channel()
        for queue in TOPOLOGY.queues:
            await channel.queue_delete(queue.name)


def _variables(url: str, rabbitmq_url: str) -> dict[str, str]:
    return {
        "CONNECTORS_DATABASE_URL": url,
        "CONNECTORS_RABBITMQ_URL": rabbitmq_url,
        "CONNECTORS_SECRET_KEY": KEY,
        "CONNECTORS_EGRESS_ALLOW": "127.0.0.0/8",
        "CONNECTORS_ALLOW_HTTP": "true",
        "CONNECTORS_RETRY_WAITS_SECONDS": "0.05,0.05,0.05",
    }
