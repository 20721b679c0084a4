"""Reads what the databases and the queues hold of some orgs, beside the books."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
from aiormq import spec
from aiormq.abc import AbstractChannel, DeliveredMessage

from messaging.wire.connection import connection
from tests.faults.judging.ledger import (
    DISPATCH,
    REFERRALS,
    DeadLetter,
    HeldEffect,
    HeldEreferral,
    HeldReferral,
    HeldVersion,
)
from tests.faults.parties import subscriber
from tests.support.database.urls import plain_url

CONSUMED = (
    "referrals.commands",
    "referrals.queries",
    "referrals.ereferral_events",
    "ereferral_dispatch.commands",
    "ereferral_dispatch.queries",
)
_VERSIONED = """
    SELECT table_name FROM information_schema.columns
    WHERE table_schema = $1 AND column_name = 'version'
"""
_EFFECTS = """
    SELECT message_id::text, inbox.status, count(audit.seq) AS effects
    FROM referrals.inbox FULL JOIN referrals.audit USING (org_id, message_id)
    WHERE org_id = ANY($1) GROUP BY message_id, inbox.status
"""
_REFERRALS = """
    SELECT id::text, ereferral_id::text, dispatch_status, dispatch_version FROM referrals.referral
    WHERE org_id = ANY($1) AND ereferral_id IS NOT NULL
"""
_EREFERRALS = """
    SELECT id::text, referral_id::text, status, version, possible_repeat
    FROM ereferral_dispatch.ereferral WHERE org_id = ANY($1)
"""
_CROSSED_CANCELS = """
    SELECT count(*) FROM ereferral_dispatch.ereferral AS e
    JOIN ereferral_dispatch.early_cancel AS c ON c.org_id = e.org_id AND c.ereferral_id = e.id
    WHERE e.org_id = ANY($1) AND e.cancel_requested_at IS NULL AND e.status <> 'cancelled'
"""


@dataclass(frozen=True, slots=True)
class Database:
    """One service's database, read as its superuser. `source`: that of the service's events."""

    url: str
    schema: str
    source: str

    async def rows(self, statement: str, *given: object) -> list[asyncpg.Record]:
        """What a statement finds, on a connection of its own."""
        database = await asyncpg.connect(plain_url(self.url), timeout=5)
        try:
            rows: list[asyncpg.Record] = await database.fetch(statement, *given, timeout=20)
        finally:
            await database.close(timeout=5)
        return rows

    async def outbox(self) -> int:
        """How many messages wait to be published."""
        count: int = (await self.rows(f"SELECT count(*) FROM {self.schema}.outbox"))[0][0]
        return count

    async def versions(self, orgs: Sequence[str]) -> list[HeldVersion]:
        """Every row that has a version."""
        held: list[HeldVersion] = []
        for (table,) in await self.rows(_VERSIONED, self.schema):
            # The subject of a practice is its org.
            subject = "org_id" if table == "practice" else "id::text"
            rows = await self.rows(
                f"SELECT {subject}, version FROM {self.schema}.{table} WHERE org_id = ANY($1)", orgs
            )
            held += [HeldVersion(self.source, subject, version) for subject, version in rows]
        return held


@dataclass(frozen=True, slots=True)
class Databases:
    """Those of both services."""

    referrals: Database
    dispatch: Database

    async def versions(self, orgs: Sequence[str]) -> list[HeldVersion]:
        """Every row of both that has a version."""
        return await self.referrals.versions(orgs) + await self.dispatch.versions(orgs)

    async def outboxes(self) -> dict[str, int]:
        """How many messages wait to be published, by service."""
        return {one.schema: await one.outbox() for one in (self.referrals, self.dispatch)}

    async def effects(self, orgs: Sequence[str]) -> list[HeldEffect]:
        """What referrals holds of each command."""
        return [HeldEffect(*row) for row in await self.referrals.rows(_EFFECTS, orgs)]

    async def sent(self, orgs: Sequence[str]) -> list[HeldReferral]:
        """The referrals that were sent."""
        return [HeldReferral(*row) for row in await self.referrals.rows(_REFERRALS, orgs)]

    async def partners(self, org_id: str) -> int:
        """How many partners an org has."""
        statement = "SELECT count(*) FROM referrals.referral_partner WHERE org_id = $1"
        count: int = (await self.referrals.rows(statement, org_id))[0][0]
        return count

    async def ereferrals(self, orgs: Sequence[str]) -> list[HeldEreferral]:
        """The e-referrals."""
        return [HeldEreferral(*row) for row in await self.dispatch.rows(_EREFERRALS, orgs)]

    async def crossed_cancels(self, orgs: Sequence[str]) -> int:
        """How many cancels crossed the dispatch of their e-referral and wait for the sweep."""
        count: int = (await self.dispatch.rows(_CROSSED_CANCELS, orgs))[0][0]
        return count


def databases(referrals_url: str, dispatch_url: str) -> Databases:
    """The databases at these URLs."""
    return Databases(
        Database(referrals_url, "referrals", REFERRALS),
        Database(dispatch_url, "ereferral_dispatch", DISPATCH),
    )


async def ready_messages(url: str) -> dict[str, int]:
    """How many messages wait in each queue now, those that a consumer holds left out."""
    async with connection(url, "test.reading") as opened:
        channel = await opened.channel()
        counts = {}
        for queue in (*CONSUMED, subscriber.QUEUE):
            declared = await channel.queue_declare(queue, passive=True)
            counts[queue] = declared.message_count or 0
    return counts


async def take_dead_letters(url: str) -> list[DeadLetter]:
    """Everything that is parked, taken away."""
    letters = []
    async with connection(url, "test.reading") as opened:
        channel = await opened.channel()
        for queue in CONSUMED:
            while (message := await _next(channel, f"{queue}.dead_letters")) is not None:
                letters.append(DeadLetter(queue, _reason(message)))
    return letters


async def parked(url: str, queue: str) -> int:
    """How many messages the queue's dead letters hold."""
    async with connection(url, "test.reading") as opened:
        channel = await opened.channel()
        declared = await channel.queue_declare(f"{queue}.dead_letters", passive=True)
        return declared.message_count or 0


async def _next(channel: AbstractChannel, queue: str) -> DeliveredMessage | None:
    message = await channel.basic_get(queue, no_ack=True)
    return None if isinstance(message.delivery, spec.Basic.GetEmpty) else message


def _reason(message: DeliveredMessage) -> str | None:
    headers = message.header.properties.headers or {}
    said = headers.get("problem_code") or headers.get("x-first-death-reason")
    return None if said is None else str(said)
