"""A transaction sees the orgs of its messages and no others; a query's sees one."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest_asyncio
from aiormq.abc import DeliveredMessage

from messaging.decision.batch import Decider
from messaging.intake.admission import command_intake
from messaging.intake.grants import AllowAll
from messaging.replies.replies import Replies, Verdict
from messaging.telemetry.tracing import Tracing
from services.referrals.handlers import COMMAND_HANDLERS
from services.referrals.home import COMMANDS, PUBLISHING
from tests.support.broker.deliveries import delivery
from tests.support.database.urls import plain_url
from tests.support.services.referrals import Org, Referrals

AT = "2026-01-05T08:00:00Z"

# Writes down, for each row of a table, which orgs its transaction could see.
_WATCH = """
    CREATE TABLE public.seen (tbl text, org_id text, orgs text, xact text);
    CREATE FUNCTION public.watch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        INSERT INTO public.seen VALUES
            (TG_TABLE_NAME, NEW.org_id, current_setting('app.orgs'), pg_current_xact_id()::text);
        RETURN NEW;
    END $$;
    CREATE TRIGGER watch BEFORE INSERT ON referrals.inbox
        FOR EACH ROW EXECUTE FUNCTION public.watch();
    CREATE TRIGGER watch BEFORE INSERT ON referrals.audit
        FOR EACH ROW EXECUTE FUNCTION public.watch();
"""


@pytest_asyncio.fixture(scope="module")
async def database(referrals: Referrals) -> AsyncIterator[asyncpg.Connection]:
    """The superuser, with a watch on what each transaction of referrals could see."""
    connection = await asyncpg.connect(plain_url(referrals.database_url))
    await connection.execute(_WATCH)
    yield connection
    await connection.close()


class _Collecting(Replies):
    """Keeps the verdicts, and tells nobody."""

    def __init__(self) -> None:
        self.statuses: list[int] = []

    async def send(self, verdicts: Iterable[Verdict], now: datetime) -> set[int]:
        self.statuses += [verdict.status for verdict in verdicts]
        return set()


async def batch(referrals: Referrals, deliveries: Sequence[DeliveredMessage]) -> list[int]:
    """Decide these messages in one transaction of the running service; their statuses."""
    replies = _Collecting()
    decider = Decider(
        referrals.service.engine,
        command_intake(COMMAND_HANDLERS, AllowAll()),
        replies,
        PUBLISHING,
        queue=COMMANDS.name,
        clock=lambda: datetime.now(UTC),
        tracing=Tracing("referrals", None),
        after_commit=referrals.service.relay.wake,
        report=lambda _: None,
    )
    await decider.decide(deliveries)
    return replies.statuses


def put(org_id: str, patient_id: UUID, name: str = "Paul Pace", at: str = AT) -> DeliveredMessage:
    """`patient.put`, as the broker delivers it."""
    body = {"org_id": org_id, "patient_uuid": str(patient_id), "name": name, "observed_at": at}
    return delivery(body, message_id=str(uuid4()), reply_to="somewhere")


async def seen_of(database: asyncpg.Connection, orgs: Sequence[str]) -> list[Any]:
    """For each transaction with rows of these orgs: which orgs it could see."""
    rows: list[Any] = await database.fetch(
        "SELECT DISTINCT tbl, orgs, xact FROM public.seen WHERE org_id = ANY ($1) ORDER BY tbl",
        list(orgs),
    )
    return rows


async def test_a_batch_sees_the_orgs_of_its_messages(
    referrals: Referrals, database: asyncpg.Connection
) -> None:
    """All of them, set once in its transaction, and nothing of it is left on the connection."""
    orgs = sorted(referrals.org().id for _ in range(3))
    assert await batch(referrals, [put(org, uuid4()) for org in orgs]) == [200] * 3
    seen = await seen_of(database, orgs)
    assert [(row["tbl"], row["orgs"]) for row in seen] == [
        ("audit", ",".join(orgs)),
        ("inbox", ",".join(orgs)),
    ]
    assert len({row["xact"] for row in seen}) == 1
    async with referrals.service.engine.connect() as connection:
        left = await connection.exec_driver_sql("SELECT current_setting('app.orgs', true)")
        assert left.scalar_one() in (None, "")
        rows = await connection.exec_driver_sql("SELECT count(*) FROM patient")
        assert rows.scalar_one() == 0


async def test_a_query_sees_one_org(
    org: Org, referrals: Referrals, database: asyncpg.Connection
) -> None:
    """Its own, whatever was asked before on the same connection."""
    patient = await org.patient()
    answered = await org.ask("patient.get", patient_uuid=patient["id"])
    assert answered.status == 200
    seen = await seen_of(database, [org.id])
    # One trail of the put's batch, one of the query's transaction, which stores nothing else.
    assert [(row["tbl"], row["orgs"]) for row in seen] == [
        ("audit", org.id),
        ("audit", org.id),
        ("inbox", org.id),
    ]
    assert len({row["xact"] for row in seen}) == 2


async def test_orgs_of_one_batch_do_not_reach_each_other(
    referrals: Referrals, database: asyncpg.Connection
) -> None:
    """The database shows the batch both: the workspace's keys keep them apart."""
    ours, theirs = referrals.org().id, referrals.org().id
    same = uuid4()
    later = "2026-02-05T08:00:00Z"
    gone = {"org_id": ours, "patient_uuid": str(same), "observed_at": later}
    statuses = await batch(
        referrals,
        [
            put(theirs, same, "Theirs"),
            put(ours, same, "Ours"),
            delivery(gone, "patient.archive", message_id=str(uuid4()), reply_to="somewhere"),
        ],
    )
    assert statuses == [200, 200, 204]
    rows = await database.fetch(
        "SELECT org_id, name, deleted_at IS NULL AS there FROM referrals.patient WHERE id = $1",
        same,
    )
    assert {(row["org_id"], row["name"], row["there"]) for row in rows} == {
        (theirs, "Theirs", True),
        (ours, "Ours", False),
    }
