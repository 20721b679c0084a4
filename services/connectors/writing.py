"""Writing to the other side: how far a referral is. Nothing is written that a person there changed.

Before a status is written the row is read: what changed there since is taken in first.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from contracts.connecting import ConnectionFailureCode as Code
from contracts.connecting import ImportKind, RowCode
from messaging.outbox.system_work import system_work
from messaging.pacing.sweep import keep_sweeping
from messaging.replies.client import open_client
from messaging.telemetry import logs
from messaging.wire.connection import BROKER_ERRORS
from services.connectors.asking.answers import Answered, Outcome, RunFailed, Stopped
from services.connectors.asking.http import is_success
from services.connectors.config import OpenDentalOptions
from services.connectors.handlers.referral_news import ATTACH, FILE_LETTER
from services.connectors.home import PUBLISHING
from services.connectors.letters_there import NotYet, file_letter
from services.connectors.models import Connection, ExternalId, OutgoingRow, StagedRow
from services.connectors.opendental.client import OpenDental, is_refused
from services.connectors.opendental.mapping import written_back
from services.connectors.opendental.rows import (
    RefAttachRow,
    ReferralType,
    kept,
    read_refattach,
)
from services.connectors.opening import Opener
from services.connectors.refused_writes import (
    about,
    end_writes,
    is_ignored,
    is_waiting,
    rest,
    staged_for,
    take_up,
    tell_refused,
)
from services.connectors.rules.versions import digest, external_version
from services.connectors.runs.commands import AsUser
from services.connectors.runs.staging import STAGED
from services.connectors.sealing import Place, Sealer

log = logs.get(__name__)

EVERY_SECONDS = 0.5
LEASE = timedelta(minutes=5)
AGAIN_AFTER = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=15),
    timedelta(hours=1),
)
AFTER_THEIR_NEWS = timedelta(seconds=5)


class Writer:
    """Writes what is due, one at a time."""

    def __init__(
        self,
        engine: AsyncEngine,
        sealer: Sealer,
        opener: Opener,
        broker_url: str,
        after_commit: Callable[[], None],
    ) -> None:
        self._engine, self._sealer, self._opener = engine, sealer, opener
        self._broker_url = broker_url
        self._after_commit = after_commit

    async def run(self, stop: asyncio.Event) -> None:
        """Look every half second until `stop` is set."""
        await keep_sweeping(self.once, stop, name="write-backs", every_seconds=EVERY_SECONDS)

    async def once(self) -> bool:
        """Write the oldest that is due; whether there was one."""
        claimed = await self._claim()
        if claimed is None:
            return await take_up(self._engine)
        outgoing, connection = claimed
        try:
            if outgoing.operation == FILE_LETTER:
                await self._file_letter(outgoing, connection)
            elif outgoing.operation == ATTACH:
                await self._attach(outgoing, connection)
            else:
                await self._write(outgoing, connection)
        except NotYet:
            await self._again(outgoing, stopped=False)
        except RunFailed as why:
            await self._again(
                outgoing, stopped=why.code in (Code.UNAUTHORIZED, Code.PERMISSION_MISSING)
            )
        self._after_commit()
        return True

    async def _claim(self) -> tuple[OutgoingRow, Connection] | None:
        async with system_work(self._engine, PUBLISHING) as work:
            outgoing = await work.session.scalar(
                select(OutgoingRow)
                .join(
                    Connection,
                    (Connection.org_id == OutgoingRow.org_id)
                    & (Connection.id == OutgoingRow.connection_id),
                )
                .where(
                    OutgoingRow.due_at <= func.now(),
                    or_(OutgoingRow.lease_until.is_(None), OutgoingRow.lease_until < func.now()),
                    Connection.removed_at.is_(None),
                    ~Connection.writing_stopped,
                )
                .order_by(OutgoingRow.due_at)
                .limit(1)
                .with_for_update(skip_locked=True, of=OutgoingRow)
            )
            if outgoing is None:
                return None
            outgoing.lease_until = work.now + LEASE
            connection = await work.session.get(
                Connection, (outgoing.org_id, outgoing.connection_id)
            )
            assert connection is not None
        return outgoing, connection

    async def _file_letter(self, outgoing: OutgoingRow, connection: Connection) -> None:
        key = (outgoing.org_id, connection.id, ImportKind.PATIENT, outgoing.external_id)
        async with system_work(self._engine, PUBLISHING) as work:
            known = await work.session.get(ExternalId, key)
        if known is None or known.erased:
            await self._done(outgoing)
            return
        try:
            async with open_client(self._broker_url, "connectors.letters") as client:
                calls = AsUser(client, self._broker_url)
                outcome = await file_letter(self._opener, connection, outgoing, calls)
        except BROKER_ERRORS:
            raise NotYet from None
        if outcome is None or is_success(outcome):
            await self._done(outgoing)
        elif is_refused(outcome):
            await tell_refused(self._engine, outgoing, known, ["letter"])
        else:
            await self._again(outgoing, stopped=isinstance(outcome, Stopped))

    async def _attach(self, outgoing: OutgoingRow, connection: Connection) -> None:
        """Attach the patient to the partner there, looked for before each try."""
        options = OpenDentalOptions(**connection.config)
        client = self._opener.opendental_client(connection, options)
        told = orjson.loads(outgoing.body)
        key = (outgoing.org_id, connection.id, ImportKind.PATIENT, outgoing.external_id)
        async with system_work(self._engine, PUBLISHING) as work:
            patient = await work.session.get(ExternalId, key)
            today = work.now.astimezone(options.zone).date()
        if patient is None or patient.erased:
            await self._done(outgoing)
            return
        for raw in await client.refattaches_of(told["pat_num"]):
            row = read_refattach(raw).row
            same = row is not None and row.referral_num == told["referral_num"]
            if same and row.referral_type == ReferralType.TO:
                await self._attached(outgoing, row, told)
                return
        fields = {
            "PatNum": told["pat_num"],
            "ReferralNum": told["referral_num"],
            "ReferralType": ReferralType.TO.value,
            "RefDate": today.isoformat(),
        }
        outcome = await client.post_refattach(fields)
        if isinstance(outcome, Answered) and is_success(outcome):
            made = read_refattach(outcome.data if isinstance(outcome.data, dict) else {}).row
            if made is None:
                await self._again(outgoing, stopped=False)
            else:
                await self._attached(outgoing, made, told)
        elif is_refused(outcome):
            await tell_refused(self._engine, outgoing, patient, sorted(fields))
        else:
            await self._again(outgoing, stopped=isinstance(outcome, Stopped))

    async def _attached(
        self, outgoing: OutgoingRow, row: RefAttachRow, told: dict[str, Any]
    ) -> None:
        """The row there is our referral: it comes back as no news, and its status follows."""
        number, held = str(row.ref_attach_num), kept(row)
        org_id, connection_id = outgoing.org_id, outgoing.connection_id
        async with system_work(self._engine, PUBLISHING) as work:
            key = (org_id, connection_id, ImportKind.REFERRAL, number)
            if await work.session.get(ExternalId, key) is None:
                known = ExternalId(
                    org_id=org_id,
                    connection_id=connection_id,
                    kind=ImportKind.REFERRAL,
                    external_id=number,
                    uuid=UUID(told["referral_uuid"]),
                    generation=1,
                    version=told["version"],
                    external_version=f"written.{digest(held)}",
                    base=self._sealer.seal(held, Place(org_id, connection_id, "row")),
                    changes=0,
                    parent=str(row.pat_num),
                    rank=row.item_order,
                    missed=0,
                    gone=False,
                    archived=False,
                    erased=False,
                    created_at=work.now,
                    updated_at=work.now,
                )
                work.session.add(known)
            mine = await work.session.get(OutgoingRow, (org_id, outgoing.message_id))
            if mine is not None:
                await work.session.delete(mine)
        log.info("referral attached there", org_id=org_id)

    async def _write(self, outgoing: OutgoingRow, connection: Connection) -> None:
        options = OpenDentalOptions(**connection.config)
        client = self._opener.opendental_client(connection, options)
        key = (outgoing.org_id, connection.id, ImportKind.REFERRAL, outgoing.external_id)
        async with system_work(self._engine, PUBLISHING) as work:
            known = await work.session.get(ExternalId, key)
            row = await work.session.scalar(select(StagedRow).where(*about(outgoing)))
        if row is not None and row.code == RowCode.STATUS_CONTRADICTS and is_waiting(row):
            await rest(self._engine, outgoing)
            return
        is_settled = row is not None and is_ignored(row)
        base = None if known is None or known.base is None else self._open(known, known.base)
        if known is None or known.erased or base is None or is_settled:
            await self._done(outgoing)
            return
        today = await self._today(options)
        fields = written_back(known.fulfilment_status, today.date())
        theirs = await self._read(client, base)
        if theirs is None or fields is None:
            await self._done(outgoing)
        elif theirs.ref_to_status == fields["RefToStatus"]:
            await self._written(outgoing, key, theirs)
        elif theirs.ref_to_status != base.ref_to_status:
            await self._take_in(outgoing, connection.id, known, theirs)
        else:
            outcome = await client.put_refattach(theirs.ref_attach_num, fields)
            await self._settle(outgoing, key, theirs, fields, outcome)

    def _open(self, known: ExternalId, sealed: bytes) -> RefAttachRow:
        place = Place(known.org_id, known.connection_id, "row")
        return RefAttachRow(**self._sealer.open(sealed, place))

    async def _today(self, options: OpenDentalOptions) -> datetime:
        async with system_work(self._engine, PUBLISHING) as work:
            return work.now.astimezone(options.zone)

    async def _read(self, client: OpenDental, base: RefAttachRow) -> RefAttachRow | None:
        """The refattach as it is there now: they are listed by patient alone."""
        for raw in await client.refattaches_of(base.pat_num):
            read = read_refattach(raw)
            if read.row is not None and read.row.ref_attach_num == base.ref_attach_num:
                row: RefAttachRow = read.row
                return row
        return None

    async def _take_in(
        self, outgoing: OutgoingRow, connection_id: UUID, known: ExternalId, theirs: RefAttachRow
    ) -> None:
        """Somebody there was quicker: their status is staged, and a run takes it in at once."""
        async with system_work(self._engine, PUBLISHING) as work:
            held = await work.session.scalar(select(StagedRow).where(*about(outgoing)))
            row = kept(theirs)
            if held is None:
                held = staged_for(outgoing, known, work.now)
                work.session.add(held)
            held.external_version = external_version(row, None, known.changes + 1)
            held.body = self._sealer.seal(row, Place(outgoing.org_id, connection_id, "row"))
            held.state, held.code, held.fields, held.gone = STAGED, None, [], False
            held.resolution, held.resolved_at = None, None
            held.version += 1
            held.updated_at = work.now
            connection = await work.session.get(
                Connection, (outgoing.org_id, connection_id), with_for_update=True
            )
            assert connection is not None
            connection.next_run_at = work.now
            mine = await work.session.get(OutgoingRow, (outgoing.org_id, outgoing.message_id))
            if mine is not None:
                mine.due_at, mine.lease_until = work.now + AFTER_THEIR_NEWS, None

    async def _settle(
        self,
        outgoing: OutgoingRow,
        key: tuple[str, UUID, ImportKind, str],
        theirs: RefAttachRow,
        fields: dict[str, str],
        outcome: Outcome,
    ) -> None:
        if is_success(outcome):
            now_there = replace(
                theirs,
                ref_to_status=fields["RefToStatus"],
                date_proc_complete=fields.get("DateProcComplete", theirs.date_proc_complete),
            )
            await self._written(outgoing, key, now_there)
        elif is_refused(outcome):
            async with system_work(self._engine, PUBLISHING) as work:
                known = await work.session.get(ExternalId, key)
            assert known is not None
            await tell_refused(self._engine, outgoing, known, sorted(fields))
        else:
            await self._again(outgoing, stopped=isinstance(outcome, Stopped))

    async def _written(
        self,
        outgoing: OutgoingRow,
        key: tuple[str, UUID, ImportKind, str],
        now_there: RefAttachRow,
    ) -> None:
        """What stands there now is what we know: when it is listed it is no news. Writes of the
        referral that were refused before are over."""
        async with system_work(self._engine, PUBLISHING) as work:
            known = await work.session.get(ExternalId, key, with_for_update=True)
            if known is not None:
                row = kept(now_there)
                known.base = self._sealer.seal(row, Place(key[0], key[1], "row"))
                known.external_version = f"written.{digest(row)}"
            await end_writes(work, outgoing)
        log.info("status written there", org_id=outgoing.org_id)

    async def _done(self, outgoing: OutgoingRow) -> None:
        async with system_work(self._engine, PUBLISHING) as work:
            mine = await work.session.get(OutgoingRow, (outgoing.org_id, outgoing.message_id))
            if mine is not None:
                await work.session.delete(mine)

    async def _again(self, outgoing: OutgoingRow, *, stopped: bool) -> None:
        """Later once more. A key that may not write stops all writing until a person looks."""
        async with system_work(self._engine, PUBLISHING) as work:
            mine = await work.session.get(OutgoingRow, (outgoing.org_id, outgoing.message_id))
            if mine is not None:
                wait = AGAIN_AFTER[min(mine.tries, len(AGAIN_AFTER) - 1)]
                mine.tries += 1
                mine.due_at, mine.lease_until = work.now + wait, None
            if stopped:
                await work.session.execute(
                    update(Connection)
                    .where(
                        Connection.org_id == outgoing.org_id,
                        Connection.id == outgoing.connection_id,
                    )
                    .values(writing_stopped=True)
                )
        log.warning(
            "not written there", org_id=outgoing.org_id, status="stopped" if stopped else ""
        )
