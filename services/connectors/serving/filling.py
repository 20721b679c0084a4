"""Filling a new interface with what the org had before: partners, sources, patients' numbers.

Whatever changes meanwhile comes by events too: the newer state stays.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from aiormq.exceptions import AMQPError
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.connecting import System
from contracts.values import parse_time
from messaging.decision.loading import load
from messaging.outbox.system_work import SystemWork, system_work
from messaging.pacing.sweep import keep_sweeping
from messaging.replies.client import NobodyListens, open_client
from messaging.telemetry import logs
from services.connectors.handlers import open_dental_rows as rows
from services.connectors.home import PUBLISHING
from services.connectors.models import Connection, ExternalId
from services.connectors.runs.commands import AsUser, Calls, NoReply, ask
from services.connectors.sealing import CannotOpen, Place, Sealer
from services.connectors.serving.imported import SHOWN_KINDS, show_imported

log = logs.get(__name__)

EVERY_SECONDS = 1.0
PAGE_SIZE = 200
LEASE_SECONDS = 120
_LISTS = (
    ("patient.list", "patient.put", rows.PatientNews, rows.hear_patient),
    ("referral_partner.list", "referral_partner.updated", rows.PartnerNews, rows.hear_partner),
    ("referral_source.list", "referral_source.updated", rows.SourceNews, rows.hear_source),
)


class Filler:
    """Fills what is due: an interface that was added, or asked to be filled again."""

    def __init__(self, engine: AsyncEngine, sealer: Sealer, broker_url: str) -> None:
        self._engine, self._sealer, self._broker_url = engine, sealer, broker_url

    async def run(self, stop: asyncio.Event) -> None:
        """Look every second until `stop` is set."""
        await keep_sweeping(self.once, stop, name="interfaces", every_seconds=EVERY_SECONDS)

    async def once(self) -> bool:
        """Fill one interface; whether there was one."""
        found = await self._claim()
        if found is None:
            return False
        try:
            async with open_client(self._broker_url, "connectors.filling") as client:
                await self._fill(found, AsUser(client, self._broker_url))
        except (NoReply, NobodyListens, AMQPError, OSError) as away:
            log.warning("filling put off", org_id=found.org_id, error=type(away).__name__)
            return False
        return True

    async def _claim(self) -> Connection | None:
        async with system_work(self._engine, PUBLISHING) as work:
            row = await work.session.scalar(
                select(Connection)
                .where(
                    Connection.system == System.OPENDENTAL_SERVER,
                    Connection.removed_at.is_(None),
                    Connection.next_run_at <= func.now(),
                    or_(Connection.lease_until.is_(None), Connection.lease_until < func.now()),
                )
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if row is not None:
                row.lease_until = await work.session.scalar(
                    select(func.now() + func.make_interval(0, 0, 0, 0, 0, 0, LEASE_SECONDS))
                )
        return row

    async def _fill(self, connection: Connection, calls: Calls) -> None:
        for operation, type_, shape, hear in _LISTS:
            listed = await _listed(calls, connection.org_id, operation)
            for start in range(0, len(listed), PAGE_SIZE):
                async with system_work(self._engine, PUBLISHING) as work:
                    news = [
                        _as_news(shape, type_, one) for one in listed[start : start + PAGE_SIZE]
                    ]
                    await _take_in(work, connection.org_id, news, hear)
        await self._show_imported(connection)
        async with system_work(self._engine, PUBLISHING) as work:
            row = await work.session.get(
                Connection, (connection.org_id, connection.id), with_for_update=True
            )
            if row is not None and row.removed_at is None:
                row.next_run_at, row.lease_until, row.full_asked = None, None, False
                row.last_success_at = row.updated_at = work.now
                row.version += 1

    async def _show_imported(self, connection: Connection) -> None:
        """What only their rows say of partners and sources that were imported before."""
        async with system_work(self._engine, PUBLISHING) as work:
            found = await work.session.scalars(
                select(ExternalId).where(
                    ExternalId.org_id == connection.org_id,
                    ExternalId.kind.in_(SHOWN_KINDS),
                    ExternalId.base.is_not(None),
                    ~ExternalId.gone,
                )
            )
            for known in found.all():
                assert known.base is not None
                place = Place(known.org_id, known.connection_id, "row")
                try:
                    kept = self._sealer.open(known.base, place)
                except CannotOpen:
                    continue
                await show_imported(work.session, self._sealer, known, kept, work.now)


async def _listed(calls: Calls, org_id: str, operation: str) -> list[dict[str, Any]]:
    """All of an org's, oldest first, as they are numbered. Raises NoReply."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"org_id": org_id, "cursor": cursor, "page_size": PAGE_SIZE}
        answered = await ask(calls, operation, query)
        if answered.status != 200:
            raise NoReply
        found += answered.data["items"]
        cursor = answered.data["next_cursor"]
    return sorted(found, key=lambda one: (parse_time(one["created_at"]), one["id"]))


def _as_news(shape: Any, type_: str, one: dict[str, Any]) -> Any:
    """A resource, as the event that would tell of it."""
    return shape(type=type_, subject=one["id"], aggregateversion=one["version"], data=one)


async def _take_in(work: SystemWork, org_id: str, news: Sequence[Any], hear: Any) -> None:
    """What the handler of such events does, within one transaction."""
    workspace = work.workspace(org_id)
    named = [need for one in news for need in rows.needs(one)]
    await load(work.session, work.rows, ((org_id, need) for need in named))
    further = [need for one in news for need in rows.then_needs(one, workspace)]
    await load(work.session, work.rows, ((org_id, need) for need in further))
    for one in news:
        hear(one, workspace)
