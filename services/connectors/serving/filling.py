"""Filling a new interface with what the org had before: partners, sources, patients' numbers.

Whatever changes meanwhile comes by events too: the newer state stays.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from contracts.connecting import System
from contracts.values import parse_time
from messaging.decision.loading import load
from messaging.outbox.system_work import SystemWork, system_work
from messaging.pacing.sweep import keep_sweeping
from messaging.replies.client import NobodyListens, open_client
from messaging.telemetry import logs
from messaging.wire.connection import BROKER_ERRORS
from services.connectors.handlers.open_dental_rows import (
    PartnerNews,
    PatientNews,
    SourceNews,
    needs,
    show_partner,
    show_patient,
    show_source,
    then_needs,
)
from services.connectors.home import PUBLISHING
from services.connectors.models import Connection, ExternalId, OdCounter, OdReferral
from services.connectors.runs.commands import AsUser, Calls, NoReply, ask
from services.connectors.sealing import CannotOpen, Place, Sealer
from services.connectors.serving.imported import SHOWN_KINDS, show_imported

log = logs.get(__name__)

News = PartnerNews | SourceNews | PatientNews

EVERY_SECONDS = 1.0
PAGE_SIZE = 200
OK = 200
LEASE_SECONDS = 120
UNSEEN_AT_A_TIME = 50


class Filler:
    """Fills what is due: an interface that was added, or asked to be filled again."""

    def __init__(self, engine: AsyncEngine, sealer: Sealer, broker_url: str) -> None:
        self._engine, self._sealer, self._broker_url = engine, sealer, broker_url

    async def run(self, stop: asyncio.Event) -> None:
        """Look every second until `stop` is set."""
        await keep_sweeping(self.once, stop, name="interfaces", every_seconds=EVERY_SECONDS)

    async def once(self) -> bool:
        """Fill one interface, or some patients' rows; whether there was anything."""
        found = await self._claim()
        unseen = [] if found is not None else await self._unseen()
        if found is None and not unseen:
            return False
        try:
            async with open_client(self._broker_url, "connectors.filling") as client:
                calls = AsUser(client, self._broker_url)
                if found is not None:
                    await self._fill(found, calls)
                for org_id, patient_id in unseen:
                    await self._see(org_id, patient_id, calls)
        except (NoReply, NobodyListens, *BROKER_ERRORS) as away:
            log.warning("filling put off", error=type(away).__name__)
            return False
        return True

    async def _unseen(self) -> Sequence[tuple[str, UUID]]:
        """The patients who have a row that was made elsewhere, without what only they have."""
        async with AsyncSession(self._engine) as session:
            found = await session.execute(
                select(OdReferral.org_id, OdReferral.patient_id)
                .where(~OdReferral.patient_seen)
                .distinct()
                .limit(UNSEEN_AT_A_TIME)
            )
            return [(row.org_id, row.patient_id) for row in found if row.patient_id]

    async def _see(self, org_id: str, patient_id: UUID, calls: Calls) -> None:
        query = {"org_id": org_id, "patient_uuid": str(patient_id)}
        answered = await ask(calls, "patient.get", query)
        async with system_work(self._engine, PUBLISHING) as work:
            if answered.status == OK:
                await _take_in(work, org_id, [_patient_news(answered.data)])
                return
            await work.session.execute(
                update(OdReferral)
                .where(OdReferral.org_id == org_id, OdReferral.patient_id == patient_id)
                .values(patient_seen=True)
            )

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
        await self._read(connection.org_id, calls)
        async with system_work(self._engine, PUBLISHING) as work:
            counter = await work.session.get(OdCounter, connection.org_id, with_for_update=True)
            assert counter is not None
            was_filled, counter.is_filled = counter.is_filled, True
        if not was_filled:
            # What came between reading and now: from now on events tell it.
            await self._read(connection.org_id, calls)
        await self._show_imported(connection)
        async with system_work(self._engine, PUBLISHING) as work:
            row = await work.session.get(
                Connection, (connection.org_id, connection.id), with_for_update=True
            )
            if row is not None and row.removed_at is None:
                row.next_run_at, row.lease_until, row.full_asked = None, None, False
                row.last_success_at = row.updated_at = work.now
                row.version += 1

    async def _read(self, org_id: str, calls: Calls) -> None:
        """Take in all partners and sources by age, then the patients."""
        made = await _listed(calls, org_id, "referral_partner.list", _partner_news)
        made += await _listed(calls, org_id, "referral_source.list", _source_news)
        patients = await _listed(calls, org_id, "patient.list", _patient_news)
        for told in (sorted(made, key=_age), sorted(patients, key=_age)):
            for start in range(0, len(told), PAGE_SIZE):
                async with system_work(self._engine, PUBLISHING) as work:
                    news = [one for _, one in told[start : start + PAGE_SIZE]]
                    await _take_in(work, org_id, news)

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


async def _listed(
    calls: Calls, org_id: str, operation: str, as_news: Callable[[dict[str, Any]], News]
) -> list[tuple[datetime, News]]:
    """All of an org's, as the events that would tell of them, and when each was made.

    Raises NoReply.
    """
    found: list[tuple[datetime, News]] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"org_id": org_id, "cursor": cursor, "page_size": PAGE_SIZE}
        answered = await ask(calls, operation, query)
        if answered.status != OK:
            raise NoReply
        found += [(parse_time(one["created_at"]), as_news(one)) for one in answered.data["items"]]
        cursor = answered.data["next_cursor"]
    return found


def _age(told: tuple[datetime, News]) -> tuple[datetime, str]:
    """The oldest first, as they are numbered."""
    return told[0], told[1].subject


def _partner_news(one: dict[str, Any]) -> News:
    return PartnerNews.model_validate(_event("referral_partner.updated", one))


def _source_news(one: dict[str, Any]) -> News:
    return SourceNews.model_validate(_event("referral_source.updated", one))


def _patient_news(one: dict[str, Any]) -> News:
    return PatientNews.model_validate(_event("patient.put", one))


def _event(type_: str, one: dict[str, Any]) -> dict[str, Any]:
    return {"type": type_, "subject": one["id"], "aggregateversion": one["version"], "data": one}


async def _take_in(work: SystemWork, org_id: str, news: Sequence[News]) -> None:
    """What the handlers of such events do, within one transaction."""
    workspace = work.workspace(org_id)
    named = [need for one in news for need in needs(one)]
    await load(work.session, work.rows, ((org_id, need) for need in named))
    further = [need for one in news for need in then_needs(one, workspace)]
    await load(work.session, work.rows, ((org_id, need) for need in further))
    for one in news:
        match one:
            case PartnerNews():
                show_partner(one, workspace)
            case SourceNews():
                show_source(one, workspace)
            case PatientNews():
                show_patient(one, workspace)
